// The vocabulary of the unit tests of TLS: versions, sizes and payload. Standard headers come before this one, as before
// unit.hpp.
#pragma once

#include <string>

#include "tls_parties.hpp"
#include "unit.hpp"

namespace aio {

using Kind = Party::Kind;

inline constexpr int kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
inline constexpr size_t kRecord = 16384;  // bytes in one at most

inline std::string payload(size_t size) {
  std::string bytes(size, '\0');
  fill_payload(bytes.data(), 0, size);
  return bytes;
}

}  // namespace aio
