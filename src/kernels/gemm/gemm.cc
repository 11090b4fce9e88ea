#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/families.h"
#include "kernels/gemm/bf16_epilogue.h"
#include "kernels/gemm/bf16_matmul.h"
#include "kernels/gemm/bound_epilogue.h"

namespace ingot::kernels {
namespace gemm {
namespace {

constexpr int64_t kTypicalRows = 96, kTypicalSize = 512;

int64_t product_of(const Shape& shape, size_t axes) {
  int64_t product = 1;
  for (size_t i = 0; i < axes; ++i) {
    if (shape[i] < 0) return -1;
    product *= shape[i];
  }
  return product;
}

template <const TileSet& tiles> double cost(const Problem& problem, const Target& target) {
  const MatMulSizes sizes = typical_sizes(problem);
  const bool fold = sizes.b_batch == 1;
  const double products = fold ? 1 : static_cast<double>(sizes.batch);
  const int64_t m = fold ? sizes.m * sizes.batch : sizes.m;
  double nanoseconds = tiles_cost(tiles, products, m, sizes.n, static_cast<double>(sizes.k), target);
  const double b = products * static_cast<double>(sizes.k) * static_cast<double>(sizes.n);
  if (!problem.inputs[1].constant) nanoseconds += b * 0.4;
  return shared_cost(nanoseconds, b * static_cast<double>(m), target);
}

template <const TileSet& tiles> const char* packing(const Problem& problem, size_t input) {
  return input == 1 && problem.inputs[1].constant ? tiles.packing : nullptr;
}

template <const TileSet& tiles> Tensor pack(const Problem& problem, size_t, const Tensor& weights) {
  return pack_matmul(tiles, problem, weights);
}

template <const TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_matmul(tiles, isa, problem, target);
}

template <const TileSet& tiles, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse_matmul, cost<tiles>, bind<tiles, isa>, packing<tiles>, pack<tiles>};
}

// Every four rows of A read B once.
double gemv_cost(const Problem& problem, const Target& target) {
  const MatMulSizes sizes = typical_sizes(problem);
  const double b = static_cast<double>(sizes.batch) * static_cast<double>(sizes.k) * static_cast<double>(sizes.n);
  const int64_t quads = (sizes.m + kGemvRows - 1) / kGemvRows;
  const auto m = static_cast<double>(sizes.m), readings = static_cast<double>(quads);
  return shared_cost(100 + b * (0.06 * readings + 0.025 * m), b * m, target);
}

template <const GemvSet& gemv, const TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind_few_rows(const Problem& problem, const Target& target) {
  return bind_gemv(gemv, tiles, isa, problem, target);
}

template <const GemvSet& gemv, const TileSet& tiles, IsaLevel isa> constexpr Row gemv_row(const char* name) {
  return {name, isa, refuse_gemv, gemv_cost, bind_few_rows<gemv, tiles, isa>};
}

template <const Bf16TileSet& tiles> double bf16_cost(const Problem& problem, const Target& target) {
  const MatMulSizes sizes = typical_sizes(problem);
  const int64_t m = sizes.m * sizes.batch;
  const double nanoseconds = bf16_tiles_cost(tiles, 1, m, sizes.n, 1, sizes.k, target);
  return shared_cost(nanoseconds, static_cast<double>(m) * static_cast<double>(sizes.n * sizes.k), target);
}

template <const Bf16TileSet& tiles> Tensor bf16_pack(const Problem& problem, size_t, const Tensor& weights) {
  return pack_bf16_matmul(tiles, problem, weights);
}

template <const Bf16TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bf16_bind(const Problem& problem, const Target& target) {
  return bind_bf16_matmul(tiles, isa, problem, target);
}

template <IsaLevel isa> const char* refuse_bf16(const Problem& problem) {
  if (const char* reason = refuse_bf16_matmul(problem)) return reason;
  return refuse_bf16_program(problem.op.as<MatMul>()->epilogue, isa);
}

template <const Bf16TileSet& tiles, IsaLevel isa> constexpr Row bf16_row(const char* name) {
  return bf16_product_row<tiles>(name, isa, refuse_bf16<isa>, bf16_cost<tiles>, bf16_bind<tiles, isa>,
                                 bf16_pack<tiles>);
}

constexpr Row kRows[] = {
    bf16_row<kAmxBf16_32x32, IsaLevel::kAmx>("amx_gemm_bf16_32x32"),
    bf16_row<kAvx512Bf16_6x64, IsaLevel::kAvx512Bf16>("avx512bf16_gemm_bf16_6x64"),
    bf16_row<kAvx512Bf16_8x48, IsaLevel::kAvx512Bf16>("avx512bf16_gemm_bf16_8x48"),
    bf16_row<kAvx512WideBf16_6x64, IsaLevel::kAvx512>("avx512_gemm_bf16_6x64"),
    bf16_row<kAvx512WideBf16_8x48, IsaLevel::kAvx512>("avx512_gemm_bf16_8x48"),
    bf16_row<kAvx2Bf16_4x16, IsaLevel::kAvx2>("avx2_gemm_bf16_4x16"),
    bf16_row<kReferenceBf16_32x32, IsaLevel::kReference>("reference_gemm_bf16_32x32"),
    gemv_row<kAvx512Gemv, kAvx512_6x64, IsaLevel::kAvx512>("avx512_gemv_f32"),
    gemv_row<kAvx2Gemv, kAvx2_6x16, IsaLevel::kAvx2>("avx2_gemv_f32"),
    row<kAvx512_6x64, IsaLevel::kAvx512>("avx512_gemm_f32_6x64"),
    row<kAvx512_8x48, IsaLevel::kAvx512>("avx512_gemm_f32_8x48"),
    row<kAvx2_6x16, IsaLevel::kAvx2>("avx2_gemm_f32_6x16"),
    row<kAvx2_4x24, IsaLevel::kAvx2>("avx2_gemm_f32_4x24"),
    row<kReference4x8, IsaLevel::kReference>("reference_gemm_f32_4x8"),
};

constexpr const OpDef* kOps[] = {&MatMul::def};

std::string size_text(int64_t size) { return size < 0 ? "?" : std::to_string(size); }

std::string text(const Problem& problem) {
  const MatMulSizes sizes = matmul_sizes(problem);
  const auto& op = *problem.op.as<MatMul>();
  const auto dtype = [](const Operand& operand) { return std::string(dtype_name(operand.dtype)); };
  std::string line = "gemm ";
  if (sizes.batch != 1) line += "b" + size_text(sizes.batch) + " ";
  line += "m" + size_text(sizes.m) + " n" + size_text(sizes.n) + " k" + size_text(sizes.k) + " " +
          dtype(problem.inputs[0]) + ":" + dtype(problem.inputs[1]) + ":" + dtype(problem.outputs[0]);
  if (op.trans_a) line += " trans_a";
  if (op.trans_b) line += " trans_b";
  if (problem.inputs[1].constant) line += " packed";
  if (has_input(problem, 2)) line += " +bias";
  return line + epilogue_text(op.epilogue);
}

}  // namespace

MatMulSizes matmul_sizes(const Problem& problem) {
  const auto& op = *problem.op.as<MatMul>();
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  const size_t a_rank = a.size(), b_rank = b.size();
  MatMulSizes sizes;
  sizes.m = a[a_rank - (op.trans_a ? 1 : 2)];
  sizes.k = a[a_rank - (op.trans_a ? 2 : 1)];
  sizes.n = b[b_rank - (op.trans_b ? 2 : 1)];
  if (sizes.k < 0) sizes.k = b[b_rank - (op.trans_b ? 1 : 2)];
  sizes.batch = product_of(y, y.size() - 2);
  sizes.b_batch = product_of(b, b_rank - 2);
  return sizes;
}

MatMulSizes typical_sizes(const Problem& problem) {
  MatMulSizes sizes = matmul_sizes(problem);
  const bool one_b = problem.inputs[1].shape.size() == 2;
  if (sizes.m < 0) sizes.m = kTypicalRows;
  if (sizes.k < 0) sizes.k = kTypicalSize;
  if (sizes.n < 0) sizes.n = kTypicalSize;
  if (sizes.batch < 0) sizes.batch = 1;
  if (sizes.b_batch < 0) sizes.b_batch = one_b ? 1 : sizes.batch;
  return sizes;
}

double tiles_cost(const TileSet& tiles, double products, int64_t m, int64_t n, double depth, const Target& target) {
  // A step multiplies one row of B by a column of A: at best a vector per cycle, no faster than the additions' latency
  // or the reading of B from L2. Cores add two vectors of 8 at once: the latency of 4 cycles is worth 8 of them.
  const int64_t latency = tiles.vector <= 8 ? 8 : 4;
  // Cores that add two vectors of 16 at once wait for B a little in deep sums, and load no more than they multiply.
  constexpr double kDeep = 256;
  const bool hungry = target.double_fma512 && tiles.vector == 16 && depth >= kDeep;
  const auto step = [&](int64_t rows, int64_t vectors) {
    const int64_t least = std::max({rows * vectors, 2 * vectors, latency});
    return 0.5 + (hungry ? static_cast<double>(std::max(least, rows + vectors)) + 0.6 * static_cast<double>(vectors)
                         : static_cast<double>(least));
  };
  const auto row_of_tiles = [&](int64_t rows) {
    if (rows == 0 || n == 0) return 0.0;
    const int64_t panels = panel_count(tiles, n), last = panel_width(tiles, n, panels - 1) / tiles.vector;
    return step(rows, tiles.vectors) * static_cast<double>(panels - 1) + step(rows, last);
  };
  const int64_t whole = m / tiles.rows;
  const double steps = static_cast<double>(whole) * row_of_tiles(tiles.rows) + row_of_tiles(m % tiles.rows);
  return 100 + products * steps * (depth + 8) * 2 * tiles.vector / tiles.gflops;
}

double shared_cost(double nanoseconds, double multiply_adds, const Target& target) {
  return nanoseconds / std::clamp(multiply_adds / 200e3, 1.0, static_cast<double>(target.threads));
}

}  // namespace gemm

const Family kGemmFamily = {"gemm", "matrix multiplication", gemm::kOps, gemm::kRows, gemm::text};

}  // namespace ingot::kernels
