// Siblings with sizes fixed: a source of rows and of one product for every member.
#include <vector>

#include "base/checked.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/windows.h"
#include "kernels/gemm/bound_epilogue.h"
#include "kernels/gemm/gemm.h"
#include "kernels/siblings/siblings.h"

namespace ingot::kernels::siblings {
namespace {

using gemm::Product;
using gemm::TileSet;

class BoundSiblings final : public BoundKernel {
 public:
  BoundSiblings(const TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  class Operands;
  struct Member {
    gemm::BoundEpilogue epilogue;
    size_t weights, epilogue_at;
    float alpha;
  };
  int64_t n_of(const Problem& member) const;
  void set_rows(const Problem& first);
  void add(const Problem& problem, size_t index, IsaLevel isa);
  size_t reserve(size_t bytes);

  const TileSet& tiles_;
  gemm::BlockedSize size_;
  std::optional<conv::Windows> windows_;  // convolutions
  std::vector<Member> members_;
  size_t zeros_at_ = 0, gemm_at_ = 0;
  std::optional<gemm::BlockedGemm> gemm_;
};

class BoundSiblings::Operands final : public gemm::Source {
 public:
  Operands(const BoundSiblings& bound, const RunArgs& args) : bound_(bound), args_(args) {}

  Product product(int64_t index) const noexcept override {
    const Member& member = bound_.members_[static_cast<size_t>(index)];
    Product product;
    product.b = static_cast<const float*>(args_.inputs[member.weights]);
    product.c = static_cast<float*>(args_.outputs[index]);
    product.finish.alpha = member.alpha;
    member.epilogue.fill(args_.inputs, args_.scratch + member.epilogue_at, 0, 0, product);
    return product;
  }
  void rows(int64_t, int64_t first, int64_t count, const float** table, float* patches) const noexcept override {
    const auto* x = static_cast<const float*>(args_.inputs[0]);
    if (bound_.windows_) {
      const auto* zeros = reinterpret_cast<const float*>(args_.scratch + bound_.zeros_at_);
      return bound_.windows_->fill(x, zeros, first, count, table, patches);
    }
    const int64_t depth = bound_.size_.depth;
    for (int64_t row = 0; row < count; ++row) table[row] = x + (first + row) * depth;
  }

 private:
  const BoundSiblings& bound_;
  const RunArgs& args_;
};

BoundSiblings::BoundSiblings(const TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target)
    : tiles_(tiles) {
  set_rows(member_problem(problem, 0));
  for (size_t i = 0; i < problem.outputs.size(); ++i) add(problem, i, isa);
  gemm_.emplace(tiles, size_, gemm::StoredB::kPanels, 0, nullptr, target);
  gemm_at_ = reserve(gemm_->scratch_bytes());
}

void BoundSiblings::set_rows(const Problem& first) {
  if (first.op.is<MatMul>()) {
    const gemm::MatMulSizes sizes = gemm::matmul_sizes(first);
    size_.m = sizes.m * sizes.batch;
    size_.depth = sizes.k;
    return;
  }
  const conv::Geometry geometry = conv::geometry_of(first);
  windows_.emplace(geometry, tiles_.rows);
  size_.m = geometry.output_pixels() * geometry.images;
  size_.taps = windows_->taps();
  size_.depth = windows_->depth();
  size_.row_floats = std::min(size_.taps * size_.depth, geometry.channels * geometry.axes[2].stride * 2);
  size_.patch_floats = windows_->patch_elements();
  zeros_at_ = reserve(static_cast<size_t>(size_.depth) * sizeof(float));
}

// Columns of a member; throws when it does not fit the shared rows.
int64_t BoundSiblings::n_of(const Problem& member) const {
  if (member.op.is<Conv>()) return conv::geometry_of(member).filters;  // checks; windows are equal
  const gemm::MatMulSizes sizes = gemm::matmul_sizes(member);
  const bool transposed = member.op.as<MatMul>()->trans_b;
  const Shape &w = member.inputs[1].shape, &y = member.outputs[0].shape;
  Shape expected = member.inputs[0].shape;
  expected.back() = sizes.n;
  if (w[transposed ? 1 : 0] != size_.depth || y != expected) {
    fail(Code::kInvalidArgument, "matmul of {} and {} does not give {}", shape_text(member.inputs[0].shape),
         shape_text(w), shape_text(y));
  }
  return sizes.n;
}

void BoundSiblings::add(const Problem& problem, size_t index, IsaLevel isa) {
  const TileInstruction& own = problem.op.as<Siblings>()->members[index];
  const Problem member = member_problem(problem, index);
  const int64_t n = n_of(member);
  // The member's operands by the node's numbers: those after it do not exist for it.
  const auto weights = static_cast<size_t>(own.operands[1]);
  Problem seen{own.op, problem.inputs, {problem.outputs[index]}};
  seen.inputs.resize(1 + static_cast<size_t>(own.operands.back()));
  const auto* matmul = own.op.as<MatMul>();
  const auto& body = matmul != nullptr ? matmul->epilogue : own.op.as<Conv>()->epilogue;
  members_.push_back({gemm::BoundEpilogue(seen, {member.outputs[0].shape, 0, 1}, weights + 1, body, weights + 2, isa),
                      weights, 0, matmul != nullptr ? static_cast<float>(matmul->alpha) : 1.0f});
  members_.back().epilogue_at = reserve(members_.back().epilogue.scratch_bytes());
  size_.segments.push_back({n, n, members_.back().epilogue.program()});
}

size_t BoundSiblings::reserve(size_t bytes) {
  const size_t at = scratch_bytes;
  scratch_bytes += static_cast<size_t>(round_up(static_cast<int64_t>(bytes), 64));
  return at;
}

void BoundSiblings::run(const RunArgs& args) const noexcept {
  if (size_.m == 0) return;
  if (windows_) std::fill_n(reinterpret_cast<float*>(args.scratch + zeros_at_), size_.depth, 0.0f);
  for (const Member& member : members_) member.epilogue.prepare(args.inputs, args.scratch + member.epilogue_at);
  gemm_->run(Operands(*this, args), args.scratch + gemm_at_, args.parallel);
}

}  // namespace

std::unique_ptr<BoundKernel> bind_siblings(const TileSet& tiles, IsaLevel isa, const Problem& problem,
                                           const Target& target) {
  if (const char* reason = refuse_siblings(problem)) fail(Code::kInvalidArgument, "siblings: {}", reason);
  return std::make_unique<BoundSiblings>(tiles, isa, problem, target);
}

}  // namespace ingot::kernels::siblings
