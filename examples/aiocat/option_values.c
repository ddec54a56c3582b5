/* aiocat: words of the command line as numbers and choices. */
#define _POSIX_C_SOURCE 200809L
#include "option_values.h"

#include "outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void refuse(const char *what, const char *why) {
  if (what) complain(what, why);
  fputs("Try 'aiocat --help'.\n", stderr);
  exit(ENDED_BY_ERROR);
}

double parse_seconds(const char *text) {
  char *end;
  double seconds = strtod(text, &end);
  if (end == text || *end || !(seconds > 0)) refuse(text, "This is no number of seconds.");
  return seconds;
}

uint64_t parse_bytes(const char *text) {
  char *end;
  errno = 0;
  uintmax_t bytes = strtoumax(text, &end, 10);
  if (end == text || *end || *text == '-' || errno != 0 || bytes > UINT64_MAX)
    refuse(text, "This is no number of bytes.");
  return bytes;
}

double parse_rate(const char *text) {
  static const char units[] = "kMG";
  char *end;
  double bytes = strtod(text, &end);
  const char *unit = *end ? strchr(units, *end) : NULL;
  if (unit) end++;
  for (const char *step = units; unit && step <= unit; step++) bytes *= 1000;
  if (end == text || *end || !(bytes > 0)) refuse(text, "This is no number of bytes per second.");
  return bytes;
}

int parse_frame_field(const char *text) {
  if (!text) return 4;
  if (strcmp(text, "1") != 0 && strcmp(text, "2") != 0 && strcmp(text, "4") != 0)
    refuse(text, "A frame's length has 1, 2 or 4 bytes.");
  return *text - '0';
}

bool parse_when(const char *text) {
  if (!text || strcmp(text, "auto") == 0) return isatty(STDERR_FILENO);
  if (strcmp(text, "always") != 0 && strcmp(text, "never") != 0)
    refuse(text, "This is none of auto, always and never.");
  return strcmp(text, "always") == 0;
}

enum starttls_protocol parse_starttls(const char *text) {
  if (strcmp(text, "smtp") == 0) return STARTTLS_SMTP;
  if (strcmp(text, "imap") == 0) return STARTTLS_IMAP;
  if (strcmp(text, "pop3") == 0) return STARTTLS_POP3;
  refuse(text, "This is none of smtp, imap and pop3.");
}
