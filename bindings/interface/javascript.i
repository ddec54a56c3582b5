// node: Buffer and other views in, Buffer out; no lock, since nothing here waits.
%rename("%(lowercamelcase)s", %$isfunction) "";

%header %{
#include <node_buffer.h>

static void throw_type_error(const char *text) {
  v8::Isolate::GetCurrent()->ThrowException(v8::Exception::TypeError(SWIGV8_STRING_NEW(text)));
}

// What the layer lends: a function that makes its exception of a status and a text, and one that makes a Buffer of a size.
// One of each for the process, since the layer keeps to its main thread; they outlive V8, and so are no v8::Global.
static v8::Persistent<v8::Function> make_error, make_buffer;

static v8::MaybeLocal<v8::Value> call(const v8::Persistent<v8::Function> &function, int count,
                                      v8::Local<v8::Value> *arguments) {
  auto called = v8::Local<v8::Function>::New(v8::Isolate::GetCurrent(), function);
  return called->Call(SWIGV8_CURRENT_CONTEXT(), SWIGV8_NULL(), count, arguments);
}

static void throw_refusal(const Failure &failure) {
  v8::Local<v8::Value> arguments[] = {SWIGV8_INT32_NEW(failure.status), SWIGV8_STRING_NEW(failure.text)};
  v8::Local<v8::Value> error;
  if (call(make_error, 2, arguments).ToLocal(&error)) v8::Isolate::GetCurrent()->ThrowException(error);
}

// False: an exception is under way.
static bool to_buffer(aiostate::ByteView bytes, v8::Local<v8::Value> &buffer) {
  v8::Local<v8::Value> size = SWIGV8_NUMBER_NEW(double(bytes.size));
  if (!call(make_buffer, 1, &size).ToLocal(&buffer)) return false;
  if (bytes.size) memcpy(node::Buffer::Data(buffer), bytes.data, bytes.size);
  return true;
}

// SWIG throws an Error for everything.
#undef SWIG_exception_fail
#define SWIG_exception_fail(code, text) do { throw_type_error(text); SWIG_fail; } while (0)
%}
#define RAISE(failure) throw_refusal(failure); SWIG_fail

%typemap(in) aiostate::ByteView {
  if (!node::Buffer::HasInstance($input))
    SWIG_exception_fail(SWIG_TypeError, "Bytes must be a Buffer, a TypedArray or a DataView.");
  $1.data = node::Buffer::Data($input);
  $1.size = node::Buffer::Length($input);
}
%typemap(out) aiostate::ByteView {
  v8::Local<v8::Value> bytes;
  if (!to_buffer($1, bytes)) SWIG_fail;
  $result = bytes;
}
%typemap(typecheck, precedence=SWIG_TYPECHECK_STRING) aiostate::ByteView { $1 = node::Buffer::HasInstance($input); }

%typemap(in) v8::Local<v8::Function> {
  if (!$input->IsFunction()) SWIG_exception_fail(SWIG_TypeError, "A function is wanted.");
  $1 = $input.As<v8::Function>();
}
%inline %{
void lend(v8::Local<v8::Function> error, v8::Local<v8::Function> buffer) {
  make_error.Reset(v8::Isolate::GetCurrent(), error);
  make_buffer.Reset(v8::Isolate::GetCurrent(), buffer);
}
%}
