/* The vocabulary for what the library delivers out of its own buffer once: lines and frames; and for gathered writes. */
#ifndef SUPPORT_FRAMING_H
#define SUPPORT_FRAMING_H

#include "support.h"

#define start_line(pair, delimiter) started(HERE, try_line(pair, delimiter))
#define start_line_with(pair, delimiter, ...) started(HERE, try_line_with(pair, delimiter, __VA_ARGS__))
#define try_line(pair, delimiter) submit_line(pair, delimiter, strlen(delimiter), NULL)
#define try_line_with(pair, delimiter, ...) \
  submit_line(pair, delimiter, strlen(delimiter), &(aio_io_options){__VA_ARGS__})
#define start_frame(pair, format) started(HERE, try_frame(pair, format))
#define start_frame_with(pair, format, ...) started(HERE, try_frame_with(pair, format, __VA_ARGS__))
#define try_frame(pair, format) submit_frame(pair, format, NULL)
#define try_frame_with(pair, format, ...) submit_frame(pair, format, &(aio_io_options){__VA_ARGS__})

/* What is delivered is copied in the callback, into the completion's memory. */
struct completion *submit_line(struct pair *pair, const void *delimiter, size_t length, const aio_io_options *options);
struct completion *submit_frame(struct pair *pair, const aio_frame_format *format, const aio_io_options *options);

/* The delivery is these bytes; then for text. */
#define expect_bytes(completion, bytes, length) expect_bytes_at(HERE, completion, bytes, length)
#define expect_text(completion, text) expect_bytes_at(HERE, completion, text, strlen(text))
void expect_bytes_at(struct place place, struct completion *completion, const void *bytes, size_t length);

/* The peer sends bytes of any kind, and marks the pair plain_bytes. */
#define peer_sends_bytes(pair, bytes, length) peer_sends_bytes_at(HERE, pair, bytes, length)
void peer_sends_bytes_at(struct place place, struct pair *pair, const void *bytes, size_t length);

/* The payload of the next bytes, in pieces of these sizes. The array of views is spoilt as soon as the call returned. */
#define start_gather(pair, sizes, count) started(HERE, submit_gather(pair, sizes, count, NULL))
#define start_gather_with(pair, sizes, count, ...) \
  started(HERE, submit_gather(pair, sizes, count, &(aio_io_options){__VA_ARGS__}))
struct completion *submit_gather(struct pair *pair, const size_t *sizes, size_t count, const aio_io_options *options);
#define expect_gathered(completion, status, count) expect_gathered_at(HERE, completion, status, count)
void expect_gathered_at(struct place place, struct completion *completion, aio_status status, size_t count);

#endif
