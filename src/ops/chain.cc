#include "ops/chain.h"

#include "ops/conv.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/reduce.h"

namespace ingot {
namespace {

void check_members(const Chain& chain, size_t inputs) {
  if (const char* reason = refuse_members(chain, inputs)) fail(Code::kInvalidArgument, "chain: {}", reason);
}

// The operands of a member, null where absent, `before` the result of the member before it; T: Fact or Value.
template <class T, class Context>
std::vector<const T*> operands_of(const TileInstruction& member, const Context& context, const T* before) {
  std::vector<const T*> operands;
  for (const int64_t operand : member.operands) {
    const auto input = static_cast<size_t>(operand);
    const bool inner = input >= context.input_count();
    operands.push_back(inner ? before : context.has(input) ? &context.input(input) : nullptr);
  }
  return operands;
}

}  // namespace

const char* refuse_members(const Chain& chain, size_t inputs) {
  if (chain.members.empty()) return "there are no members";
  const auto count = static_cast<int64_t>(inputs);
  for (size_t i = 0; i < chain.members.size(); ++i) {
    const TileInstruction& member = chain.members[i];
    const bool reduces = i == 0 && member.op && member.op.is<Reduce>();
    if (!reduces && (!member.op || !member.op.is<Conv>())) return "a member is no convolution";
    const int64_t first = i == 0 ? 0 : count + static_cast<int64_t>(i) - 1;
    const bool complete = reduces ? member.operands.size() == 1 : member.operands.size() >= 2;
    if (!complete || member.operands[0] != first) return "a member does not read the one before it";
    for (size_t k = 1; k < member.operands.size(); ++k) {
      if (member.operands[k] < 0 || member.operands[k] >= count) return "an operand is no input";
    }
  }
  return nullptr;
}

static void infer(const Chain& chain, InferContext& context) {
  check_members(chain, context.input_count());
  std::vector<Fact> results;
  results.reserve(chain.members.size());
  for (const TileInstruction& member : chain.members) {
    const auto operands = operands_of<Fact>(member, context, results.empty() ? nullptr : &results.back());
    InferContext inner(operands, [&] { return context.fresh_dim(); });
    member.op.def().infer(member.op.fields(), inner);
    results.push_back(std::move(inner.outputs().at(0)));
  }
  context.set_output(0, std::move(results.back()));
}

static void eval(const Chain& chain, EvalContext& context) {
  check_members(chain, context.input_count());
  EvalHost inner = context.host();
  inner.allocate = nullptr;  // the values in between are the chain's own
  std::vector<Value> results;
  results.reserve(chain.members.size());
  for (const TileInstruction& member : chain.members) {
    const auto operands = operands_of<Value>(member, context, results.empty() ? nullptr : &results.back());
    const bool last = &member == &chain.members.back();
    results.push_back(std::move(evaluate(member.op, operands, last ? context.host() : inner).at(0)));
  }
  context.set_output(0, std::move(results.back()));
}

const OpDef Chain::def =
    define_op<Chain, infer, eval>({"chain", "runs convolutions one after the other", 2, -1, 1, kNoTraits, {2, 4}});

}  // namespace ingot
