// What the opaque handles hold.
#pragma once
#include <string>

#include "api/guard.h"
#include "plan/plan.h"
#include "runtime/session.h"
#include "tensor/value.h"

struct ingot_value {
  ingot::Value value;
};

struct ingot_plan {
  std::shared_ptr<const ingot::plan::Plan> plan;
  mutable std::string text, json, target;
};

struct ingot_session {
  std::shared_ptr<const ingot::plan::Plan> plan;
  ingot::runtime::Session session;
  std::vector<std::string> input_types, output_types, input_shapes, output_shapes;
  std::string json;
  ingot_session(std::shared_ptr<const ingot::plan::Plan> p, const ingot::runtime::SessionOptions& options)
      : plan(p), session(std::move(p), options) {}
};

namespace ingot::api {

std::string plan_json(const plan::Plan& plan);
std::string session_json(runtime::Session& session);
// ONNX Runtime's spelling of a type, and a shape as a JSON array.
std::string onnx_type_text(const Type& type);
std::string shape_json(const plan::ValueDef& value);

}  // namespace ingot::api
