/* aiocat: the command line. */
#ifndef AIOCAT_OPTIONS_H
#define AIOCAT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum transport { TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_UNIX };

/* After what dialogue in plain TLS begins. */
enum starttls_protocol { STARTTLS_NONE, STARTTLS_SMTP, STARTTLS_IMAP, STARTTLS_POP3 };

/* What the command line says of TLS. */
struct tls_words {
  bool wanted;
  enum starttls_protocol starttls;
  bool insecure; /* whoever the peer is */
  const char *ca_file;
  const char *certificate_file;
  const char *key_file;
  const char *server_name;
  const char *alpn;
};

struct options {
  enum transport transport;
  const char *host;    /* to connect to, or to listen on: NULL = all addresses; or a path */
  const char *service; /* the port, or its name */
  bool listen;
  bool keep_open;
  bool echo;
  bool no_input;
  bool no_shutdown;
  bool progress;
  int32_t family; /* 4, 6, or 0 for both */
  const char *send_file;
  const char *receive_file;
  const char *bind_address;
  const char *bind_port;
  double timeout; /* seconds; 0 = no limit */
  double connect_timeout;
  uint64_t expect;
  int64_t replies; /* datagrams to wait for; -1: no number was given */
  int frame_field; /* bytes of each frame's length; 0: no frames */
  double rate;     /* bytes per second in each direction; 0 = no limit */
  struct tls_words tls;
};

/* Ends the program where the command line asks for no more than words, or makes no sense. */
struct options options_parse(int count, char **arguments);

#endif
