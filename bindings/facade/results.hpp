// What a function of C fills in, until the object is asked for the next.
#pragma once

#include <string>

#include "bytes.hpp"
#include "error.hpp"

namespace aiostate {

class Results {
 protected:
  // Calls fill(buffer, size) with a longer buffer until the text fits.
  template <class Fill>
  const char *text(Fill fill) {
    text_.resize(120);
    while (!fits(fill(&text_[0], text_.size()))) text_.resize(text_.size() * 4);
    return text_.c_str();
  }

  // Calls fill(buffer), which returns how many bytes it has stored.
  template <class Fill>
  ByteView fill(Fill fill, size_t length) {
    bytes_ = Bytes(length);
    return {bytes_.data(), fill(bytes_.data())};
  }

 private:
  static bool fits(aio_status status) {
    if (status != AIO_ERR_LIMIT) check(status);
    return status == AIO_OK;
  }
  bool fits(size_t needed) const { return needed <= text_.size(); }

  std::string text_;
  Bytes bytes_;
};

}  // namespace aiostate
