#include "ops/siblings.h"

#include "ops/conv.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/matmul.h"

namespace ingot {
namespace {

void check_members(const Siblings& siblings, size_t inputs) {
  if (const char* reason = refuse_members(siblings, inputs)) fail(Code::kInvalidArgument, "siblings: {}", reason);
}

// The operands of a member, null where absent; T: Fact or Value.
template <class T, class Context>
std::vector<const T*> operands_of(const TileInstruction& member, const Context& context) {
  std::vector<const T*> operands;
  for (const int64_t operand : member.operands) {
    const auto input = static_cast<size_t>(operand);
    operands.push_back(context.has(input) ? &context.input(input) : nullptr);
  }
  return operands;
}

}  // namespace

const char* refuse_members(const Siblings& siblings, size_t inputs) {
  for (const TileInstruction& member : siblings.members) {
    if (!member.op || !(member.op.is<MatMul>() || member.op.is<Conv>())) return "a member is no product or convolution";
    if (member.operands.size() < 2 || member.operands[0] != 0) return "a member does not start from the shared input";
    for (const int64_t operand : member.operands) {
      if (operand < 0 || operand >= static_cast<int64_t>(inputs)) return "an operand is no input";
    }
  }
  return nullptr;
}

static void infer(const Siblings& siblings, InferContext& context) {
  check_members(siblings, context.input_count());
  for (size_t i = 0; i < siblings.members.size(); ++i) {
    const TileInstruction& member = siblings.members[i];
    const auto operands = operands_of<Fact>(member, context);
    InferContext inner(operands, [&] { return context.fresh_dim(); });
    member.op.def().infer(member.op.fields(), inner);
    context.set_output(i, std::move(inner.outputs().at(0)));
  }
}

static void eval(const Siblings& siblings, EvalContext& context) {
  check_members(siblings, context.input_count());
  for (size_t i = 0; i < siblings.members.size(); ++i) {
    const TileInstruction& member = siblings.members[i];
    const auto operands = operands_of<Value>(member, context);
    EvalHost host = context.host();
    if (host.allocate) {
      host.allocate = [&](size_t, DType dtype, const Shape& shape) { return context.host().allocate(i, dtype, shape); };
    }
    context.set_output(i, std::move(evaluate(member.op, operands, host).at(0)));
  }
}

const OpDef Siblings::def = define_op<Siblings, infer, eval>(
    {"siblings", "runs independent products and convolutions of one input", 1, -1, -1, kNoTraits, {2, 4}});

}  // namespace ingot
