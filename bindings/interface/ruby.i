// Ruby: strings in, binary strings out, names as Ruby has them, and waiting without the interpreter's lock.
%header %{
#include <ruby/encoding.h>
#include <ruby/thread.h>

// SWIG asks an instance variable of an object for the name of its type, each time. Who is to free it says as much.
static int convert_pointer(VALUE object, void **pointer, swig_type_info *type, int flags) {
  auto *described = type ? static_cast<swig_class *>(type->clientdata) : nullptr;
  if (described && !flags && RB_TYPE_P(object, T_DATA) && RDATA(object)->dfree == described->destroy && DATA_PTR(object)) {
    *pointer = DATA_PTR(object);
    return SWIG_OK;
  }
  return SWIG_Ruby_ConvertPtrAndOwn(object, pointer, type, flags, nullptr);
}
#undef SWIG_ConvertPtr
#define SWIG_ConvertPtr convert_pointer
%}

%typemap(in) aiostate::ByteView {
  StringValue($input);
  $1.data = RSTRING_PTR($input);
  $1.size = RSTRING_LEN($input);
}
%typemap(out) aiostate::ByteView { $result = rb_str_new($1.data, $1.size); }
%typemap(typecheck, precedence=SWIG_TYPECHECK_STRING) aiostate::ByteView { $1 = RB_TYPE_P($input, T_STRING); }

%typemap(in) const char * { $1 = NIL_P($input) ? nullptr : StringValueCStr($input); }
%typemap(freearg) const char * ""
%typemap(out) const char * { $result = $1 ? rb_utf8_str_new_cstr($1) : Qnil; }

// Options and choices may be true or false.
%typemap(in) int value, int choice { $1 = $input == Qtrue ? AIO_YES : $input == Qfalse ? AIO_NO : NUM2INT($input); }

// set_x(y) is x = y, and what answers with a truth value is a question.
%rename("%(regex:/^set_(.*)/\\1=/)s", regextarget=1, %$isfunction) "^set_";
%rename("%s") set_rate_limit;
%rename("%s") set_write_marks;
%rename("%(regex:/^(is_|has_)?(.*)/\\2?/)s", %$isfunction, match$type="bool") "";
%rename("%s") aiostate::Collection::take;
%rename(equals) aiostate::Address::equal;

// Raising is a jump: nothing that has a destructor may be on the stack.
%header %{
static void raise_refusal(const Failure &failure) {
  VALUE text = rb_utf8_str_new_cstr(failure.text);
  rb_exc_raise(rb_funcall(rb_path2class("Aiostate::Error"), rb_intern("for"), 2, INT2NUM(failure.status), text));
}

template <class Body>
static void *call_body(void *body) {
  (*static_cast<Body *>(body))();
  return nullptr;
}

// An interrupt (a signal, Thread#kill, Timeout) ends the wait. Ruby would start a thread for each wait if waking were not
// safe in signal handlers. Collection#close leaves alone what is waited for, so the handle is there.
template <class Body>
static void wait_without_lock(aiostate::Collection *collection, Body body) {
  auto wake = [](void *loop) { static_cast<aiostate::Loop *>(loop)->wake_waiter(); };
  rb_nogvl(call_body<Body>, &body, wake, collection->loop().get(), RB_NOGVL_UBF_ASYNC_SAFE);
}

template <class Body>
static void without_lock(Body body) {
  rb_nogvl(call_body<Body>, &body, nullptr, nullptr, 0);
}
%}
#define RAISE(failure) raise_refusal(failure)
#define GUARD_WAIT(body) wait_without_lock(arg1, [&] { body; })

// It may wait for a name lookup.
%exception aiostate::Collection::destroy {
  Failure failure;
  without_lock([&] { guarded(failure, [&] { $action }); });
  if (failure.status) { RAISE(failure); }
}
