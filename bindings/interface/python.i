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

// `take` is called for each event, and gives at once what most are asked for: (token, status, last, count, bytes), or
// None.
%typemap(out) bool aiostate::Collection::take { $result = $1 ? what_all_have(*arg2) : SWIG_Py_Void(); }
%header %{
static PyObject *what_all_have(const aiostate::Event &event) {
  PyObject *parts = PyTuple_New(5);
  if (!parts) return nullptr;
  aiostate::ByteView bytes = event.bytes();
  PyTuple_SET_ITEM(parts, 0, PyLong_FromLong(event.token()));
  PyTuple_SET_ITEM(parts, 1, PyLong_FromLong(event.status()));
  PyTuple_SET_ITEM(parts, 2, PyBool_FromLong(event.last()));
  PyTuple_SET_ITEM(parts, 3, PyLong_FromSize_t(event.count()));
  PyTuple_SET_ITEM(parts, 4, PyBytes_FromStringAndSize(bytes.data, bytes.size));
  if (PyErr_Occurred()) Py_CLEAR(parts);
  return parts;
}

// The layer's exception, found when it is first needed.
static void raise_refusal(const Failure &failure) {
  static PyObject *raise = nullptr;
  if (!raise) {
    PyObject *module = PyImport_ImportModule("aiostate.errors");
    if (module) raise = PyObject_GetAttrString(module, "refuse");
    Py_XDECREF(module);
  }
  PyObject *text = PyUnicode_DecodeUTF8(failure.text, strlen(failure.text), "replace");  // it may have been cut
  if (raise && text) Py_XDECREF(PyObject_CallFunction(raise, "iO", failure.status, text));
  Py_XDECREF(text);
}
%}
#define RAISE(failure) raise_refusal(failure); SWIG_fail
