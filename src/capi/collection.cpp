#include "core/collection.hpp"

#include "capi/arguments.hpp"
#include "core/timer.hpp"

using aio::object;

namespace {

// Refusals of both ways to make a collection.
aio_status begin_create(const aio_collection_options &options, aio_collection **out) {
  aio::clear_last_error_text();
  if (out == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  *out = nullptr;
  return aio::reserved_is_zero(options) ? AIO_OK : AIO_ERR_UNSUPPORTED;
}

}  // namespace

extern "C" {

aio_status aio_collection_create(const aio_collection_options *options, aio_collection **out) {
  const aio_collection_options given = aio::options_or_default(options);
  if (const aio_status status = begin_create(given, out); status != AIO_OK) return status;
  aio::Collection *collection = nullptr;
  const aio_status status = aio::Collection::create(collection);
  *out = aio::handle(collection);
  return status;
}

aio_status aio_collection_create_and_run(const char *name, const aio_collection_options *options,
                                         aio_collection **out) {
  const aio_collection_options given = aio::options_or_default(options);
  if (const aio_status status = begin_create(given, out); status != AIO_OK) return status;
  return aio::Collection::create_and_run(name, given, out);
}

aio_status aio_collection_wait(aio_collection *collection, double timeout) {
  if (collection == nullptr || !aio::valid_seconds(timeout)) return AIO_ERR_INVALID_ARGUMENT;
  return object(collection)->wait(timeout);
}

size_t aio_collection_call(aio_collection *collection) {
  return collection == nullptr ? 0 : object(collection)->call();
}

aio_status aio_collection_run(aio_collection *collection) {
  return collection == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(collection)->run();
}

aio_status aio_collection_stop(aio_collection *collection) {
  if (collection == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(collection)->stop();
  return AIO_OK;
}

aio_status aio_collection_wake(aio_collection *collection) {
  if (collection == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(collection)->wake();
  return AIO_OK;
}

aio_status aio_collection_apply(aio_collection *collection, aio_function function, void *argument) {
  if (collection == nullptr || function == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  return object(collection)->apply(function, argument);
}

aio_status aio_collection_close(aio_collection *collection) {
  return collection == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(collection)->close();
}

int aio_collection_alive(const aio_collection *collection) {
  return collection != nullptr && object(collection)->alive() ? 1 : 0;
}

const char *aio_collection_name(const aio_collection *collection) {
  return collection == nullptr ? nullptr : object(collection)->name();
}

int aio_collection_descriptor(const aio_collection *collection) {
  return collection == nullptr ? -1 : object(const_cast<aio_collection *>(collection))->descriptor();
}

double aio_collection_next_timeout(const aio_collection *collection) {
  return collection == nullptr ? 0 : object(const_cast<aio_collection *>(collection))->next_timeout();
}

aio_status aio_collection_counters(const aio_collection *collection, aio_counters *out) {
  if (collection == nullptr || out == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(collection)->counters().copy_to(*out);
  return AIO_OK;
}

aio_status aio_collection_destroy(aio_collection *collection) {
  return collection == nullptr ? AIO_OK : aio::Collection::destroy(object(collection));
}

aio_status aio_timer_start(aio_collection *collection, double delay, double repeat, aio_timer_callback callback,
                           void *user_info, aio_timer **out) {
  aio::clear_last_error_text();
  if (out != nullptr) *out = nullptr;
  if (collection == nullptr || callback == nullptr || !aio::valid_times(delay, repeat)) return AIO_ERR_INVALID_ARGUMENT;
  if (repeat > 0 && out == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  const aio::Timer::Plan plan = {aio::nanoseconds(delay), aio::time_limit(repeat), callback, user_info};
  return aio::Timer::start(*object(collection), plan, out);
}

void aio_timer_stop(aio_timer *timer) {
  if (timer != nullptr) object(timer)->stop();
}

}  // extern "C"
