#include "tls/context.hpp"

#include <cstring>

#include "tls/engine.hpp"

namespace aio::tls {

namespace {

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

// Host names are compared without regard to case (RFC 4343).
bool same_text(const char *text, const char *bytes, size_t length) {
  size_t index = 0;
  while (index < length && text[index] != '\0' && lower(text[index]) == lower(bytes[index])) ++index;
  return index == length && text[index] == '\0';
}

}  // namespace

Shared<Settings> CurrentSettings::get() {
  const net::Lock lock(mutex_);
  return settings_;
}

void CurrentSettings::set(Shared<Settings> settings) {
  const net::Lock lock(mutex_);
  std::swap(settings_, settings);  // the old ones go after the lock, with `settings`
}

// What connections to a name begin with.
struct Context::Name final : Link<NameTag> {
  Text pattern;
  Shared<CurrentSettings> current;
};

Context *Context::create(Side side, const aio_tls_options &options, aio_status &status) {
  Shared<Context> context(make<Context>(side));
  status = context && context->open() && context->kept_.keep(options) ? AIO_OK : AIO_ERR_NO_MEMORY;
  if (status != AIO_OK) return nullptr;
  Shared<Settings> settings(Settings::create(side, options, status));
  if (status != AIO_OK) return nullptr;
  context->current_->set(std::move(settings));
  context->retain();
  return context.get();
}

bool Context::open() {
  bio_method_ = Engine::make_bio_method();
  current_ = Shared<CurrentSettings>(make<CurrentSettings>());
  return bio_method_ != nullptr && current_ && current_->open() && mutex_.open() && sessions_.open();
}

Context::~Context() {
  while (Name *name = names_.pop_front()) dispose(name);
  mutex_.close();
}

aio_status Context::reload(const aio_tls_options *options) {
  KeptOptions kept;
  {
    const net::Lock lock(mutex_);
    if (options == nullptr) options = kept_.get();
    if (options == nullptr) return AIO_ERR_INVALID_ARGUMENT;
    if (!kept.keep(*options)) return AIO_ERR_NO_MEMORY;
  }
  aio_status status = AIO_OK;
  Shared<Settings> settings(Settings::create(side_, *options, status));
  if (status != AIO_OK) return status;
  {
    const net::Lock lock(mutex_);
    kept_.swap(kept);
  }
  current_->set(std::move(settings));
  sessions_.clear();
  return AIO_OK;
}

aio_status Context::add_name(const char *pattern, Context &other) {
  Owned<Name> name(make<Name>());
  if (name == nullptr || !name->pattern.assign(pattern)) return AIO_ERR_NO_MEMORY;
  name->current = other.current_;
  const net::Lock lock(mutex_);
  names_.push_front(*name.release());
  return AIO_OK;
}

// A wildcard stands for one whole label (RFC 9525, 6.3).
Shared<Settings> Context::settings_for(const char *name, size_t length) {
  const net::Lock lock(mutex_);
  const void *dot = std::memchr(name, '.', length);
  const char *parent = dot == nullptr ? name + length : static_cast<const char *>(dot);
  const size_t parent_length = length - static_cast<size_t>(parent - name);
  Name *wildcard = nullptr;
  for (Name *entry = names_.front(); entry != nullptr; entry = names_.next(*entry)) {
    const char *pattern = entry->pattern.get();
    if (same_text(pattern, name, length)) return entry->current->get();
    const bool fits = pattern[0] == '*' && parent_length != 0 && same_text(pattern + 1, parent, parent_length);
    if (fits && parent != name && wildcard == nullptr) wildcard = entry;
  }
  return wildcard == nullptr ? Shared<Settings>() : wildcard->current->get();
}

}  // namespace aio::tls
