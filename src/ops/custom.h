// An operator whose meaning the application supplies. Plans store its domain, type and attributes; whoever runs them
// must have registered it.
#pragma once
#include <functional>
#include <span>

#include "ops/op.h"

namespace ingot {

class InferContext;
class EvalContext;

struct Custom {
  std::string domain, op_type;
  std::string attributes;  // the ONNX attributes as a JSON object
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("domain", &Custom::domain), field("op_type", &Custom::op_type),
                           field("attributes", &Custom::attributes));
  }
};

struct CustomFunctions {
  std::function<void(const Custom&, InferContext&)> infer;
  std::function<void(const Custom&, EvalContext&)> eval;
};
// Process-wide; a second registration of the same domain and type replaces the first. Thread-safe.
void register_custom(const std::string& domain, const std::string& op_type, CustomFunctions functions);
// Domain and type of each registered operator.
std::vector<std::pair<std::string, std::string>> registered_customs();

}  // namespace ingot
