// The framer under any format, limit and cut: what it says about bytes that come piece by piece must be what a simple
// reading of all of them says.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/framer.hpp"

namespace {

using aio::Framer;
using Kind = Framer::Verdict::Kind;

void require(bool condition) {
  if (!condition) std::abort();
}

// Takes bytes off the front of the input; zeros when there are none left.
class Input {
 public:
  Input(const uint8_t *data, size_t size) : data_(data), size_(size) {}

  uint64_t number(size_t bytes) {
    uint64_t value = 0;
    for (; bytes != 0; --bytes) value = value << 8 | (size_ == 0 ? 0u : (--size_, *data_++));
    return value;
  }
  const uint8_t *data() const { return data_; }
  size_t size() const { return size_; }
  void skip(size_t count) { data_ += count, size_ -= count; }

 private:
  const uint8_t *data_;
  size_t size_;
};

Framer::Verdict expect_line(const uint8_t *data, size_t size, size_t limit, const uint8_t *delimiter, size_t length) {
  for (size_t end = length; end <= std::min(size, limit); ++end) {
    if (std::memcmp(data + end - length, delimiter, length) == 0) return {Kind::complete, end, 0};
  }
  return {size >= limit ? Kind::refused : Kind::incomplete, 0, 0};
}

__extension__ typedef __int128 Wide;

Framer::Verdict expect_frame(const uint8_t *data, size_t size, size_t limit, const aio_frame_format &format) {
  const Wide most = format.maximum == 0 ? limit : std::min(limit, format.maximum);
  Wide value = 0;
  Wide at = static_cast<Wide>(format.length_offset);
  if (format.length_size == 0) {
    for (int shift = 0;; shift += 7) {
      if (at >= most || shift > 63) return {Kind::refused, 0, 0};
      if (at >= static_cast<Wide>(size)) return {Kind::incomplete, 0, 0};
      const uint8_t byte = data[static_cast<size_t>(at++)];
      value |= static_cast<Wide>(byte & 0x7f) << shift;
      if (value > static_cast<Wide>(UINT64_MAX)) return {Kind::refused, 0, 0};
      if ((byte & 0x80) == 0) break;
    }
  } else {
    if (at + format.length_size > most) return {Kind::refused, 0, 0};
    if (at + format.length_size > static_cast<Wide>(size)) return {Kind::incomplete, 0, 0};
    for (int index = 0; index < format.length_size; ++index) {
      const int shift = 8 * (format.little_endian == AIO_YES ? index : format.length_size - 1 - index);
      value |= static_cast<Wide>(data[static_cast<size_t>(at++)]) << shift;
    }
  }
  value += format.adjustment;
  if (value < 0 || at + value > most) return {Kind::refused, 0, 0};
  if (at + value > static_cast<Wide>(size)) return {Kind::incomplete, 0, 0};
  const size_t whole = static_cast<size_t>(at + value);
  return {Kind::complete, whole, std::min(format.strip, whole)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static constexpr int32_t kSizes[] = {0, 1, 2, 4, 8};
  Input input(data, size);
  const uint64_t choices = input.number(1);
  const size_t limit = static_cast<size_t>(input.number(2)) + 1;
  const bool lines = (choices & 1) != 0;
  uint8_t delimiter[32] = {};
  size_t delimiter_length = 0;
  aio_frame_format format = {};
  Framer framer;
  if (lines) {
    delimiter_length = 1 + input.number(1) % sizeof delimiter;
    for (size_t index = 0; index < delimiter_length; ++index) delimiter[index] = static_cast<uint8_t>(input.number(1));
    require(framer.set_delimiter(delimiter, delimiter_length));
  } else {
    format.length_size = kSizes[choices / 2 % 5];
    format.little_endian = (choices & 128) != 0 ? AIO_YES : AIO_DEFAULT;
    format.length_offset = static_cast<size_t>(input.number(1));
    format.adjustment = static_cast<int64_t>((choices & 64) != 0 ? input.number(8) : input.number(1));
    format.strip = static_cast<size_t>(input.number(1));
    format.maximum = static_cast<size_t>(input.number(2));
    framer.set_format(format);
  }
  framer.begin();
  uint8_t seed = static_cast<uint8_t>(input.number(1));
  for (size_t come = 0;; come = std::min(input.size(), come + 1 + (seed = static_cast<uint8_t>(seed * 5 + 3)) % 7)) {
    const Framer::Verdict found = framer.look(input.data(), come, limit);
    const Framer::Verdict expected = lines ? expect_line(input.data(), come, limit, delimiter, delimiter_length)
                                           : expect_frame(input.data(), come, limit, format);
    require(found.kind == expected.kind);
    if (found.kind == Kind::complete) require(found.size == expected.size && found.strip == expected.strip);
    if (found.kind == Kind::incomplete) require(found.size > come && found.strip == 0);
    if (found.kind == Kind::complete && found.size != 0) {
      input.skip(found.size);
      come = 0;
      framer.begin();
      if (input.size() == 0) return 0;
      continue;
    }
    if (found.kind != Kind::incomplete || come == input.size()) return 0;
  }
}
