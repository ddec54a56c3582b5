/* linked(file) tells which files the functions of libuv and OpenSSL are in that a module calls. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <node_api.h>

static const char *file_of(const void *address) {
  Dl_info info;
  return address && dladdr(address, &info) ? info.dli_fname : "";
}

static void set(napi_env env, napi_value object, const char *name, const void *address) {
  napi_value file;
  napi_create_string_utf8(env, file_of(address), NAPI_AUTO_LENGTH, &file);
  napi_set_named_property(env, object, name, file);
}

static napi_value linked(napi_env env, napi_callback_info info) {
  size_t count = 1;
  char file[4096] = "";
  napi_value argument, result;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument, file, sizeof file, NULL);
  void *module = dlopen(file, RTLD_NOLOAD | RTLD_LAZY);
  void *const *functions = module ? dlsym(module, "aiostate_linked") : NULL;
  napi_create_object(env, &result);
  set(env, result, "uv_run", functions ? functions[0] : NULL);
  set(env, result, "SSL_new", functions ? functions[1] : NULL);
  set(env, result, "process_uv_run", dlsym(RTLD_DEFAULT, "uv_run"));
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "linked", NAPI_AUTO_LENGTH, linked, NULL, &function);
  napi_set_named_property(env, exports, "linked", function);
  return exports;
}
