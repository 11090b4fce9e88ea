// For tests of operators: inference and evaluation of one operator on its own.
#pragma once
#include <string_view>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/op.h"

namespace ingot {

// fact("f32[n,3]"): sizes as Dim::parse reads them; "f32[?]" has no known rank.
inline Fact fact(std::string_view text) {
  const size_t open = text.find('[');
  const DType dtype = parse_dtype(text.substr(0, open));
  std::string_view sizes = text.substr(open + 1, text.size() - open - 2);
  if (sizes == "?") return Fact(dtype, std::nullopt);
  DimShape shape;
  while (!sizes.empty()) {
    const size_t comma = std::min(sizes.find(','), sizes.size());
    shape.push_back(Dim::parse(sizes.substr(0, comma)));
    sizes.remove_prefix(std::min(comma + 1, sizes.size()));
  }
  return Fact(dtype, std::move(shape));
}

inline std::vector<Fact> infer_facts(const Op& op, const std::vector<std::optional<Fact>>& inputs) {
  std::vector<const Fact*> pointers;
  for (const auto& input : inputs) pointers.push_back(input ? &*input : nullptr);
  int next = 0;
  InferContext context(pointers, [&] { return Dim::symbol("new" + std::to_string(next++)); });
  op.def().infer(op.fields(), context);
  return std::move(context.outputs());
}
// Text of output 0's fact, e.g. "f32[n,8]".
inline std::string infer_text(const Op& op, const std::vector<std::optional<Fact>>& inputs) {
  return infer_facts(op, inputs).at(0).text();
}

// Undefined tensors stand for absent inputs.
inline std::vector<Value> eval_values(const Op& op, const std::vector<Tensor>& inputs) {
  std::vector<Value> values(inputs.begin(), inputs.end());
  std::vector<const Value*> pointers;
  for (size_t i = 0; i < inputs.size(); ++i) pointers.push_back(inputs[i].defined() ? &values[i] : nullptr);
  return evaluate(op, pointers, {});
}
inline Tensor eval_tensor(const Op& op, const std::vector<Tensor>& inputs) {
  return eval_values(op, inputs).at(0).tensor();
}

}  // namespace ingot
