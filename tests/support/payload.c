/* The payload stream, and buffers between guards. */
#include "internal.h"

enum { kGuardLength = 32, kGuard = 0xC3 };

unsigned char payload_byte(uint64_t position) {
  return (unsigned char)((position * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
}

void fill_payload(void *buffer, uint64_t position, size_t length) {
  unsigned char *bytes = buffer;
  for (size_t i = 0; i < length; i++) bytes[i] = payload_byte(position + i);
}

int is_payload(const void *buffer, uint64_t position, size_t length) {
  const unsigned char *bytes = buffer;
  for (size_t i = 0; i < length; i++)
    if (bytes[i] != payload_byte(position + i)) return 0;
  return 1;
}

char *guarded_memory(size_t length) {
  char *memory = fixture_memory(length + 2 * kGuardLength);
  memset(memory, kGuard, kGuardLength);
  memset(memory + kGuardLength + length, kGuard, kGuardLength);
  return memory + kGuardLength;
}

void check_guards(const char *memory, size_t length) {
  const unsigned char *before = (const unsigned char *)memory - kGuardLength;
  const unsigned char *behind = (const unsigned char *)memory + length;
  for (int i = 0; i < kGuardLength; i++)
    if (before[i] != kGuard || behind[i] != kGuard) note_violation("bytes outside of a buffer were changed");
}
