// What the generated classes are made of.
#pragma once

#include <aiostate/aiostate.h>

#include <memory>

#include "acceptor.hpp"
#include "collection.hpp"
#include "results.hpp"
#include "state.hpp"

namespace aiostate {

class AddressBase : protected Results {
 public:
  AddressBase() = default;
  explicit AddressBase(const aio_address &address) : c(address) {}
  AddressBase(const AddressBase &other) : Results(), c(other.c) {}
  AddressBase &operator=(const AddressBase &other) {
    c = other.c;
    return *this;
  }

  aio_address c{};

 protected:
  aio_address *handle() { return &c; }
};

// Counted: options and connections keep it.
class TlsContextBase {
 public:
  const std::shared_ptr<aio_tls_context> &shared() const { return context_; }
  aio_tls_context *handle() const { return context_.get(); }

 protected:
  void adopt(aio_tls_context *context) { context_.reset(context, aio_tls_context_destroy); }

 private:
  std::shared_ptr<aio_tls_context> context_;
};

inline aio_tls_context *handle_of(const TlsContextBase *context) { return context ? context->handle() : nullptr; }

}  // namespace aiostate
