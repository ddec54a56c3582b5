/* aiocat: what stands behind the options of the command line. */
#ifndef AIOCAT_OPTION_VALUES_H
#define AIOCAT_OPTION_VALUES_H

#include "options.h"

#include <stdbool.h>
#include <stdint.h>

/* Ends the program. Both NULL: why has been said. */
_Noreturn void refuse(const char *what, const char *why);

/* Each of them refuses what it does not understand. */
double parse_seconds(const char *text);
uint64_t parse_bytes(const char *text);
double parse_rate(const char *text);
enum starttls_protocol parse_starttls(const char *text);

/* NULL: the option stands alone. */
int parse_frame_field(const char *text);
bool parse_when(const char *text);

#endif
