#include "ops/optional.h"

#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {

static void infer(const MakeOptional& op, InferContext& context) {
  if (context.has(0)) {
    context.set_output(0, Fact(Type::optional(context.input(0).type)));
    return;
  }
  context.set_output(0, Fact(Type::optional(op.type)));
}

static void eval(const MakeOptional&, EvalContext& context) {
  context.set_output(0, context.has(0) ? context.input(0) : Value());
}

const OpDef MakeOptional::def = define_op<MakeOptional, infer, eval>(
    {"make_optional", "the input as an optional; nothing when there is no input", 0, 1, 1});

static void infer(const OptionalHasElement&, InferContext& context) { context.set_output(0, DType::kBool, DimShape{}); }

static void eval(const OptionalHasElement&, EvalContext& context) {
  context.set_output(0, Tensor::scalar<bool>(context.has(0) && !context.input(0).is_none()));
}

const OpDef OptionalHasElement::def =
    define_op<OptionalHasElement, infer, eval>({"optional_has_element", "whether the optional holds a value", 0, 1, 1});

static void infer(const OptionalGetElement&, InferContext& context) {
  const Fact& x = context.input(0);
  context.set_output(0, x.type.kind == Type::Kind::kOptional ? Fact(*x.type.element) : x);
}

static void eval(const OptionalGetElement&, EvalContext& context) {
  if (context.input(0).is_none()) fail(Code::kInvalidArgument, "the optional is empty");
  context.set_output(0, context.input(0));
}

const OpDef OptionalGetElement::def =
    define_op<OptionalGetElement, infer, eval>({"optional_get_element", "the value that the optional holds", 1, 1, 1});

}  // namespace ingot
