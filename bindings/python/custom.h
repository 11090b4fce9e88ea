// Operators written in Python for foreign domains.
#pragma once
#include <nanobind/nanobind.h>

namespace ingot_python {

void bind_custom(nanobind::module_& module);

}  // namespace ingot_python
