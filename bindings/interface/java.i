// Java: byte[] and bytes, String and UTF-8, exceptions; memory is freed by a Cleaner, that of options with the call.
%include "enumsimple.swg"
%javaconst(1);
%rename("%(lowercamelcase)s", %$isfunction) "";

%header %{
#include <algorithm>

// Java's own copy of an array, given back at every way out of a function: a `return` after a throw skips SWIG's freearg.
class Elements {
 public:
  ~Elements() {
    if (elements_) env_->ReleaseByteArrayElements(array_, elements_, JNI_ABORT);
  }
  // False: an exception is pending.
  bool borrow(JNIEnv *env, jbyteArray array) {
    if (!array) {
      SWIG_JavaThrowException(env, SWIG_JavaNullPointerException, "bytes are wanted");
      return false;
    }
    env_ = env;
    array_ = array;
    elements_ = env->GetByteArrayElements(array, nullptr);
    return elements_ != nullptr;
  }
  ByteView view() const { return {reinterpret_cast<const char *>(elements_), size_t(env_->GetArrayLength(array_))}; }

 private:
  JNIEnv *env_ = nullptr;
  jbyteArray array_ = nullptr;
  jbyte *elements_ = nullptr;
};

static jbyteArray java_bytes(JNIEnv *env, ByteView view) {
  jbyteArray array = env->NewByteArray(static_cast<jsize>(view.size));
  if (array) env->SetByteArrayRegion(array, 0, static_cast<jsize>(view.size), reinterpret_cast<const jbyte *>(view.data));
  return array;
}

static jbyteArray java_text(JNIEnv *env, const char *text) {
  return text ? java_bytes(env, {text, strlen(text)}) : nullptr;
}

static void raise_refusal(JNIEnv *env, const Failure &failure) {
  jclass type = env->FindClass("org/aiostate/AioException");
  jmethodID refuse = type ? env->GetStaticMethodID(type, "refuse", "(I[B)V") : nullptr;
  jbyteArray text = refuse ? java_text(env, failure.text) : nullptr;
  if (text) env->CallStaticVoidMethod(type, refuse, jint(failure.status), text);
}
%}
#define RAISE(failure) raise_refusal(jenv, failure); return $null

%typemap(jni) aiostate::ByteView "jbyteArray"
%typemap(jtype) aiostate::ByteView "byte[]"
%typemap(jstype) aiostate::ByteView "byte[]"
%typemap(javain) aiostate::ByteView "$javainput"
%typemap(javaout) aiostate::ByteView { return $jnicall; }
%typemap(in) aiostate::ByteView (Elements elements) {
  if (!elements.borrow(jenv, $input)) return $null;
  $1 = elements.view();
}
%typemap(out) aiostate::ByteView { $result = java_bytes(jenv, $1); }

// Not by JNI's own functions, whose UTF-8 is another one outside of the basic plane.
%typemap(jni) const char * "jbyteArray"
%typemap(jtype) const char * "byte[]"
%typemap(jstype) const char * "String"
%typemap(javain) const char * "Text.encode($javainput)"
%typemap(javaout) const char * { return Text.decode($jnicall); }
%typemap(in) const char * (Elements elements, std::string text) {
  if ($input) {
    if (!elements.borrow(jenv, $input)) return $null;
    text.assign(elements.view().data, elements.view().size);
  }
  $1 = $input ? &text[0] : nullptr;
}
%typemap(freearg) const char * ""
%typemap(out) const char * { $result = java_text(jenv, $1); }

%typemap(in) size_t {
  if ($input < 0) {
    SWIG_JavaThrowException(jenv, SWIG_JavaIllegalArgumentException, "a size is not negative");
    return $null;
  }
  $1 = static_cast<size_t>($input);
}

// The library says "no limit" by the largest number.
%typemap(out) size_t { $result = static_cast<jlong>(std::min<size_t>($1, INT64_MAX)); }

%pragma(java) jniclasscode=%{
  static {
    Loader.load();
  }
%}

// The cleaner watches the proxy, since that is what a running native call keeps alive.
%typemap(javafinalize) SWIGTYPE ""
%typemap(javainterfaces) SWIGTYPE "Deletable"
%define CLEANED(name)
%typemap(javainterfaces) aiostate::name ""
%typemap(javabody) aiostate::name %{
  private final long swigCPtr;

  protected name(long pointer, boolean owned) {
    swigCPtr = pointer;
    if (owned) Loader.CLEANER.register(this, () -> $imclassname.delete_##name(pointer));
  }

  protected static long getCPtr(name object) {
    return object == null ? 0 : object.swigCPtr;
  }
%}
%typemap(javadestruct, methodname="delete", methodmodifiers="public") aiostate::name ""
%enddef
CLEANED(Acceptor)
CLEANED(Address)
CLEANED(Buffers)
CLEANED(Collection)
CLEANED(Counters)
CLEANED(Credentials)
CLEANED(Event)
CLEANED(FrameFormat)
CLEANED(Messages)
CLEANED(RateLimit)
CLEANED(State)
CLEANED(Timer)
CLEANED(TlsContext)
