#include "custom.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <ingot/ingot.hpp>

namespace nb = nanobind;

namespace ingot_python {
namespace {

// infer(attributes_json, [(dtype, shape), ...]) -> [(dtype, shape), ...]; sizes of -1 are unknown.
// eval(attributes_json, [(dtype, shape, address), ...], allocate) with allocate(index, dtype, shape) -> address.
struct Functions {
  nb::object infer, eval;
};

ingot_error* python_error(const nb::python_error& error) {
  return ingot_error_create(INGOT_INVALID_ARGUMENT, error.what());
}

nb::tuple type_tuple(const ingot_tensor_type& type) {
  nb::list shape;
  for (size_t i = 0; i < type.rank; ++i) shape.append(type.shape[i]);
  return nb::make_tuple(static_cast<int>(type.dtype), nb::tuple(shape));
}

ingot_error* infer(void* user, const char* attributes, const ingot_tensor_type* inputs, size_t count, void* context,
                   void (*set_output)(void*, size_t, const ingot_tensor_type*)) {
  const nb::gil_scoped_acquire gil;
  try {
    nb::list types;
    for (size_t i = 0; i < count; ++i) types.append(type_tuple(inputs[i]));
    const nb::object outputs = static_cast<Functions*>(user)->infer(attributes, types);
    size_t index = 0;
    for (const nb::handle output : outputs) {
      const auto shape = nb::cast<std::vector<int64_t>>(output[1]);
      const ingot_tensor_type type{static_cast<ingot_dtype>(nb::cast<int>(output[0])), shape.size(), shape.data()};
      set_output(context, index++, &type);
    }
    return nullptr;
  } catch (const nb::python_error& error) {
    return python_error(error);
  } catch (const std::exception& error) {
    return ingot_error_create(INGOT_INVALID_ARGUMENT, error.what());
  }
}

ingot_error* eval(void* user, const char* attributes, const ingot_tensor* inputs, size_t count, void* context,
                  void* (*allocate_output)(void*, size_t, const ingot_tensor_type*)) {
  const nb::gil_scoped_acquire gil;
  try {
    nb::list tensors;
    for (size_t i = 0; i < count; ++i) {
      const nb::tuple type = type_tuple(inputs[i].type);
      tensors.append(nb::make_tuple(type[0], type[1], reinterpret_cast<uintptr_t>(inputs[i].data)));
    }
    const nb::object allocate = nb::cpp_function([&](size_t index, int dtype, const std::vector<int64_t>& shape) {
      const ingot_tensor_type type{static_cast<ingot_dtype>(dtype), shape.size(), shape.data()};
      return reinterpret_cast<uintptr_t>(allocate_output(context, index, &type));
    });
    static_cast<Functions*>(user)->eval(attributes, tensors, allocate);
    return nullptr;
  } catch (const nb::python_error& error) {
    return python_error(error);
  } catch (const std::exception& error) {
    return ingot_error_create(INGOT_INVALID_ARGUMENT, error.what());
  }
}

}  // namespace

void bind_custom(nb::module_& module) {
  module.def("register_custom_operator", [](const std::string& domain, const std::string& op_type,
                                            nb::object infer_function, nb::object eval_function) {
    auto* functions =
        new Functions{std::move(infer_function), std::move(eval_function)};  // for the life of the process
    ingot_custom_operator op{sizeof(ingot_custom_operator), domain.c_str(), op_type.c_str(), functions, infer, eval};
    ingot::check(ingot_register_custom_operator(&op));
  });
}

}  // namespace ingot_python
