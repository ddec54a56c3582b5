/*
 * Has node's own loop watch a collection's descriptor. It is an object of its own, linked with no libuv: the uv_ functions
 * here are those of the node that runs, while the library has another libuv hidden inside itself.
 *
 * watch(descriptor, callback) returns a watch. hold(watch, WHAT) has it keep alive NOTHING, as at first, the CALLBACK, or
 * the PROCESS too. close(watch) ends it, and so does the collector.
 */
#include <fcntl.h>
#include <node_api.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

enum { NOTHING, CALLBACK, PROCESS };

typedef struct watch {
  uv_poll_t poll;
  int owners; /* the loop, and the value in JavaScript */
  int descriptor;
  int32_t holds;
  napi_env env;
  napi_ref callback; /* weak if it is not held; NULL once closed */
} watch;

static void release(watch *self) {
  if (--self->owners == 0) free(self);
}

static void on_closed(uv_handle_t *poll) {
  watch *self = poll->data;
  close(self->descriptor);
  release(self);
}

static void end(watch *self) {
  if (!self->callback) return;
  napi_delete_reference(self->env, self->callback);
  self->callback = NULL;
  uv_close((uv_handle_t *)&self->poll, on_closed);
}

static void on_collected(napi_env env, void *self, void *hint) {
  (void)env, (void)hint;
  end(self);
  release(self);
}

/* What the descriptor has to tell, the library finds out. */
static void on_ready(uv_poll_t *poll, int status, int events) {
  (void)status, (void)events;
  watch *self = poll->data;
  napi_env env = self->env;
  napi_handle_scope scope;
  napi_value callback = NULL, global, error;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, self->callback, &callback) == napi_ok && callback &&
      napi_get_global(env, &global) == napi_ok &&
      napi_make_callback(env, NULL, global, callback, 0, NULL, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
}

/* It gets a descriptor of its own, since the collector may free the collection, and with it the given one, first. */
static bool begin(napi_env env, int descriptor, napi_value callback, watch *self) {
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return false;
  self->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (self->descriptor < 0) return false;
  if (uv_poll_init(loop, &self->poll, self->descriptor) != 0) {
    close(self->descriptor);
    return false;
  }
  self->env = env;
  self->owners = 2;
  self->poll.data = self;
  uv_unref((uv_handle_t *)&self->poll);
  napi_create_reference(env, callback, 0, &self->callback);
  uv_poll_start(&self->poll, UV_READABLE, on_ready);
  return true;
}

static napi_value js_watch(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2], result;
  int32_t descriptor = -1;
  watch *self = calloc(1, sizeof *self);
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_int32(env, arguments[0], &descriptor);
  if (!self || !begin(env, descriptor, arguments[1], self)) {
    free(self);
    napi_throw_error(env, NULL, "The collection's descriptor cannot be watched.");
    return NULL;
  }
  napi_create_external(env, self, on_collected, NULL, &result);
  return result;
}

static watch *get_arguments(napi_env env, napi_callback_info info, int32_t *number) {
  size_t count = 2;
  napi_value arguments[2];
  void *self = NULL;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_external(env, arguments[0], &self);
  if (number) napi_get_value_int32(env, arguments[1], number);
  return self;
}

static napi_value js_hold(napi_env env, napi_callback_info info) {
  int32_t what = NOTHING;
  watch *self = get_arguments(env, info, &what);
  if (self->holds == NOTHING && what != NOTHING) napi_reference_ref(env, self->callback, NULL);
  if (self->holds != NOTHING && what == NOTHING) napi_reference_unref(env, self->callback, NULL);
  (what == PROCESS ? uv_ref : uv_unref)((uv_handle_t *)&self->poll);
  self->holds = what;
  return NULL;
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  end(get_arguments(env, info, NULL));
  return NULL;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"watch", NULL, js_watch, NULL, NULL, NULL, napi_enumerable, NULL},
      {"hold", NULL, js_hold, NULL, NULL, NULL, napi_enumerable, NULL},
      {"close", NULL, js_close, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  const char *const names[] = {"NOTHING", "CALLBACK", "PROCESS"};
  for (int32_t what = NOTHING; what <= PROCESS; ++what) {
    napi_value number;
    napi_create_int32(env, what, &number);
    napi_set_named_property(env, exports, names[what], number);
  }
  return exports;
}
