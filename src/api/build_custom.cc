#include <nlohmann/json.hpp>

#include "api/custom_operator.h"
#include "api/guard.h"
#include "ingot/ingot.h"
#include "ops/custom.h"
#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot::api {
namespace {

using nlohmann::json;

std::string attributes_json(const onnx::Node& node) {
  json result = json::object();
  for (const onnx::Attribute& attribute : node.attributes) {
    switch (attribute.type) {
      case onnx::Attribute::Type::kFloat: result[attribute.name] = attribute.f; break;
      case onnx::Attribute::Type::kInt: result[attribute.name] = attribute.i; break;
      case onnx::Attribute::Type::kString: result[attribute.name] = attribute.s; break;
      case onnx::Attribute::Type::kFloats: result[attribute.name] = attribute.floats; break;
      case onnx::Attribute::Type::kInts: result[attribute.name] = attribute.ints; break;
      case onnx::Attribute::Type::kStrings: result[attribute.name] = attribute.strings; break;
      default:
        fail(Code::kUnsupported, "attribute {} of custom operator {}: only numbers and strings", attribute.name,
             node.op_type);
    }
  }
  return result.dump(-1, ' ', false, json::error_handler_t::replace);
}

Op make_custom(const onnx::Node& node, const void*) { return Custom{node.domain, node.op_type, attributes_json(node)}; }

// Shapes of the operands as the C interface shows them; `sizes` owns the numbers.
ingot_tensor_type type_of(const Fact& fact, std::vector<Shape>& sizes) {
  Shape shape;
  if (fact.shape) {
    for (const Dim& dim : *fact.shape) shape.push_back(dim.constant().value_or(-1));
  }
  sizes.push_back(std::move(shape));
  return {static_cast<ingot_dtype>(fact.dtype()), sizes.back().size(), sizes.back().data()};
}

DType checked_dtype(const ingot_tensor_type* type) {
  if (type == nullptr || !is_valid_dtype(type->dtype))
    fail(Code::kInvalidArgument, "a custom operator gave no valid type");
  return static_cast<DType>(type->dtype);
}

void infer_with(const ingot_custom_operator& op, const Custom& custom, InferContext& context) {
  std::vector<Shape> sizes;
  sizes.reserve(context.input_count());
  std::vector<ingot_tensor_type> inputs;
  for (size_t i = 0; i < context.input_count(); ++i) {
    inputs.push_back(context.has(i) ? type_of(context.input(i), sizes) : ingot_tensor_type{});
  }
  // Exceptions may not cross the application's frames: the callback only records.
  struct Recorded {
    std::vector<std::pair<size_t, std::pair<ingot_dtype, Shape>>> outputs;
  } recorded;
  const auto set_output = [](void* target, size_t index, const ingot_tensor_type* type) {
    if (type == nullptr) return;
    static_cast<Recorded*>(target)->outputs.push_back(
        {index, {type->dtype, Shape(type->shape, type->shape + type->rank)}});
  };
  raise(op.infer(op.user, custom.attributes.c_str(), inputs.data(), inputs.size(), &recorded, set_output));
  for (const auto& [index, type] : recorded.outputs) {
    const ingot_tensor_type given{type.first, 0, nullptr};
    DimShape dims;
    for (const int64_t size : type.second) dims.push_back(size < 0 ? context.fresh_dim() : Dim(size));
    if (index > 64) fail(Code::kInvalidArgument, "a custom operator set output {}", index);
    context.set_output(index, checked_dtype(&given), std::move(dims));
  }
}

void eval_with(const ingot_custom_operator& op, const Custom& custom, EvalContext& context) {
  std::vector<ingot_tensor> inputs;
  for (size_t i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) {
      inputs.emplace_back();
      continue;
    }
    const Tensor& tensor = context.tensor(i);
    inputs.push_back(
        {{static_cast<ingot_dtype>(tensor.dtype()), tensor.shape().size(), tensor.shape().data()}, tensor.raw()});
  }
  struct Target {
    EvalContext& context;
    std::exception_ptr failure;
  } target{context, nullptr};
  const auto allocate = [](void* opaque, size_t index, const ingot_tensor_type* type) -> void* {
    auto& self = *static_cast<Target*>(opaque);
    try {
      const DType dtype = checked_dtype(type);
      return self.context.output(index, dtype, Shape(type->shape, type->shape + type->rank)).mutable_raw();
    } catch (...) {
      self.failure = std::current_exception();
      return nullptr;
    }
  };
  ingot_error* error = op.eval(op.user, custom.attributes.c_str(), inputs.data(), inputs.size(), &target, allocate);
  if (target.failure) {
    delete error;
    std::rethrow_exception(target.failure);
  }
  raise(error);
}

}  // namespace

std::vector<onnx::CustomOperator> registered_custom_operators() {
  std::vector<onnx::CustomOperator> list;
  for (auto& [domain, op_type] : registered_customs()) list.push_back({domain, op_type, make_custom, nullptr});
  return list;
}

}  // namespace ingot::api

extern "C" ingot_error* ingot_register_custom_operator(const ingot_custom_operator* given) {
  using namespace ingot::api;
  return guard([&] {
    require(given != nullptr && given->domain != nullptr && given->op_type != nullptr, "operator, domain or op_type");
    require(given->infer != nullptr && given->eval != nullptr, "infer or eval");
    const ingot_custom_operator op = *given;
    ingot::register_custom(op.domain, op.op_type,
                           {[op](const ingot::Custom& c, ingot::InferContext& context) { infer_with(op, c, context); },
                            [op](const ingot::Custom& c, ingot::EvalContext& context) { eval_with(op, c, context); }});
  });
}
