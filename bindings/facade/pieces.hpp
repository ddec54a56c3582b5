// Lists of bytes that one operation sends.
#pragma once

#include <utility>
#include <vector>

#include "parts.hpp"

namespace aiostate {

// An array of structs that point to bytes, and the bytes.
template <class Struct>
struct Kept {
  std::vector<Struct> structs;
  std::vector<Bytes> bytes;
  std::vector<std::unique_ptr<aio_address>> addresses;
  const Struct *data() const { return structs.data(); }
  size_t size() const { return structs.size(); }
};

template <class Struct>
class List {
 public:
  std::shared_ptr<Kept<Struct>> release() { return std::exchange(kept_, std::make_shared<Kept<Struct>>()); }

 protected:
  std::shared_ptr<Kept<Struct>> kept_ = std::make_shared<Kept<Struct>>();
};

// Pieces of memory to be written as one. Given to an operation it is empty again.
class Buffers : public List<aio_buffer_view> {
 public:
  void add(ByteView bytes) {
    kept_->bytes.emplace_back(bytes);
    kept_->structs.push_back({kept_->bytes.back().data(), bytes.size});
  }
};

// Datagrams to be sent together. Given to an operation it is empty again.
class Messages : public List<aio_message> {
 public:
  // `address` is NULL on a connected state.
  void add(ByteView bytes, const AddressBase *address) {
    kept_->bytes.emplace_back(bytes);
    if (address) kept_->addresses.push_back(std::make_unique<aio_address>(address->c));
    const aio_address *to = address ? kept_->addresses.back().get() : nullptr;
    kept_->structs.push_back({kept_->bytes.back().data(), bytes.size, to, {}});
  }
};

template <class Struct>
std::shared_ptr<Kept<Struct>> kept_of(List<Struct> *list) {
  return wanted(list).release();
}

}  // namespace aiostate
