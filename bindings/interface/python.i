// Python: bytes-like objects in, bytes out; wait_events without the interpreter's lock.
%typemap(in) aiostate::ByteView (Py_buffer view = {}) {
  if (PyObject_GetBuffer($input, &view, PyBUF_SIMPLE) != 0) SWIG_fail;
  $1.data = static_cast<const char *>(view.buf);
  $1.size = view.len;
}
%typemap(freearg) aiostate::ByteView { if (view$argnum.obj) PyBuffer_Release(&view$argnum); }
%typemap(out) aiostate::ByteView { $result = PyBytes_FromStringAndSize($1.data, $1.size); }
%typemap(typecheck, precedence=SWIG_TYPECHECK_STRING) aiostate::ByteView { $1 = PyObject_CheckBuffer($input); }

%nothread;
%thread aiostate::Collection::wait_events;
// It may wait for a name lookup.
%thread aiostate::Collection::destroy;

// The layer's exception, found when it is first needed.
%header %{
static void raise_refusal(const Failure &failure) {
  static PyObject *raise = nullptr;
  if (!raise) {
    PyObject *module = PyImport_ImportModule("aiostate.errors");
    if (module) raise = PyObject_GetAttrString(module, "refuse");
    Py_XDECREF(module);
  }
  if (raise) Py_XDECREF(PyObject_CallFunction(raise, "is", failure.status, failure.text));
}
%}
#define RAISE(failure) raise_refusal(failure); SWIG_fail
