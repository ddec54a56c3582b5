/* What the parts of the vocabulary share, and tests do not see. */
#ifndef AIOSTATE_TESTS_SUPPORT_INTERNAL_H
#define AIOSTATE_TESTS_SUPPORT_INTERNAL_H

#include "support.h"

/* All that callbacks record is guarded by one lock, for collections with a thread of their own. A failing expectation
 * gives it back, as it leaves by longjmp. */
void lock_records(void);
void unlock_records(void);
void announce_record(void);

/* Something that no expectation of a test looks for went wrong; tear_down fails with the first such text. */
void note_violation(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Around every recorded callback. */
void enter_callback(void);
void leave_callback(void);
int next_order(void);

/* Drives the pair's collection a little, or gives its own thread and the peer's descriptor a little time. */
void pump(struct pair *pair, short poll_events);

/* Buffers stand between guards; the check notes a violation. */
char *guarded_memory(size_t length);
void check_guards(const char *memory, size_t length);

/* The fixture keeps all completions, for tear_down's checks. */
void keep_completion(struct completion *completion);

/* A new pair that tear_down destroys; no state, peer -1. */
struct pair *fixture_pair(void);

/* TLS between a new pair's state and its peer, of the version under test. */
void secure_pair(struct pair *pair, enum link link);

/* Lets the library allocate through the counting allocator; once, before anything else. */
void count_allocations(void);

#endif
