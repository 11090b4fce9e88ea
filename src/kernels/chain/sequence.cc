// A chain with sizes fixed, whose members run one after the other by themselves.
#include <algorithm>

#include "base/checked.h"
#include "kernels/chain/chain.h"
#include "kernels/conv/conv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/reduce/reduce.h"

namespace ingot::kernels::chain {
namespace {

class Sequence final : public BoundKernel {
 public:
  Sequence(const Parts& parts, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  struct Member {
    std::unique_ptr<BoundKernel> kernel;
    TileInstruction own;
    size_t result_at = 0;  // in scratch; the last member's is the output
  };
  std::vector<Member> members_;
};

std::unique_ptr<BoundKernel> bind_member(const Parts& parts, const Op& op, const Problem& member,
                                         const Target& target) {
  if (op.is<Reduce>()) return bind_float_reduce(member, parts.isa);
  if (slides(op)) return depthwise::bind_depthwise(parts.segments, parts.isa, member, target);
  return conv::bind_conv(tiles_for(parts, member.inputs[1].shape), parts.isa, member, target);
}

// Scratch: what a member needs, then the results between.
Sequence::Sequence(const Parts& parts, const Problem& problem, const Target& target) {
  const auto round = [](size_t bytes) { return static_cast<size_t>(round_up(static_cast<int64_t>(bytes), 64)); };
  for (const TileInstruction& own : problem.op.as<Chain>()->members) {
    const Problem member = member_problem(problem, members_.size());
    members_.push_back({bind_member(parts, own.op, member, target), own});
    scratch_bytes = std::max(scratch_bytes, round(members_.back().kernel->scratch_bytes));
  }
  for (size_t i = 0; i + 1 < members_.size(); ++i) {
    members_[i].result_at = scratch_bytes;
    const int64_t elements = element_count(member_problem(problem, i).outputs[0].shape);
    scratch_bytes += round(static_cast<size_t>(elements) * sizeof(float));
  }
}

void Sequence::run(const RunArgs& args) const noexcept {
  const void* data = args.inputs[0];
  for (const Member& member : members_) {
    MemberInputs inputs = member_inputs(member.own, args);
    inputs[0] = data;
    void* result = &member == &members_.back() ? args.outputs[0] : args.scratch + member.result_at;
    member.kernel->run({inputs.data(), &result, args.scratch, args.parallel, args.error});
    data = result;
  }
}

}  // namespace

std::unique_ptr<BoundKernel> bind_sequence(const Parts& parts, const Problem& problem, const Target& target) {
  return std::make_unique<Sequence>(parts, problem, target);
}

}  // namespace ingot::kernels::chain
