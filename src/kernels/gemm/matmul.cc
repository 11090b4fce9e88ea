// ops/matmul as a source of operands for the blocked loops.
#include <algorithm>

#include "base/checked.h"
#include "kernels/gemm/bound_epilogue.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/gemv.h"

namespace ingot::kernels::gemm {
namespace {

constexpr size_t kBias = 2, kFirstOperand = 3;

// Offset, in matrices of `size` elements, of each batch of the result in an operand of batch axes `own`.
std::vector<int64_t> batch_offsets(const Shape& own, const Shape& result, int64_t size) {
  Shape shape = own, whole = result;
  shape.insert(shape.end(), {1, 1});
  whole.insert(whole.end(), {1, 1});
  auto view = view_by_rows(shape, {whole, result.size(), 1});
  for (int64_t& offset : view->products) offset *= size;
  return std::move(view->products);
}

Shape batch_axes(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

class BoundMatMul : public BoundKernel {
 public:
  // `gemv`: null, or what takes the place of the blocked loops; then B is not constant.
  BoundMatMul(const TileSet& tiles, const GemvSet* gemv, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  class Operands;
  void check(const Problem& problem) const;
  RowLayout fold(const Problem& problem);
  void transpose_a(const float* a, float* out, const Parallel& parallel) const noexcept;

  const TileSet& tiles_;
  MatMul op_;
  MatMulSizes sizes_;
  int64_t a_matrices_ = 1, a_stride_ = 0;
  int64_t transposed_bytes_ = 0, epilogue_bytes_ = 0;
  std::vector<int64_t> a_offsets_, b_offsets_;
  std::optional<BoundEpilogue> epilogue_;
  std::optional<BlockedGemm> gemm_;
  std::optional<Gemv> gemv_;
};

// Where a run's operands are.
class BoundMatMul::Operands final : public Source {
 public:
  Operands(const BoundMatMul& bound, const RunArgs& args, const float* a, const std::byte* epilogue_scratch)
      : bound_(bound), args_(args), a_(a), epilogue_scratch_(epilogue_scratch) {}

  Product product(int64_t index) const noexcept override {
    Product product;
    product.b = static_cast<const float*>(args_.inputs[1]) + bound_.b_offsets_[static_cast<size_t>(index)];
    product.c = static_cast<float*>(args_.outputs[0]) + index * bound_.sizes_.m * bound_.sizes_.n;
    product.finish.alpha = static_cast<float>(bound_.op_.alpha);
    bound_.epilogue_->fill(args_.inputs, epilogue_scratch_, index, 0, product);
    return product;
  }
  void rows(int64_t index, int64_t first, int64_t count, const float** table, float*) const noexcept override {
    const float* a = a_ + bound_.a_offsets_[static_cast<size_t>(index)] + first * bound_.a_stride_;
    for (int64_t row = 0; row < count; ++row, a += bound_.a_stride_) table[row] = a;
  }

 private:
  const BoundMatMul& bound_;
  const RunArgs& args_;
  const float* a_;
  const std::byte* epilogue_scratch_;
};

BoundMatMul::BoundMatMul(const TileSet& tiles, const GemvSet* gemv, IsaLevel isa, const Problem& problem,
                         const Target& target)
    : tiles_(tiles), op_(*problem.op.as<MatMul>()), sizes_(matmul_sizes(problem)), a_stride_(sizes_.k) {
  check(problem);
  const RowLayout layout = fold(problem);
  epilogue_.emplace(problem, layout, kBias, op_.epilogue, kFirstOperand, isa);
  if (op_.trans_a) transposed_bytes_ = round_up(storage_bytes(DType::kF32, a_matrices_ * sizes_.m * sizes_.k), 64);
  epilogue_bytes_ = static_cast<int64_t>(epilogue_->scratch_bytes());
  const StoredB stored = problem.inputs[1].constant ? StoredB::kPanels
                         : op_.trans_b              ? StoredB::kColumns
                                                    : StoredB::kRows;
  const BlockedSize size = {sizes_.batch, sizes_.m, sizes_.n, 1, sizes_.k, sizes_.n};
  const int64_t b_stride = op_.trans_b ? sizes_.k : sizes_.n;
  scratch_bytes = static_cast<size_t>(transposed_bytes_ + epilogue_bytes_);
  if (gemv != nullptr) {
    gemv_.emplace(*gemv, size, stored, b_stride, epilogue_->program(), target);
  } else {
    gemm_.emplace(tiles, size, stored, b_stride, epilogue_->program(), target);
    scratch_bytes += gemm_->scratch_bytes();
  }
}

void BoundMatMul::check(const Problem& problem) const {
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  const int64_t b_depth = b[b.size() - (op_.trans_b ? 1 : 2)];
  Shape expected = broadcast_shapes(batch_axes(a), batch_axes(b));
  expected.insert(expected.end(), {sizes_.m, sizes_.n});
  if (b_depth != sizes_.k || y != expected) {
    fail(Code::kInvalidArgument, "matmul of {} and {} does not give {}", shape_text(a), shape_text(b), shape_text(y));
  }
}

// One product instead of a batch where every row of A meets the same B.
RowLayout BoundMatMul::fold(const Problem& problem) {
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  const Shape batch = batch_axes(y);
  a_matrices_ = element_count(batch_axes(a));
  const int64_t b_matrix = problem.inputs[1].constant ? packed_floats(tiles_, sizes_.k, sizes_.n) : sizes_.k * sizes_.n;
  if (sizes_.b_batch == 1 && a_matrices_ == sizes_.batch && !op_.trans_a) {
    sizes_.m *= sizes_.batch;
    sizes_.batch = 1;
    a_offsets_ = b_offsets_ = {0};
    return {y, 0, 1};
  }
  a_offsets_ = batch_offsets(batch_axes(a), batch, sizes_.m * sizes_.k);
  b_offsets_ = batch_offsets(batch_axes(b), batch, b_matrix);
  return {y, batch.size(), 1};
}

void BoundMatMul::transpose_a(const float* a, float* out, const Parallel& parallel) const noexcept {
  constexpr int64_t kRows = 64;
  const int64_t blocks = (sizes_.m + kRows - 1) / kRows;
  parallel.run(a_matrices_ * blocks, [&](int64_t i) {
    const int64_t first = i % blocks * kRows, rows = std::min(kRows, sizes_.m - first);
    const int64_t matrix = i / blocks * sizes_.m * sizes_.k;
    tiles_.transpose(a + matrix + first, sizes_.m, sizes_.k, rows, out + matrix + first * sizes_.k, sizes_.k);
  });
}

void BoundMatMul::run(const RunArgs& args) const noexcept {
  if (sizes_.batch * sizes_.m * sizes_.n == 0) return;
  const auto* a = static_cast<const float*>(args.inputs[0]);
  if (op_.trans_a) {
    auto* transposed = reinterpret_cast<float*>(args.scratch);
    transpose_a(a, transposed, args.parallel);
    a = transposed;
  }
  std::byte* epilogue_scratch = args.scratch + transposed_bytes_;
  epilogue_->prepare(args.inputs, epilogue_scratch);
  const Operands operands(*this, args, a, epilogue_scratch);
  if (gemv_) {
    gemv_->run(operands, args.parallel);
  } else {
    gemm_->run(operands, epilogue_scratch + epilogue_bytes_, args.parallel);
  }
}

}  // namespace

const char* refuse_matmul(const Problem& problem) {
  if (problem.outputs[0].dtype != DType::kF32) return "the result is not f32";
  if (problem.inputs.size() < 2 || problem.inputs[0].shape.size() < 2 || problem.inputs[1].shape.size() < 2) {
    return "an operand is not a matrix";
  }
  return refuse_epilogue(problem.op.as<MatMul>()->epilogue, problem, kFirstOperand);
}

std::unique_ptr<BoundKernel> bind_matmul(const TileSet& tiles, IsaLevel isa, const Problem& problem,
                                         const Target& target) {
  if (const char* reason = refuse_matmul(problem)) fail(Code::kInvalidArgument, "matmul: {}", reason);
  return std::make_unique<BoundMatMul>(tiles, nullptr, isa, problem, target);
}

const char* refuse_gemv(const Problem& problem) {
  const char* reason = refuse_matmul(problem);
  return reason == nullptr && problem.inputs[1].constant ? "a constant B is packed" : reason;
}

std::unique_ptr<BoundKernel> bind_gemv(const GemvSet& gemv, const TileSet& tiles, IsaLevel isa, const Problem& problem,
                                       const Target& target) {
  if (const char* reason = refuse_gemv(problem)) fail(Code::kInvalidArgument, "matmul: {}", reason);
  return std::make_unique<BoundMatMul>(tiles, &gemv, isa, problem, target);
}

Tensor pack_matmul(const TileSet& tiles, const Problem& problem, const Tensor& weights) {
  const MatMulSizes sizes = matmul_sizes(problem);
  const bool transposed = problem.op.as<MatMul>()->trans_b;
  const int64_t floats = packed_floats(tiles, sizes.k, sizes.n);
  Tensor packed = Tensor::uninitialized(DType::kU8, {sizes.b_batch * floats * static_cast<int64_t>(sizeof(float))});
  const Strides strides = {0, transposed ? 1 : sizes.n, transposed ? sizes.k : 1};
  for (int64_t i = 0; i < sizes.b_batch; ++i) {
    pack_panels(tiles, weights.data<float>() + i * sizes.k * sizes.n, strides, 1, sizes.k, sizes.n,
                static_cast<float*>(packed.mutable_raw()) + i * floats);
  }
  return packed;
}

}  // namespace ingot::kernels::gemm
