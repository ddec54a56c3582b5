#include "core/framer.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/allocator.hpp"

namespace aio {

namespace {

using Verdict = Framer::Verdict;

constexpr Verdict incomplete(size_t needed) { return {Verdict::Kind::incomplete, needed, 0}; }
constexpr Verdict refused() { return {Verdict::Kind::refused, 0, 0}; }

constexpr size_t kLongestLeb128 = 10;  // bytes that 64 bits can take

// The value of a length field, and how many bytes it has.
struct Field {
  enum class Kind : uint8_t { incomplete, complete, refused };

  Kind kind;
  size_t size;
  uint64_t value;
};

Field read_leb128(const Byte *data, size_t size) {
  uint64_t value = 0;
  for (size_t index = 0; index < kLongestLeb128; ++index) {
    if (index == size) return {Field::Kind::incomplete, index + 1, 0};
    const uint64_t part = data[index] & 0x7fu;
    const unsigned shift = static_cast<unsigned>(7 * index);
    if (shift == 63 && part > 1) break;  // beyond 64 bits
    value |= part << shift;
    if ((data[index] & 0x80u) == 0) return {Field::Kind::complete, index + 1, value};
  }
  return {Field::Kind::refused, 0, 0};
}

Field read_fixed(const Byte *data, size_t size, size_t field_size, bool little_endian) {
  if (size < field_size) return {Field::Kind::incomplete, field_size, 0};
  uint64_t value = 0;
  for (size_t index = 0; index < field_size; ++index) {
    value = value << 8 | data[little_endian ? field_size - 1 - index : index];
  }
  return {Field::Kind::complete, field_size, value};
}

// value + adjustment; false: it is negative, or more than 64 bits hold.
bool adjust(uint64_t value, int64_t adjustment, uint64_t &adjusted) {
  adjusted = value + static_cast<uint64_t>(adjustment);
  return adjustment < 0 ? adjusted < value : adjusted >= value;
}

}  // namespace

Framer::~Framer() { release(long_delimiter_); }

bool Framer::set_delimiter(const void *delimiter, size_t length) {
  release(std::exchange(long_delimiter_, nullptr));
  if (length > kLongestInline) {
    long_delimiter_ = static_cast<Byte *>(allocate(length));
    if (long_delimiter_ == nullptr) return false;
  }
  std::memcpy(long_delimiter_ != nullptr ? long_delimiter_ : short_delimiter_, delimiter, length);
  delimiter_length_ = length;
  return true;
}

void Framer::set_format(const aio_frame_format &format) {
  format_ = format;
  delimiter_length_ = 0;
}

Verdict Framer::look(const Byte *data, size_t size, size_t limit) {
  return delimiter_length_ != 0 ? look_for_delimiter(data, size, limit) : look_for_frame(data, size, limit);
}

Verdict Framer::look_for_delimiter(const Byte *data, size_t size, size_t limit) {
  const size_t visible = std::min(size, limit);
  if (visible >= delimiter_length_) {
    // Its beginning may have come before.
    const size_t from = searched_ < delimiter_length_ ? 0 : searched_ - (delimiter_length_ - 1);
    const std::string_view bytes(reinterpret_cast<const char *>(data), visible);
    const std::string_view wanted(reinterpret_cast<const char *>(delimiter()), delimiter_length_);
    const size_t found = bytes.find(wanted, from);
    if (found != std::string_view::npos) return {Verdict::Kind::complete, found + delimiter_length_, 0};
    searched_ = visible;
  }
  return size >= limit ? refused() : incomplete(std::max(size + 1, delimiter_length_));
}

Verdict Framer::look_for_frame(const Byte *data, size_t size, size_t limit) const {
  const size_t most = format_.maximum == 0 ? limit : std::min(limit, format_.maximum);
  const size_t offset = format_.length_offset;
  const size_t field_size = static_cast<size_t>(format_.length_size);
  const size_t shortest = offset + std::max(field_size, size_t{1});
  if (shortest > most) return refused();
  if (size < shortest) return incomplete(shortest);
  const Field field = field_size == 0
                          ? read_leb128(data + offset, size - offset)
                          : read_fixed(data + offset, size - offset, field_size, format_.little_endian == AIO_YES);
  if (field.kind == Field::Kind::refused || offset + field.size > most) return refused();
  if (field.kind == Field::Kind::incomplete) return incomplete(offset + field.size);
  uint64_t behind = 0;
  if (!adjust(field.value, format_.adjustment, behind) || behind > most - offset - field.size) return refused();
  const size_t whole = offset + field.size + static_cast<size_t>(behind);
  if (size < whole) return incomplete(whole);
  return {Verdict::Kind::complete, whole, std::min(format_.strip, whole)};
}

}  // namespace aio
