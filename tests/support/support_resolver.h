/*
 * A name service of the test's own. A program that links support_resolver.c has its getaddrinfo(3) here, in front of the
 * C library's, so that a test decides which addresses a name has and when a look-up ends. Other names are passed on.
 */
#ifndef SUPPORT_RESOLVER_H
#define SUPPORT_RESOLVER_H

#include <stddef.h>

/* A name with these numeric addresses, separated by spaces and in this order. Strings are kept, not copied. */
void resolver_knows(const char *name, const char *addresses);

/* Look-ups of this name fail with an EAI_... code. */
void resolver_fails(const char *name, int code);

/* Look-ups of a known name wait until resolver_continue. resolver_await waits until so many do. */
void resolver_pause(void);
void resolver_await(int lookups);
void resolver_continue(void);

/* Forgets all names. */
void resolver_reset(void);

/* How many look-ups of names (not of numeric hosts) began since the last reset, and whether one was on this thread. */
int resolver_lookups(void);
int resolver_was_on_this_thread(void);

#endif
