"""An nginx for one test."""

import os

from peers import free_port, listening_port, poll

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_max_body_size 1g;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}{tls};
    root {folder}/www;
    location / {{ dav_methods PUT; }}
  }}
}}
"""


def start_nginx(test, certificate=None):
    """Starts nginx and returns its address; it serves the folder www of the test, under TLS if it has a certificate."""
    tls = f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}" if certificate else ""
    (test.folder / "www").mkdir()
    while True:  # it takes no port 0: another program may be faster with the port that was free
        port = free_port()
        configuration = test.file(CONFIGURATION.format(folder=test.folder, port=port, tls=tls).encode(), "nginx.conf")
        nginx = test.start(
            *("nginx", "-p", test.folder, "-c", configuration, "-e", "stderr"),
            env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"),
        )
        if poll(lambda: nginx.ended() or listening_port(nginx.pid), "nginx") == port:
            return "127.0.0.1", port
        if b"Address already in use" not in nginx.errors:
            raise AssertionError(f"nginx does not start: {nginx.errors.decode()}")
