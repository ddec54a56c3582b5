/*
 * To be preloaded (LD_PRELOAD) into any of the servers: counts what the process takes from malloc, in a file that is
 * named by BENCH_HEAP and can be read at any time. Bytes are what malloc really uses for a block, its header included.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct counters {
  uint64_t allocations, live_bytes, peak_bytes;
} counters;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static counters before_main;
static counters *counted = &before_main;

__attribute__((constructor)) static void open_file(void) {
  const char *path = getenv("BENCH_HEAP");
  int descriptor = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (descriptor < 0 || ftruncate(descriptor, sizeof(counters))) return;
  counters *shared = mmap(NULL, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (shared == MAP_FAILED) return;
  *shared = before_main;
  counted = shared;
}

static void *took(void *block) {
  if (!block) return NULL;
  uint64_t live =
      __atomic_add_fetch(&counted->live_bytes, malloc_usable_size(block) + sizeof(size_t), __ATOMIC_RELAXED);
  __atomic_fetch_add(&counted->allocations, 1, __ATOMIC_RELAXED);
  if (live > counted->peak_bytes) counted->peak_bytes = live;
  return block;
}

static void gives(void *block) {
  if (block) __atomic_fetch_sub(&counted->live_bytes, malloc_usable_size(block) + sizeof(size_t), __ATOMIC_RELAXED);
}

void *malloc(size_t size) { return took(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return took(__libc_calloc(count, size)); }

void *realloc(void *block, size_t size) {
  gives(block);
  void *moved = __libc_realloc(block, size);
  if (moved || !size) return took(moved);
  __atomic_fetch_add(&counted->live_bytes, block ? malloc_usable_size(block) + sizeof(size_t) : 0, __ATOMIC_RELAXED);
  return NULL;
}

void free(void *block) {
  gives(block);
  __libc_free(block);
}

void *memalign(size_t alignment, size_t size) { return took(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return took(__libc_memalign(alignment, size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = took(__libc_memalign(alignment, size));
  return *block ? 0 : ENOMEM;
}
