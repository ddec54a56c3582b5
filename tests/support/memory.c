/* The library's memory, counted and failing on demand. */
#include <stdatomic.h>
#include <stdlib.h>

#include "internal.h"

static atomic_long live;
static atomic_long total;
static atomic_size_t bytes;
static atomic_long until_failure;
static atomic_int failed;

static int fails_now(void) {
  if (atomic_load(&until_failure) == 0 || atomic_fetch_sub(&until_failure, 1) != 1) return 0;
  atomic_store(&failed, 1);
  return 1;
}

static void count_request(size_t size) {
  atomic_fetch_add(&total, 1);
  atomic_fetch_add(&bytes, size);
}

static void *counted_allocate(size_t size) {
  count_request(size);
  void *block = fails_now() ? NULL : malloc(size);
  if (block != NULL) atomic_fetch_add(&live, 1);
  return block;
}

static void *counted_reallocate(void *block, size_t size) {
  count_request(size);
  void *moved = fails_now() ? NULL : realloc(block, size);
  if (moved != NULL && block == NULL) atomic_fetch_add(&live, 1);
  return moved;
}

static void counted_release(void *block) {
  if (block != NULL) atomic_fetch_sub(&live, 1);
  free(block);
}

void count_allocations(void) {
  static int counting;
  if (counting) return;
  counting = 1;
  expect_status(aio_set_allocator(counted_allocate, counted_reallocate, counted_release), AIO_OK);
}

long live_allocations(void) { return atomic_load(&live); }

long total_allocations(void) { return atomic_load(&total); }

size_t total_allocated_bytes(void) { return atomic_load(&bytes); }

void fail_allocation(long number) {
  atomic_store(&failed, 0);
  atomic_store(&until_failure, number);
}

int allocation_failed(void) { return atomic_load(&failed); }
