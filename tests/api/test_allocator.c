/* aio_set_allocator, in a program of its own: once the library has used its memory, the allocator stays. */
#include "support.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A header before each block tells its size and that it is ours. */
enum { kMagic = 0x600d };

struct header {
  size_t size;
  size_t magic;
};

static atomic_long blocks, bytes, calls;
static atomic_int exhausted;

static void *make(size_t size) {
  atomic_fetch_add(&calls, 1);
  struct header *header = atomic_load(&exhausted) ? NULL : malloc(sizeof *header + size);
  if (header == NULL) return NULL;
  *header = (struct header){.size = size, .magic = kMagic};
  atomic_fetch_add(&blocks, 1);
  atomic_fetch_add(&bytes, (long)size);
  return header + 1;
}

static void give_back(void *block) {
  if (block == NULL) return;
  struct header *header = (struct header *)block - 1;
  if (header->magic != kMagic) abort();
  header->magic = 0;
  atomic_fetch_sub(&blocks, 1);
  atomic_fetch_sub(&bytes, (long)header->size);
  free(header);
}

static void *resize(void *block, size_t size) {
  void *next = make(size);
  if (block == NULL || next == NULL) return next;
  const size_t before = ((struct header *)block - 1)->size;
  memcpy(next, block, before < size ? before : size);
  give_back(block);
  return next;
}

static void nothing(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)state, (void)buffer, (void)count, (void)user_info;
}

static void test_allocator__may_change_until_memory_is_used(void **test) {
  (void)test;
  for (int i = 0; i < 2; i++) {
    expect_status(aio_set_allocator(NULL, NULL, NULL), AIO_OK);
    expect_status(aio_set_allocator(make, resize, give_back), AIO_OK);
  }
}

static void test_allocator__all_three_or_none(void **test) {
  (void)test;
  expect_status(aio_set_allocator(make, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_set_allocator(NULL, resize, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_set_allocator(NULL, NULL, give_back), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_set_allocator(make, resize, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_set_allocator(make, NULL, give_back), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_set_allocator(NULL, resize, give_back), AIO_ERR_INVALID_ARGUMENT);
}

static void test_allocator__gets_every_block_back(void **test) {
  (void)test;
  aio_collection *collection;
  aio_state *state;
  int sockets[2];
  char buffer[100] = "";
  connected_sockets(LINK_TCP, sockets);
  expect_status(aio_collection_create(NULL, &collection), AIO_OK);
  expect_status(aio_state_create(collection, sockets[0], NULL, &state), AIO_OK);
  assert_true(blocks > 0);
  assert_int_equal(send(sockets[1], buffer, sizeof buffer, 0), sizeof buffer);
  expect_status(aio_state_read_buffer(state, buffer, 10, nothing, NULL), AIO_OK);
  expect_status(aio_collection_wait(collection, 10), AIO_OK);
  expect_status(aio_collection_destroy(collection), AIO_OK);
  assert_true(blocks > 0);
  aio_state_destroy(state);
  assert_int_equal(blocks, 0);
  assert_int_equal(bytes, 0);
  close(sockets[1]);
}

static void test_allocator__that_gives_nothing_is_no_memory(void **test) {
  (void)test;
  char elsewhere;
  aio_collection *collection = (void *)&elsewhere;
  exhausted = 1;
  expect_status(aio_collection_create(NULL, &collection), AIO_ERR_NO_MEMORY);
  assert_null(collection);
  collection = (void *)&elsewhere;
  expect_status(aio_collection_create_and_run("name", NULL, &collection), AIO_ERR_NO_MEMORY);
  assert_null(collection);
  assert_true(calls > 0);
  exhausted = 0;
}

static void test_allocator__stays_once_memory_was_used(void **test) {
  (void)test;
  expect_status(aio_set_allocator(NULL, NULL, NULL), AIO_ERR_BUSY);
  expect_status(aio_set_allocator(make, resize, give_back), AIO_ERR_BUSY);
  expect_status(aio_set_allocator(make, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
}

/* In this order. */
int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_allocator__may_change_until_memory_is_used),
      cmocka_unit_test(test_allocator__all_three_or_none),
      cmocka_unit_test(test_allocator__that_gives_nothing_is_no_memory),
      cmocka_unit_test(test_allocator__gets_every_block_back),
      cmocka_unit_test(test_allocator__stays_once_memory_was_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
