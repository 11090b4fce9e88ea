#include "kernels/gemm/int8_matmul.h"

#include "base/checked.h"
#include "base/error.h"
#include "kernels/families.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/int8_blocked.h"
#include "kernels/gemm/int8_panels.h"
#include "ops/matmul_integer.h"

namespace ingot::kernels {
namespace gemm {
namespace {

constexpr size_t kZeroPoint = 2, kWeightZero = 3, kFirstOperand = 4;
constexpr int64_t kTypicalRows = 96;

struct Sizes {
  int64_t rows = 0, k = 0, n = 0;  // of A, all batches together
};
Sizes sizes_of(const Problem& problem) {
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape;
  Sizes sizes{1, b[0], b[1]};
  for (size_t i = 0; i + 1 < a.size(); ++i) sizes.rows = sizes.rows < 0 || a[i] < 0 ? -1 : sizes.rows * a[i];
  return sizes;
}

// Every row of A meets the same B, so all batches are one product.
class BoundInt8MatMul final : public BoundKernel {
 public:
  BoundInt8MatMul(const Int8TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  class Operands;
  Sizes sizes_;
  DType a_type_;
  bool has_zero_;
  int64_t panel_bytes_, stored_columns_, minus_bytes_;
  std::optional<Int8Epilogue> epilogue_;
  std::optional<Int8Gemm> gemm_;
};

// Where a run's operands are. Scratch: what is subtracted, the epilogue's, the loops'.
class BoundInt8MatMul::Operands final : public Int8Source {
 public:
  Operands(const BoundInt8MatMul& bound, const RunArgs& args) : bound_(bound), args_(args) {}

  Int8Product product(int64_t index) const noexcept override {
    Int8Product product;
    product.b = static_cast<const std::byte*>(args_.inputs[1]);
    product.minus = reinterpret_cast<const int32_t*>(args_.scratch);
    product.c = static_cast<std::byte*>(args_.outputs[0]);
    bound_.epilogue_->fill(args_.inputs, args_.scratch + bound_.minus_bytes_, index, 0, product.operands);
    return product;
  }
  void rows(int64_t, int64_t first, int64_t count, const uint8_t** table, uint8_t*) const noexcept override {
    const uint8_t* a = static_cast<const uint8_t*>(args_.inputs[0]) + first * bound_.sizes_.k;
    for (int64_t row = 0; row < count; ++row, a += bound_.sizes_.k) table[row] = a;
  }

 private:
  const BoundInt8MatMul& bound_;
  const RunArgs& args_;
};

BoundInt8MatMul::BoundInt8MatMul(const Int8TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target)
    : sizes_(sizes_of(problem)), a_type_(problem.inputs[0].dtype), has_zero_(has_input(problem, kZeroPoint)) {
  const Shape &a = problem.inputs[0].shape, &y = problem.outputs[0].shape;
  Shape expected(a.begin(), a.end() - 1);
  expected.push_back(sizes_.n);
  if (a.back() != sizes_.k || y != expected) {
    fail(Code::kInvalidArgument, "matmul of {} and {} does not give {}", shape_text(a),
         shape_text(problem.inputs[1].shape), shape_text(y));
  }
  panel_bytes_ = int8_panel_bytes(tiles, 1, sizes_.k, sizes_.n);
  stored_columns_ = round_up(sizes_.n, tiles.shape.vector);
  minus_bytes_ = round_up(stored_columns_ * 4, 64);
  const auto& op = *problem.op.as<MatMulInteger>();
  epilogue_.emplace(problem, RowLayout{y, 0, 1}, kFirstOperand, op.epilogue, isa);
  const Int8Size size = {1, sizes_.rows, sizes_.n, 1, sizes_.k, sizes_.n, sizes_.k, 0, a_type_ == DType::kI8};
  gemm_.emplace(tiles, size, *epilogue_, target);
  scratch_bytes = static_cast<size_t>(minus_bytes_) + epilogue_->scratch_bytes() + gemm_->scratch_bytes();
}

void BoundInt8MatMul::run(const RunArgs& args) const noexcept {
  if (sizes_.rows * sizes_.n == 0) return;
  const auto* sums = reinterpret_cast<const int32_t*>(static_cast<const std::byte*>(args.inputs[1]) + panel_bytes_);
  subtract_zero(sums, stored_columns_, zero_of_tiles(a_type_, has_zero_ ? args.inputs[kZeroPoint] : nullptr),
                reinterpret_cast<int32_t*>(args.scratch));
  std::byte* epilogue_scratch = args.scratch + minus_bytes_;
  epilogue_->prepare(args.inputs, epilogue_scratch);
  gemm_->run(Operands(*this, args), epilogue_scratch + epilogue_->scratch_bytes(), args.parallel);
}

template <const Int8TileSet& tiles> double cost(const Problem& problem, const Target& target) {
  const Sizes sizes = sizes_of(problem);
  const int64_t rows = sizes.rows < 0 ? kTypicalRows : sizes.rows;
  const double nanoseconds = int8_tiles_cost(tiles, 1, rows, sizes.n, 1, sizes.k, target);
  return shared_cost(nanoseconds, static_cast<double>(rows) * static_cast<double>(sizes.n * sizes.k) / 4, target);
}

template <const Int8TileSet& tiles> const char* packing(const Problem&, size_t input) {
  return input == 1 ? tiles.shape.packing : nullptr;
}

template <const Int8TileSet& tiles> Tensor pack(const Problem& problem, size_t, const Tensor& weights) {
  return pack_int8_matmul(tiles, problem, weights);
}

template <IsaLevel isa> const char* refuse(const Problem& problem) {
  if (const char* reason = refuse_int8_matmul(problem)) return reason;
  return refuse_int8_program(problem.op.as<MatMulInteger>()->epilogue, isa);
}

template <const Int8TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_int8_matmul(tiles, isa, problem, target);
}

template <const Int8TileSet& tiles, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse<isa>, cost<tiles>, bind<tiles, isa>, packing<tiles>, pack<tiles>};
}

constexpr Row kRows[] = {
    row<kAvx512VnniInt8_6x64, IsaLevel::kAvx512Vnni>("avx512vnni_integer_gemm_int8_6x64"),
    row<kAvx512VnniInt8_8x48, IsaLevel::kAvx512Vnni>("avx512vnni_integer_gemm_int8_8x48"),
    row<kAvx2Int8_6x8, IsaLevel::kAvx2>("avx2_integer_gemm_int8_6x8"),
    row<kReferenceInt8_4x8, IsaLevel::kReference>("reference_integer_gemm_int8_4x8"),
};

constexpr const OpDef* kOps[] = {&MatMulInteger::def};

std::string text(const Problem& problem) {
  const auto size = [](int64_t value) { return value < 0 ? std::string("?") : std::to_string(value); };
  const auto dtype = [](const Operand& operand) { return std::string(dtype_name(operand.dtype)); };
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape;
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < a.size(); ++i) rows = rows < 0 || a[i] < 0 ? -1 : rows * a[i];
  std::string line = "integer_gemm m" + size(rows) + " n" + size(b.empty() ? 1 : b.back()) + " k" +
                     size(a.empty() ? 1 : a.back()) + " " + dtype(problem.inputs[0]) + ":" + dtype(problem.inputs[1]) +
                     ":" + dtype(problem.outputs[0]);
  if (problem.inputs[1].constant) line += " packed";
  if (has_input(problem, kZeroPoint)) line += " +zero";
  return line + epilogue_text(problem.op.as<MatMulInteger>()->epilogue);
}

}  // namespace

double int8_tiles_cost(const Int8TileSet& tiles, double products, int64_t m, int64_t n, int64_t taps, int64_t depth,
                       const Target& target) {
  const auto stored = static_cast<double>(taps * units_of(depth) * kUnit);
  return tiles_cost(tiles.shape, products, m, n, stored, target);
}

void subtract_zero(const int32_t* column_sums, int64_t columns, int32_t zero, int32_t* minus) noexcept {
  for (int64_t i = 0; i < columns; ++i) {
    minus[i] = static_cast<int32_t>(static_cast<uint32_t>(column_sums[i]) * static_cast<uint32_t>(zero));
  }
}

int32_t zero_of_tiles(DType dtype, const void* data) noexcept {
  if (dtype == DType::kI8) return 128 + (data == nullptr ? 0 : *static_cast<const int8_t*>(data));
  return data == nullptr ? 0 : *static_cast<const uint8_t*>(data);
}

const char* refuse_int8_matmul(const Problem& problem) {
  const auto is_8_bit = [](DType dtype) { return dtype == DType::kU8 || dtype == DType::kI8; };
  if (!is_8_bit(problem.inputs[0].dtype)) return "A is no matrix of bytes";
  if (problem.inputs[0].shape.size() < 2) return "A is a vector";
  if (problem.inputs[1].dtype != DType::kI8) return "B is not i8";
  if (!problem.inputs[1].constant || problem.inputs[1].shape.size() != 2) return "B is not one constant matrix";
  if (has_input(problem, kZeroPoint) && element_count(problem.inputs[kZeroPoint].shape) != 1) {
    return "rows of A have zero points of their own";
  }
  if (has_input(problem, kWeightZero)) return "B has a zero point";
  return refuse_int8_epilogue(problem.op.as<MatMulInteger>()->epilogue, problem, kFirstOperand);
}

std::unique_ptr<BoundKernel> bind_int8_matmul(const Int8TileSet& tiles, IsaLevel isa, const Problem& problem,
                                              const Target& target) {
  if (const char* reason = refuse_int8_matmul(problem)) fail(Code::kInvalidArgument, "matmul: {}", reason);
  return std::make_unique<BoundInt8MatMul>(tiles, isa, problem, target);
}

Tensor pack_int8_matmul(const Int8TileSet& tiles, const Problem& problem, const Tensor& weights) {
  const Sizes sizes = sizes_of(problem);
  Tensor packed = Tensor::uninitialized(DType::kU8, {int8_packed_bytes(tiles, 1, sizes.k, sizes.n)});
  pack_int8_panels(tiles, weights.data<int8_t>(), {0, sizes.n, 1}, 1, sizes.k, sizes.n,
                   static_cast<std::byte*>(packed.mutable_raw()));
  return packed;
}

}  // namespace gemm

const Family kIntegerGemmFamily = {"integer_gemm", "matrix multiplication of integers of 8 bits", gemm::kOps,
                                   gemm::kRows, gemm::text};

}  // namespace ingot::kernels
