#include "kernels/gemm/bf16_matmul.h"

#include "base/checked.h"
#include "base/error.h"
#include "kernels/gemm/bf16_blocked.h"
#include "kernels/gemm/bf16_panels.h"
#include "kernels/gemm/gemm.h"

namespace ingot::kernels::gemm {
namespace {

constexpr size_t kBias = 2;

// Every row of A meets the same B, so all batches are one product.
class BoundBf16MatMul final : public BoundKernel {
 public:
  BoundBf16MatMul(const Bf16TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  class Operands;
  int64_t k_ = 0, rows_ = 0;
  float alpha_ = 1;
  std::optional<Bf16Epilogue> epilogue_;
  std::optional<Bf16Gemm> gemm_;
};

// Where a run's operands are; the epilogue's scratch comes first.
class BoundBf16MatMul::Operands final : public Bf16Source {
 public:
  Operands(const BoundBf16MatMul& bound, const RunArgs& args) : bound_(bound), args_(args) {}

  Bf16Product product(int64_t index) const noexcept override {
    Bf16Product product;
    product.b = static_cast<const uint16_t*>(args_.inputs[1]);
    product.c = static_cast<std::byte*>(args_.outputs[0]);
    product.finish.alpha = bound_.alpha_;
    bound_.epilogue_->fill(args_.inputs, args_.scratch, index, 0, product);
    return product;
  }
  void rows(int64_t, int64_t first, int64_t count, const uint16_t** table, uint16_t*) const noexcept override {
    const uint16_t* a = static_cast<const uint16_t*>(args_.inputs[0]) + first * bound_.k_;
    for (int64_t row = 0; row < count; ++row, a += bound_.k_) table[row] = a;
  }

 private:
  const BoundBf16MatMul& bound_;
  const RunArgs& args_;
};

BoundBf16MatMul::BoundBf16MatMul(const Bf16TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target)
    : alpha_(static_cast<float>(problem.op.as<MatMul>()->alpha)) {
  const auto& op = *problem.op.as<MatMul>();
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  const MatMulSizes sizes = matmul_sizes(problem);
  Shape expected(a.begin(), a.end() - 1);
  expected.push_back(sizes.n);
  if (b[op.trans_b ? 1 : 0] != sizes.k || y != expected) {
    fail(Code::kInvalidArgument, "matmul of {} and {} does not give {}", shape_text(a), shape_text(b), shape_text(y));
  }
  k_ = sizes.k;
  rows_ = sizes.m * sizes.batch;
  epilogue_.emplace(problem, RowLayout{y, 0, 1}, kBias, op.epilogue, isa, tiles.finisher);
  gemm_.emplace(tiles, Bf16Size{1, rows_, sizes.n, 1, k_, sizes.n, k_, 0}, *epilogue_, target);
  scratch_bytes = epilogue_->scratch_bytes() + gemm_->scratch_bytes();
}

void BoundBf16MatMul::run(const RunArgs& args) const noexcept {
  if (rows_ == 0) return;
  epilogue_->prepare(args.inputs, args.scratch);
  gemm_->run(Operands(*this, args), args.scratch + epilogue_->scratch_bytes(), args.parallel);
}

}  // namespace

double bf16_tiles_cost(const Bf16TileSet& tiles, double products, int64_t m, int64_t n, int64_t taps, int64_t depth,
                       const Target& target) {
  constexpr double kSlowDot = 3.5;    // times slower where the instruction is split
  constexpr double kWidening = 0.06;  // nanoseconds an element
  const double stored = static_cast<double>(stored_depth(tiles, taps, depth).elements());
  if (tiles.blocks == nullptr) {
    double nanoseconds = tiles_cost(tiles.shape, products, m, n, stored, target);
    if (tiles.wide != nullptr) {
      nanoseconds += products * kWidening * stored * static_cast<double>(m + round_up(n, tiles.shape.vector));
    } else if (target.slow_bf16_dot && tiles.by_dot) {
      nanoseconds *= kSlowDot;
    }
    return nanoseconds;
  }
  // Measured on Sapphire Rapids: rows are copied tap by tap, 32 elements at a time, and finished panel by panel.
  const auto rows = static_cast<double>(m), panels = static_cast<double>(panel_count(tiles.shape, n));
  const double sums = static_cast<double>(round_up(m, kHalfRows) * round_up(n, tiles.shape.vector));
  const double copying = rows * (1.5 * static_cast<double>(taps) + 1.5 * stored / kBlockDepth);
  return 100 + products * (2 * sums * (stored + 8) / tiles.shape.gflops + copying + rows * panels * 4);
}

const char* refuse_bf16_matmul(const Problem& problem) {
  const auto& op = *problem.op.as<MatMul>();
  if (problem.inputs.size() < 2 || problem.inputs[0].dtype != DType::kBF16 || problem.inputs[1].dtype != DType::kBF16) {
    return "an operand is not bf16";
  }
  if (!problem.inputs[1].constant || problem.inputs[1].shape.size() != 2) return "B is not one constant matrix";
  if (problem.inputs[0].shape.size() < 2 || op.trans_a) return "A is transposed";
  return refuse_bf16_epilogue(op.epilogue, problem, kBias);
}

std::unique_ptr<BoundKernel> bind_bf16_matmul(const Bf16TileSet& tiles, IsaLevel isa, const Problem& problem,
                                              const Target& target) {
  if (const char* reason = refuse_bf16_matmul(problem)) fail(Code::kInvalidArgument, "matmul: {}", reason);
  return std::make_unique<BoundBf16MatMul>(tiles, isa, problem, target);
}

Tensor pack_bf16_matmul(const Bf16TileSet& tiles, const Problem& problem, const Tensor& weights) {
  const MatMulSizes sizes = matmul_sizes(problem);
  const bool transposed = problem.op.as<MatMul>()->trans_b;
  const int64_t elements = packed_elements(tiles, 1, sizes.k, sizes.n);
  Tensor packed = Tensor::uninitialized(DType::kU8, {elements * 2});
  const Strides strides = {0, transposed ? 1 : sizes.n, transposed ? sizes.k : 1};
  pack_bf16_panels(tiles, static_cast<const uint16_t*>(weights.raw()), strides, 1, sizes.k, sizes.n,
                   static_cast<uint16_t*>(packed.mutable_raw()));
  return packed;
}

}  // namespace ingot::kernels::gemm
