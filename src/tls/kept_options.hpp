// The options of a context that was made from files, to read them again.
#pragma once

#include "base/allocator.hpp"

#include <aiostate/tls.h>

namespace aio::tls {

class KeptOptions {
 public:
  KeptOptions() = default;
  ~KeptOptions();
  KeptOptions(const KeptOptions &) = delete;
  KeptOptions &operator=(const KeptOptions &) = delete;

  [[nodiscard]] bool keep(const aio_tls_options &options);  // false: no memory
  void swap(KeptOptions &other) noexcept;

  // nullptr: something was given in memory, which is not kept.
  [[nodiscard]] const aio_tls_options *get() const { return whole_ ? &options_ : nullptr; }

 private:
  static constexpr size_t kTexts = 7;

  char *texts_[kTexts] = {};  // owned; what options_ points to
  aio_tls_options options_ = {};
  bool whole_ = true;
};

}  // namespace aio::tls
