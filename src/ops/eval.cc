#include "ops/eval.h"

#include "base/checked.h"
#include "ops/op.h"
#include "tensor/elements.h"

namespace ingot {

const Value& EvalContext::input(size_t index) const {
  if (!has(index)) fail(Code::kInvalidArgument, "input {} is missing", index);
  return *inputs_[index];
}

void EvalContext::reserve(size_t index) {
  while (outputs_.size() <= index) outputs_.push_back(std::make_unique<Value>());
}

Tensor& EvalContext::output(size_t index, DType dtype, const Shape& shape) {
  reserve(index);
  const int64_t bytes = storage_bytes(dtype, element_count(shape));
  allocated_ = checked_add(allocated_, bytes);
  if (allocated_ > host_.memory_budget) {
    fail(Code::kOutOfMemory, "output {} of type {} and shape {} takes {} bytes; the budget is {}", index,
         dtype_name(dtype), shape_text(shape), bytes, host_.memory_budget);
  }
  *outputs_[index] = host_.allocate ? host_.allocate(index, dtype, shape) : Tensor::uninitialized(dtype, shape);
  return outputs_[index]->mutable_tensor();
}

void EvalContext::set_output(size_t index, Value value) {
  reserve(index);
  *outputs_[index] = std::move(value);
}

void EvalContext::share_output(size_t index, const Tensor& tensor, const Shape& shape) {
  if (!host_.allocate) return set_output(index, tensor.reshaped(shape));
  Tensor& copy = output(index, tensor.dtype(), shape);
  if (copy.count() != tensor.count()) {
    fail(Code::kInvalidArgument, "cannot reshape {} to {}", shape_text(tensor.shape()), shape_text(shape));
  }
  copy_elements(tensor, 0, copy, 0, tensor.count());
}

std::vector<int64_t> EvalContext::sizes(const DimShape& dims) const {
  static const SymbolValues kNone;
  std::vector<int64_t> values;
  for (const Dim& dim : dims) {
    const auto value = dim.eval(host_.symbols != nullptr ? *host_.symbols : kNone);
    if (!value) fail(Code::kInvalidArgument, "the size {} is not known in this run", dim.text());
    values.push_back(*value);
  }
  return values;
}

std::vector<Value> EvalContext::take_outputs() {
  std::vector<Value> values;
  for (auto& output : outputs_) values.push_back(std::move(*output));
  return values;
}

std::vector<Value> evaluate(const Op& op, std::span<const Value* const> inputs, const EvalHost& host) {
  EvalContext context(inputs, host);
  const auto most = static_cast<size_t>(op.def().max_inputs);  // any number when negative
  if (op.def().max_inputs >= 0 && inputs.size() > most) {
    fail(Code::kInvalidArgument, "{} takes {} inputs, got {}", op.name(), most, inputs.size());
  }
  for (int i = 0; i < op.def().min_inputs; ++i) context.input(static_cast<size_t>(i));
  op.def().eval(op.fields(), context);
  return context.take_outputs();
}

}  // namespace ingot
