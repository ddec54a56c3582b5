/* aiocat: the command line. Its long description is the manual page. */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include "option_values.h"
#include "outcome.h"

#include <aiostate/aiostate.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: aiocat [OPTION]... HOST PORT\n"
    "       aiocat --listen [OPTION]... [ADDRESS] PORT\n"
    "       aiocat --unix [--listen] [OPTION]... PATH\n"
    "Copies standard input to a TCP connection, and what comes to standard output.\n"
    "\n"
    "  -l, --listen                   wait for a connection; PORT 0: any free one, told\n"
    "                                 on standard error: listening on ADDRESS:PORT\n"
    "  -k, --keep-open                with --listen: go on with the next connection\n"
    "  -e, --echo                     send back what comes; uses no file\n"
    "  -s, --send FILE                send FILE instead of standard input\n"
    "  -r, --receive FILE             write to FILE instead of standard output\n"
    "  -n, --no-input                 send nothing; end when the peer ends\n"
    "      --no-shutdown              do not tell the peer where the input ends\n"
    "  -x, --expect BYTES             the peer ends too early if fewer BYTES came\n"
    "  -t, --timeout SECONDS          give up when no byte has moved for so long\n"
    "  -c, --connect-timeout SECONDS  give up when there is no connection by then\n"
    "  -b, --bind ADDRESS             connect from this local address, or listen there\n"
    "      --bind-port PORT           connect from this local port\n"
    "  -4                             IPv4 only\n"
    "  -6                             IPv6 only\n"
    "  -u, --udp                      datagrams instead of a connection: each piece of\n"
    "                                 input is one\n"
    "      --replies N                with --udp: end when N datagrams have come\n"
    "  -U, --unix                     a Unix socket; PATH: its file, or @NAME (Linux)\n"
    "  -f, --frame[=BYTES]            each piece of input is sent behind its length, and\n"
    "                                 what comes is so; a field of 1, 2 or 4 (default)\n"
    "      --rate BYTES               no faster, each way, than so many a second; may\n"
    "                                 end in k, M or G\n"
    "      --tls                      under TLS, verified by what the system trusts\n"
    "      --starttls PROTOCOL        the same behind the plain beginning of smtp, imap\n"
    "                                 or pop3\n"
    "      --ca FILE                  trust the issuers in FILE and no others\n"
    "      --cert FILE                our certificate and its chain (PEM)\n"
    "      --key FILE                 its key, if not in the same file\n"
    "      --server-name NAME         who the peer must be, if not HOST\n"
    "      --insecure                 talk to whoever is there\n"
    "      --alpn LIST                protocols to agree on one of: h2,http/1.1\n"
    "  -p, --progress[=WHEN]          show bytes, rate and time left on standard error;\n"
    "                                 WHEN: auto (if it is a terminal), always, never\n"
    "  -h, --help                     show this\n"
    "  -V, --version                  show the version of the library\n"
    "\n"
    "Exit status: 0 success, 1 error, 2 the peer ended too early, 3 timeout,\n"
    "4 TLS failed, 128 + N ended by signal N.\n";

enum { ALPN = 256, BIND_PORT, CA, CERTIFICATE, INSECURE, KEY, NO_SHUTDOWN, RATE, REPLIES, SERVER_NAME, STARTTLS, TLS };

static const struct option long_options[] = {
    {"alpn", required_argument, NULL, ALPN},
    {"bind", required_argument, NULL, 'b'},
    {"bind-port", required_argument, NULL, BIND_PORT},
    {"ca", required_argument, NULL, CA},
    {"cert", required_argument, NULL, CERTIFICATE},
    {"connect-timeout", required_argument, NULL, 'c'},
    {"echo", no_argument, NULL, 'e'},
    {"expect", required_argument, NULL, 'x'},
    {"frame", optional_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {"insecure", no_argument, NULL, INSECURE},
    {"keep-open", no_argument, NULL, 'k'},
    {"key", required_argument, NULL, KEY},
    {"listen", no_argument, NULL, 'l'},
    {"no-input", no_argument, NULL, 'n'},
    {"no-shutdown", no_argument, NULL, NO_SHUTDOWN},
    {"progress", optional_argument, NULL, 'p'},
    {"rate", required_argument, NULL, RATE},
    {"receive", required_argument, NULL, 'r'},
    {"replies", required_argument, NULL, REPLIES},
    {"send", required_argument, NULL, 's'},
    {"server-name", required_argument, NULL, SERVER_NAME},
    {"starttls", required_argument, NULL, STARTTLS},
    {"timeout", required_argument, NULL, 't'},
    {"tls", no_argument, NULL, TLS},
    {"udp", no_argument, NULL, 'u'},
    {"unix", no_argument, NULL, 'U'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static _Noreturn void leave(void) { exit(fflush(stdout) == 0 ? ENDED_WELL : ENDED_BY_ERROR); }

/* Returns whether it is one of these. */
static bool parse_tls_option(struct tls_words *tls, int option) {
  switch (option) {
    case TLS:
      tls->wanted = true;
      return true;
    case STARTTLS:
      tls->wanted = true;
      tls->starttls = parse_starttls(optarg);
      return true;
    case CA:
      tls->ca_file = optarg;
      return true;
    case CERTIFICATE:
      tls->certificate_file = optarg;
      return true;
    case KEY:
      tls->key_file = optarg;
      return true;
    case SERVER_NAME:
      tls->server_name = optarg;
      return true;
    case INSECURE:
      tls->insecure = true;
      return true;
    case ALPN:
      tls->alpn = optarg;
      return true;
    default:
      return false;
  }
}

static void parse_option(struct options *options, int option) {
  switch (option) {
    case '4':
    case '6':
      options->family = option - '0';
      break;
    case 'b':
      options->bind_address = optarg;
      break;
    case 'c':
      options->connect_timeout = parse_seconds(optarg);
      break;
    case 'e':
      options->echo = true;
      break;
    case 'f':
      options->frame_field = parse_frame_field(optarg);
      break;
    case 'h':
      fputs(help, stdout);
      leave();
    case 'k':
      options->keep_open = true;
      break;
    case 'l':
      options->listen = true;
      break;
    case 'n':
      options->no_input = true;
      break;
    case 'p':
      options->progress = parse_when(optarg);
      break;
    case 'r':
      options->receive_file = optarg;
      break;
    case 's':
      options->send_file = optarg;
      break;
    case 't':
      options->timeout = parse_seconds(optarg);
      break;
    case 'V':
      printf("aiocat %s\n", aio_version());
      leave();
    case 'x':
      options->expect = parse_bytes(optarg);
      break;
    case 'u':
      options->transport = TRANSPORT_UDP;
      break;
    case 'U':
      options->transport = TRANSPORT_UNIX;
      break;
    case NO_SHUTDOWN:
      options->no_shutdown = true;
      break;
    case RATE:
      options->rate = parse_rate(optarg);
      break;
    case REPLIES:
      options->replies = (int64_t)(parse_bytes(optarg) & INT64_MAX);
      break;
    case BIND_PORT:
      options->bind_port = optarg;
      break;
    default:
      refuse(NULL, NULL); /* getopt has said why */
  }
}

static void check_tls(const struct options *options) {
  const struct tls_words *tls = &options->tls;
  const bool has_words = tls->ca_file || tls->certificate_file || tls->key_file || tls->server_name || tls->alpn;
  if (!tls->wanted && (has_words || tls->insecure)) refuse("options of TLS", "These need --tls or --starttls.");
  if (!tls->wanted) return;
  if (options->transport == TRANSPORT_UDP) refuse("--tls", "There is no TLS for datagrams.");
  if (tls->key_file && !tls->certificate_file) refuse("--key", "This needs --cert.");
  if (tls->insecure && tls->ca_file) refuse("--insecure", "This contradicts --ca.");
  if (options->listen && tls->starttls) refuse("--starttls", "This contradicts --listen.");
  if (options->listen && tls->insecure) refuse("--insecure", "This contradicts --listen.");
  if (options->listen && tls->server_name) refuse("--server-name", "This contradicts --listen.");
  if (options->transport == TRANSPORT_UNIX && !options->listen && !tls->insecure && !tls->server_name)
    refuse("--tls", "With --unix this needs --server-name or --insecure.");
}

static void check_combination(const struct options *options) {
  if (options->keep_open && !options->listen) refuse("--keep-open", "This needs --listen.");
  if (options->listen && options->bind_port) refuse("--bind-port", "This contradicts --listen.");
  if (options->echo && (options->send_file || options->receive_file || options->no_input))
    refuse("--echo", "This sends back what comes: no other input or output.");
  bool udp = options->transport == TRANSPORT_UDP;
  if (udp && options->frame_field) refuse("--frame", "Datagrams are frames already.");
  if (udp && options->no_shutdown) refuse("--no-shutdown", "Datagrams have no end.");
  if (udp && options->keep_open) refuse("--keep-open", "Datagrams have no connection that could end.");
  if (!udp && options->replies >= 0) refuse("--replies", "This needs --udp.");
  if (options->transport == TRANSPORT_UNIX && (options->bind_address || options->bind_port || options->family))
    refuse("--unix", "A Unix socket has a path and no other address.");
  if (options->no_input && options->send_file) refuse("--no-input", "This contradicts --send.");
  check_tls(options);
}

struct options options_parse(int count, char **arguments) {
  struct options options = {.replies = -1};
  int option;
  while ((option = getopt_long(count, arguments, "46b:c:ef::hklnp::r:s:t:uUVx:", long_options, NULL)) != -1) {
    if (!parse_tls_option(&options.tls, option)) parse_option(&options, option);
  }
  check_combination(&options);

  char **rest = arguments + optind;
  int rest_count = count - optind;
  if (options.transport == TRANSPORT_UNIX) {
    if (rest_count != 1) refuse("arguments", "--unix takes PATH.");
    options.host = rest[0];
  } else if (options.listen && rest_count == 1) {
    options.host = options.bind_address;
    options.service = rest[0];
  } else if (rest_count == 2 && !(options.listen && options.bind_address)) {
    options.host = rest[0];
    options.service = rest[1];
  } else {
    refuse("arguments", options.listen ? "--listen takes [ADDRESS] PORT." : "This takes HOST PORT.");
  }
  return options;
}
