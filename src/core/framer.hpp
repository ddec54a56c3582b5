// Finds where the next delivery of a framed read ends, in the bytes that have come so far.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/byte_queue.hpp"

#include <aiostate/operation.h>

namespace aio {

class Framer {
 public:
  struct Verdict {
    enum class Kind : uint8_t { incomplete, complete, refused };  // refused: too long, or its length is none

    Kind kind;
    size_t size;   // complete: bytes of the whole delivery; incomplete: so many are needed at least
    size_t strip;  // complete: leading bytes of it that are not delivered
  };

  Framer() = default;
  Framer(const Framer &) = delete;
  Framer &operator=(const Framer &) = delete;
  ~Framer();

  [[nodiscard]] bool set_delimiter(const void *delimiter, size_t length);  // copies; false: no memory
  void set_format(const aio_frame_format &format);
  void begin() { searched_ = 0; }

  // A delivery of `limit` bytes is not too long.
  [[nodiscard]] Verdict look(const Byte *data, size_t size, size_t limit);

 private:
  static constexpr size_t kLongestInline = 16;

  [[nodiscard]] Verdict look_for_delimiter(const Byte *data, size_t size, size_t limit);
  [[nodiscard]] Verdict look_for_frame(const Byte *data, size_t size, size_t limit) const;
  [[nodiscard]] const Byte *delimiter() const {
    return long_delimiter_ != nullptr ? long_delimiter_ : short_delimiter_;
  }

  aio_frame_format format_ = {};
  size_t delimiter_length_ = 0;  // 0: frames of the format
  size_t searched_ = 0;          // no delimiter ends in so many leading bytes
  Byte *long_delimiter_ = nullptr;
  Byte short_delimiter_[kLongestInline];
};

}  // namespace aio
