// Tensors in device memory as DLPack capsules, both ways.
#pragma once
#include <nanobind/nanobind.h>

namespace ingot_python {

void bind_dlpack(nanobind::module_& module);

}  // namespace ingot_python
