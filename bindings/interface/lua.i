// Lua: strings in and out, integers that stay integers, `nil, error` for what the system refuses, and an error raised for
// a mistake of the caller's.
%header %{
#include <cstring>
#include <limits>

// Raises as Lua's own library does, in the name of the layer's function that was called, and where it was called.
static int bad_argument(lua_State *L, const char *name, const char *problem) {
  lua_Debug caller{};
  if (lua_getstack(L, 1, &caller)) lua_getinfo(L, "n", &caller);
  luaL_where(L, 2);
  lua_pushfstring(L, "%sbad argument '%s' to '%s' (%s)", lua_tostring(L, -1), name, caller.name ? caller.name : "?", problem);
  return lua_error(L);
}

static int wrong_type(lua_State *L, const char *name, const char *expected, int index) {
  const char *colon = strrchr(expected, ':');
  return bad_argument(L, name, lua_pushfstring(L, "%s expected, got %s", colon ? colon + 1 : expected, luaL_typename(L, index)));
}

template <class Number>
static Number to_integer(lua_State *L, int index, const char *name) {
  int exact = 0;
  lua_Integer number = lua_tointegerx(L, index, &exact);
  if (!exact) wrong_type(L, name, "integer", index);
  Number converted = static_cast<Number>(number);
  bool changed = static_cast<lua_Integer>(converted) != number;
  if (changed || (number < 0 && !std::numeric_limits<Number>::is_signed)) bad_argument(L, name, "number out of range");
  return converted;
}

static void push_error(lua_State *L, const Failure &failure) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "aiostate.errors");
  lua_getfield(L, -1, "make");
  lua_pushinteger(L, failure.status);
  lua_pushstring(L, failure.text);
  lua_call(L, 2, 1);
}

static int raise(lua_State *L, const Failure &failure) {
  push_error(L, failure);
  return lua_error(L);
}

static int refuse(lua_State *L, const Failure &failure) {
  bool mistake = failure.status == AIO_ERR_INVALID_ARGUMENT || failure.status == AIO_ERR_BUSY ||
                 failure.status == AIO_ERR_CLOSED;
  if (mistake) return raise(L, failure);
  lua_pushnil(L);
  push_error(L, failure);
  return 2;
}
%}
#define RAISE(failure) return refuse(L, failure)

// Nobody looks at the results of these.
%define ALWAYS_RAISES(name)
%exception name {
  Failure failure;
  guarded(failure, [&] { $action });
  if (failure.status) return raise(L, failure);
}
%enddef
ALWAYS_RAISES(aiostate::Collection::Collection)
ALWAYS_RAISES(aiostate::Collection::wait_events)

%typemap(in) aiostate::ByteView {
  if (!lua_isstring(L, $input)) return wrong_type(L, "$1_name", "string", $input);
  $1.data = lua_tolstring(L, $input, &$1.size);
}
%typemap(out) aiostate::ByteView { lua_pushlstring(L, $1.data, $1.size); SWIG_arg++; }
%typemap(in) const char * {
  if (!lua_isstring(L, $input) && !lua_isnil(L, $input)) return wrong_type(L, "$1_name", "string", $input);
  $1 = const_cast<char *>(lua_tostring(L, $input));
}

%typemap(in) int, long long, size_t { $1 = to_integer<$1_ltype>(L, $input, "$1_name"); }
// A choice may be a truth value.
%typemap(in) int value, int choice {
  $1 = lua_isboolean(L, $input) ? (lua_toboolean(L, $input) ? AIO_YES : AIO_NO) : to_integer<int>(L, $input, "$1_name");
}
%typemap(out) int, long long, size_t { lua_pushinteger(L, static_cast<lua_Integer>($1)); SWIG_arg++; }
%typemap(in) double {
  if (!lua_isnumber(L, $input)) return wrong_type(L, "$1_name", "number", $input);
  $1 = lua_tonumber(L, $input);
}
// So that `assert` can be put around what may fail.
%typemap(out) void { lua_pushboolean(L, true); SWIG_arg++; }

%typemap(in) SWIGTYPE * {
  if ((!lua_isuserdata(L, $input) && !lua_isnil(L, $input)) ||
      !SWIG_IsOK(SWIG_ConvertPtr(L, $input, (void **)&$1, $1_descriptor, 0)))
    return wrong_type(L, "$1_name", "$*1_ltype", $input);
}
%typemap(in) SWIGTYPE *self, aiostate::Collection *, aiostate::TlsContext *other {
  if (!lua_isuserdata(L, $input) || !SWIG_IsOK(SWIG_ConvertPtr(L, $input, (void **)&$1, $1_descriptor, 0)) || !$1)
    return wrong_type(L, "$1_name", "$*1_ltype", $input);
}

// A finalizer of the program's may use an object whose own has run already: it must find nothing then.
%header %{
static int finalize(lua_State *L) {
  SWIG_Lua_class_destruct(L);
  auto *object = static_cast<swig_lua_userdata *>(lua_touserdata(L, 1));
  object->ptr = nullptr;
  object->own = 0;
  return 0;
}
%}
%init %{
  for (swig_type_info **type = swig_types; *type; ++type) {
    if (!(*type)->clientdata) continue;
    SWIG_Lua_get_class_metatable(L, static_cast<swig_lua_class *>((*type)->clientdata)->fqname);
    lua_pushcfunction(L, finalize);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
  }
%}
