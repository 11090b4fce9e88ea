// The extension module: values, plans, sessions and builders over the C++ interface. The Python classes that people
// use are in ingot/*.py.
#include <nanobind/nanobind.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <ingot/ingot.hpp>

#include "custom.h"
#include "dlpack.h"

namespace nb = nanobind;
using ingot::Shape;

namespace {

// Bytes of a tensor, for the buffer protocol.
size_t byte_size(const ingot_tensor& tensor) {
  size_t count = 1;
  for (size_t i = 0; i < tensor.type.rank; ++i) count *= static_cast<size_t>(tensor.type.shape[i]);
  switch (tensor.type.dtype) {
    case INGOT_F64:
    case INGOT_I64:
    case INGOT_U64:
    case INGOT_C64: return count * 8;
    case INGOT_C128: return count * 16;
    case INGOT_F32:
    case INGOT_I32:
    case INGOT_U32: return count * 4;
    case INGOT_F16:
    case INGOT_BF16:
    case INGOT_I16:
    case INGOT_U16: return count * 2;
    case INGOT_U4:
    case INGOT_I4:
    case INGOT_F4E2M1: return (count + 1) / 2;
    case INGOT_U2:
    case INGOT_I2: return (count + 3) / 4;
    case INGOT_STRING: return 0;
    default: return count;
  }
}

// The bytes live as long as the exporting object: NumPy arrays made from it keep it alive.
int get_buffer(PyObject* exporter, Py_buffer* view, int flags) {
  const auto& value = *nb::inst_ptr<ingot::Value>(nb::handle(exporter));
  if (value.device() != "cpu") {
    PyErr_Format(PyExc_BufferError, "the value lies in memory of %s", value.device().c_str());
    return -1;
  }
  ingot_tensor tensor;
  if (ingot_error* error = ingot_value_tensor(value.get(), &tensor); error != nullptr) {
    ingot_error_release(error);
    PyErr_SetString(PyExc_BufferError, "the value is no tensor");
    return -1;
  }
  return PyBuffer_FillInfo(view, exporter, const_cast<void*>(tensor.data), static_cast<Py_ssize_t>(byte_size(tensor)),
                           0, flags);
}

PyType_Slot kValueSlots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)}, {0, nullptr}};

void release_owner(void* owner) {
  const nb::gil_scoped_acquire gil;
  Py_DECREF(static_cast<PyObject*>(owner));
}

// Borrows memory at `address` that `owner` keeps alive.
ingot::Value borrow(int dtype, uintptr_t address, const Shape& shape, nb::object owner) {
  const ingot_tensor_type type{static_cast<ingot_dtype>(dtype), shape.size(), shape.data()};
  ingot_value* value = nullptr;
  ingot::check(ingot_value_borrow(&type, reinterpret_cast<const void*>(address), owner.ptr(), release_owner, &value));
  owner.release();  // the value holds it now
  return ingot::Value(value);
}

// Its end waits, without the interpreter's lock, for the build that goes on behind it: that may call operators written
// in Python.
struct Session : ingot::Session {
  using ingot::Session::Session;
  explicit Session(ingot::Session&& made) : ingot::Session(std::move(made)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (get() == nullptr) return;
    const nb::gil_scoped_release released;
    ingot_session_stop_warm_up(get());
    char* ignored = nullptr;
    ingot_error_release(ingot_session_warm_up(get(), -1, &ignored));
    ingot_string_release(ignored);
  }

  // `seconds` < 0: without end.
  std::string warm_up(double seconds) const {
    const nb::gil_scoped_release released;
    return ingot::warm_up_json(*this, seconds);
  }
};

ingot::Value borrow_device(int dtype, const std::string& device, uintptr_t address, const Shape& shape,
                           nb::object owner) {
  const ingot_tensor_type type{static_cast<ingot_dtype>(dtype), shape.size(), shape.data()};
  ingot_value* value = nullptr;
  ingot::check(ingot_value_borrow_device(&type, device.c_str(), address, owner.ptr(), release_owner, &value));
  owner.release();  // the value holds it now
  return ingot::Value(value);
}

// `outputs`: one entry per output, a value to write into or None; `on_device`: those of the latter that stay there.
std::vector<ingot::Value> run(Session& session, const std::vector<const ingot::Value*>& inputs, const nb::list& outputs,
                              uint64_t seed, bool profile, uintptr_t cancel, const std::vector<size_t>& on_device,
                              std::optional<uint64_t> stream, bool asynchronous) {
  std::vector<const ingot_value*> in;
  for (const auto* input : inputs) in.push_back(input->get());
  std::vector<ingot_value*> out(outputs.size(), nullptr);
  std::vector<bool> bound(outputs.size(), false);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (nb::handle(outputs[i]).is_none()) continue;
    bound[i] = true;
    out[i] = nb::cast<ingot::Value&>(outputs[i]).get();
  }
  if (in.size() != ingot_session_input_count(session.get()) ||
      out.size() != ingot_session_output_count(session.get())) {
    throw ingot::Exception(INGOT_INVALID_ARGUMENT, "wrong number of inputs or outputs");
  }
  ingot_run_options options = ingot::default_run_options();
  options.seed = seed;
  options.profile = profile ? 1 : 0;
  options.cancel = reinterpret_cast<const int*>(cancel);
  std::vector<unsigned char> stays(out.size(), 0);
  for (const size_t index : on_device) stays.at(index) = 1;
  options.outputs_on_device = stays.data();
  options.stream = stream ? &*stream : nullptr;
  options.asynchronous = asynchronous ? 1 : 0;
  ingot_error* error = nullptr;
  {
    const nb::gil_scoped_release released;
    error = ingot_session_run(session.get(), in.data(), out.data(), &options);
  }
  ingot::check(error);
  std::vector<ingot::Value> results;
  for (size_t i = 0; i < out.size(); ++i) {
    results.push_back(bound[i] ? ingot::Value(ingot_value_copy(out[i])) : ingot::Value(out[i]));
  }
  return results;
}

ingot::Plan build(ingot::Builder& builder,
                  const std::optional<std::function<bool(std::string, size_t, size_t)>>& progress) {
  // A Python exception in the callback stops the build and is raised again here.
  std::exception_ptr failure;
  if (progress) {
    builder.progress([&](const char* stage, size_t done, size_t total) {
      const nb::gil_scoped_acquire gil;
      try {
        return (*progress)(stage, done, total);
      } catch (...) {
        failure = std::current_exception();
        return false;
      }
    });
  } else {
    builder.progress([](const char*, size_t, size_t) { return true; });
  }
  ingot_plan* plan = nullptr;
  ingot_error* error = nullptr;
  {
    const nb::gil_scoped_release released;
    error = ingot_build(builder.get(), &plan);
  }
  if (failure) {
    ingot_error_release(error);
    ingot_plan_release(plan);
    std::rethrow_exception(failure);
  }
  ingot::check(error);
  return ingot::Plan(plan);
}

ingot_session_options session_options(int threads, int streams, int spins, bool pin, bool allow_device_code) {
  ingot_session_options options = ingot::default_session_options();
  options.threads = threads;
  options.streams = streams;
  options.spins = spins;
  options.pin = pin ? 1 : 0;
  options.allow_device_code = allow_device_code ? 1 : 0;
  return options;
}

Session* warming_session(ingot::Builder& builder, int threads, int streams, int spins, bool pin,
                         bool allow_device_code) {
  const nb::gil_scoped_release released;
  return new Session(builder.warming_session(session_options(threads, streams, spins, pin, allow_device_code)));
}

nb::list port_list(const std::vector<ingot::Session::Port>& ports) {
  nb::list list;
  for (const auto& port : ports) list.append(nb::make_tuple(port.name, port.type, port.shape));
  return list;
}

void bind_value(nb::module_& module) {
  nb::class_<ingot::Value>(module, "Value", nb::type_slots(kValueSlots))
      .def(nb::init<>())
      .def_static("borrow", borrow, nb::arg("dtype"), nb::arg("address"), nb::arg("shape"), nb::arg("owner").none())
      .def_static("borrow_device", borrow_device, nb::arg("dtype"), nb::arg("device"), nb::arg("address"),
                  nb::arg("shape"), nb::arg("owner").none())
      .def_static("allocate_device",
                  [](int dtype, const std::string& device, const Shape& shape) {
                    return ingot::Value::allocate_device(static_cast<ingot_dtype>(dtype), device, shape);
                  })
      .def("device", &ingot::Value::device)
      .def("to_host", &ingot::Value::to_host, nb::call_guard<nb::gil_scoped_release>())
      .def("write", &ingot::Value::write, nb::call_guard<nb::gil_scoped_release>())
      .def_static(
          "allocate",
          [](int dtype, const Shape& shape) { return ingot::Value::allocate(static_cast<ingot_dtype>(dtype), shape); })
      .def_static("strings", &ingot::Value::of)
      .def_static("sequence",
                  [](const std::vector<const ingot::Value*>& items) {
                    std::vector<const ingot_value*> handles;
                    for (const auto* item : items) handles.push_back(item->get());
                    ingot_value* value = nullptr;
                    ingot::check(ingot_value_sequence(handles.data(), handles.size(), &value));
                    return ingot::Value(value);
                  })
      .def_static("map",
                  [](const ingot::Value& keys, const ingot::Value& values) {
                    ingot_value* value = nullptr;
                    ingot::check(ingot_value_map(keys.get(), values.get(), &value));
                    return ingot::Value(value);
                  })
      .def("kind", [](const ingot::Value& value) { return static_cast<int>(value.kind()); })
      .def("dtype", [](const ingot::Value& value) { return static_cast<int>(value.dtype()); })
      .def("shape", [](const ingot::Value& value) { return nb::tuple(nb::cast(value.shape())); })
      .def("address", [](const ingot::Value& value) { return reinterpret_cast<uintptr_t>(value.tensor().data); })
      .def("string_list",
           [](const ingot::Value& value) {
             nb::list list;
             for (size_t i = 0; i < value.count(); ++i) {
               const std::string text = value.string(i);
               list.append(
                   nb::steal(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace")));
             }
             return list;
           })
      .def("items", &ingot::Value::items)
      .def("share", &ingot::Value::share);
}

}  // namespace

NB_MODULE(_ingot, module) {
  static PyObject* error_class = nullptr;
  module.def(
      "set_error_class", [](nb::object factory) { error_class = factory.release().ptr(); },
      "factory(code, message) -> exception raised for errors of the library");
  nb::register_exception_translator(
      [](const std::exception_ptr& pointer, void*) {
        try {
          std::rethrow_exception(pointer);
        } catch (const ingot::Exception& error) {
          if (error_class == nullptr) {
            PyErr_SetString(PyExc_RuntimeError, error.what());
            return;
          }
          nb::object exception = nb::borrow(error_class)(static_cast<int>(error.code()), error.what());
          PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
        }
      },
      nullptr);
  bind_value(module);
  nb::class_<ingot::Plan>(module, "Plan")
      .def_static("load", &ingot::Plan::load, nb::arg("path"), nb::arg("verify_weights") = false)
      .def_static(
          "from_bytes", [](nb::bytes bytes) { return ingot::Plan::from_bytes(bytes.c_str(), bytes.size()); },
          nb::keep_alive<0, 1>())
      .def("save", &ingot::Plan::save)
      .def("text", &ingot::Plan::text)
      .def("json", &ingot::Plan::json)
      .def("diff", &ingot::Plan::diff);
  nb::class_<ingot::Builder>(module, "Builder")
      .def(nb::init<const std::string&>())
      .def(
          "__init__",
          [](ingot::Builder* self, nb::bytes bytes, const std::string& folder) {
            new (self) ingot::Builder(bytes.c_str(), bytes.size(), folder);
          },
          nb::keep_alive<1, 2>())
      .def("option",
           [](ingot::Builder& self, const std::string& name, const std::string& value) { self.option(name, value); })
      .def("initializer", [](ingot::Builder& self, const std::string& name,
                             const ingot::Value& value) { self.initializer(name, value); })
      .def("external_file", [](ingot::Builder& self, const std::string& location,
                               nb::bytes bytes) { self.external_file(location, bytes.c_str(), bytes.size()); })
      .def("build", build, nb::arg("progress").none() = nb::none())
      .def("report_json", &ingot::Builder::report_json)
      .def("dump", &ingot::Builder::dump);
  nb::class_<Session>(module, "Session", nb::is_weak_referenceable())
      .def(
          "__init__",
          [](Session* self, const ingot::Plan& plan, int threads, int streams, int spins, bool pin,
             bool allow_device_code) {
            new (self) Session(plan, session_options(threads, streams, spins, pin, allow_device_code));
          },
          nb::arg("plan"), nb::arg("threads") = 0, nb::arg("streams") = 1, nb::arg("spins") = -1,
          nb::arg("pin") = false, nb::arg("allow_device_code") = false, nb::keep_alive<1, 2>())
      .def_static("warming", warming_session, nb::arg("builder"), nb::arg("threads") = 0, nb::arg("streams") = 1,
                  nb::arg("spins") = -1, nb::arg("pin") = false, nb::arg("allow_device_code") = false,
                  nb::keep_alive<0, 1>())
      .def("warm_up", &Session::warm_up, nb::arg("seconds") = 0)
      .def("stop_warm_up", [](Session& self) { ingot_session_stop_warm_up(self.get()); })
      .def("plan", [](const Session& self) { return self.plan(); })
      .def("inputs", [](const Session& self) { return port_list(self.inputs()); })
      .def("outputs", [](const Session& self) { return port_list(self.outputs()); })
      .def("run", run, nb::arg("inputs"), nb::arg("outputs"), nb::arg("seed") = 0, nb::arg("profile") = false,
           nb::arg("cancel") = 0, nb::arg("on_device") = std::vector<size_t>(), nb::arg("stream").none() = nb::none(),
           nb::arg("asynchronous") = false)
      .def("json", [](const Session& self) { return self.json(); })
      .def("profile_json", [](Session& self) { return self.profile_json(); })
      .def("memory_json", [](Session& self, const std::string& shapes) { return self.memory_json(shapes); });
  module.def(
      "device_synchronize", [](const std::string& device) { ingot::check(ingot_device_synchronize(device.c_str())); },
      nb::call_guard<nb::gil_scoped_release>());
  module.def("respecialize", &ingot::respecialize);
  module.def("cache_list_json", &ingot::cache_list_json, nb::arg("folder") = "");
  module.def("cache_prune_json", &ingot::cache_prune_json, nb::arg("folder") = "", nb::arg("limit") = "");
  module.def("version", [] { return std::string(ingot_version()); });
  module.def("device_problem", &ingot::device_problem);
  module.def("name_distance", [](const std::string& name, const std::string& valid) {
    return ingot_name_distance(name.c_str(), valid.c_str());
  });
  module.def("option_problem", &ingot::option_problem);
  module.def("doctor_json", [] { return std::string(ingot_doctor_json()); });
  module.def("build_options_json", [] { return std::string(ingot_build_options_json()); });
  module.def("is_plan_file", [](const std::string& path) { return ingot_is_plan_file(path.c_str()) != 0; });
  module.def("set_log_level", [](int level) { ingot_set_log(level, nullptr, nullptr); });
  ingot_python::bind_custom(module);
  ingot_python::bind_dlpack(module);
}
