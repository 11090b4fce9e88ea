#include "ops/fused.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/tile_body.h"

namespace ingot {
namespace {

template <class T> const T& value_at(const std::vector<T>& values, int64_t index) {
  if (index < 0 || static_cast<size_t>(index) >= values.size()) {
    fail(Code::kInvalidArgument, "a fused group has no value {}", index);
  }
  return values[static_cast<size_t>(index)];
}

}  // namespace

static void infer(const Fused& fused, InferContext& context) {
  std::vector<Fact> inputs;
  for (size_t i = 0; i < context.input_count(); ++i) inputs.push_back(context.input(i));
  const auto facts = infer_body(fused.body, inputs, [&] { return context.fresh_dim(); });
  for (size_t i = 0; i < fused.results.size(); ++i) context.set_output(i, value_at(facts, fused.results[i]));
}

static void eval(const Fused& fused, EvalContext& context) {
  std::vector<Value> inputs;
  for (size_t i = 0; i < context.input_count(); ++i) inputs.push_back(context.input(i));
  EvalHost host = context.host();
  host.allocate = nullptr;  // the values in between are the group's own
  const auto values = eval_body(fused.body, std::move(inputs), host);
  for (size_t i = 0; i < fused.results.size(); ++i) {
    const Tensor& result = value_at(values, fused.results[i]).tensor();
    context.share_output(i, result, result.shape());
  }
}

const OpDef Fused::def = define_op<Fused, infer, eval>(
    {"fused", "runs a straight-line list of elementwise operators", 1, -1, -1, kElementwise, {8, 0}});

}  // namespace ingot
