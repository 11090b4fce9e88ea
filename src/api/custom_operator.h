// Operators that the application registers for foreign domains.
#pragma once
#include <vector>

#include "onnx/load.h"

namespace ingot::api {

std::vector<onnx::CustomOperator> registered_custom_operators();

}  // namespace ingot::api
