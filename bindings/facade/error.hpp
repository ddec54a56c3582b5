// Refusals as exceptions: SWIG turns them into the language's own.
#pragma once

#include <aiostate/aiostate.h>

#include <exception>
#include <string>

namespace aiostate {

class Error : public std::exception {
 public:
  explicit Error(int status, const char *more = "") : status_(status), text_(aio_status_message(aio_status(status))) {
    if (*more) text_.append(" ").append(more);
  }
  int status() const { return status_; }
  const char *what() const noexcept override { return text_.c_str(); }

 private:
  int status_;
  std::string text_;
};

inline void check(aio_status status, const char *more = "") {
  if (status != AIO_OK) throw Error(status, more);
}

// The same for calls that were to hand out an object.
inline void check_made(aio_status status) {
  if (status != AIO_OK) throw Error(status, aio_last_error_text());
}

// A language may pass none where an object is wanted.
template <class Object>
Object &wanted(Object *object) {
  if (!object) throw Error(AIO_ERR_INVALID_ARGUMENT, "An object is missing.");
  return *object;
}

// A port is narrower than a language's numbers.
inline uint16_t port_number(int number) {
  if (number < 0 || number > 65535) throw Error(AIO_ERR_INVALID_ARGUMENT, "A port is a number from 0 to 65535.");
  return static_cast<uint16_t>(number);
}

}  // namespace aiostate
