#include "ops/if.h"

#include "ops/bodies.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const If& op, InferContext& context) {
  context.require(context.dtype(0) == DType::kBool, "the condition of if is {} instead of bool",
                  context.input(0).text());
  const auto on_true = context.body_outputs(static_cast<size_t>(op.then_body));
  const auto on_false = context.body_outputs(static_cast<size_t>(op.else_body));
  context.require(on_true.size() == on_false.size(), "the branches of if give {} and {} values", on_true.size(),
                  on_false.size());
  const auto known = input_symbols(context);
  const auto fresh = [&] { return context.fresh_dim(); };
  for (size_t i = 0; i < on_true.size(); ++i) {
    Fact joined = op.then_body == op.else_body ? on_true[i] : join_facts(on_true[i], on_false[i], fresh);
    context.set_output(i, leave_body(context, std::move(joined), known));
  }
}

static void eval(const If& op, EvalContext& context) {
  const Tensor& condition = context.tensor(0);
  if (condition.count() != 1) fail(Code::kInvalidArgument, "the condition of if is {}", condition.type_text());
  check_cancelled(context);
  std::vector<Value> captures;
  for (size_t i = 1; i < context.input_count(); ++i) captures.push_back(context.input(i));
  if (!context.host().run_body) fail(Code::kUnsupported, "this evaluation cannot run bodies");
  const int64_t body = read_int(condition, 0) != 0 ? op.then_body : op.else_body;
  auto results = context.host().run_body(static_cast<size_t>(body), std::move(captures));
  for (size_t i = 0; i < results.size(); ++i) context.set_output(i, std::move(results[i]));
}

const OpDef If::def = define_op<If, infer, eval>(
    {"if", "condition ? then_body(captures) : else_body(captures)", 1, -1, -1, kControlFlow});

}  // namespace ingot
