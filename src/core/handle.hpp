// The opaque handles of the API are the core's objects.
#pragma once

#include <aiostate/types.h>

namespace aio {

class Acceptor;
class Collection;
class State;
class Timer;
namespace tls {
class Context;
}

#define AIO_HANDLE(Type, handle_type)                                                          \
  inline handle_type *handle(Type *object) { return reinterpret_cast<handle_type *>(object); } \
  inline Type *object(handle_type *handle) { return reinterpret_cast<Type *>(handle); }        \
  inline const Type *object(const handle_type *handle) { return reinterpret_cast<const Type *>(handle); }

AIO_HANDLE(Acceptor, aio_acceptor)
AIO_HANDLE(Collection, aio_collection)
AIO_HANDLE(State, aio_state)
AIO_HANDLE(Timer, aio_timer)
AIO_HANDLE(tls::Context, aio_tls_context)

#undef AIO_HANDLE

}  // namespace aio
