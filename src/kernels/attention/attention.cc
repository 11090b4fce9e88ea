#include "kernels/attention/attention.h"

#include "kernels/attention/geometry.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

using attention::kK, attention::kMask, attention::kPastK, attention::kQ, attention::kV;

const OpDef* const kOps[] = {&Attention::def};

// `dtype`: of queries, keys, values and the result.
const char* refuse(const Problem& problem, DType dtype) {
  for (const size_t input : {kQ, kK, kV}) {
    if (problem.inputs[input].dtype != dtype) return "elements of another type";
    const size_t rank = problem.inputs[input].shape.size();
    if (rank != 3 && rank != 4) return "an operand of rank other than 3 and 4";
  }
  if (has_input(problem, kPastK)) return "past keys and values";
  if (problem.op.as<Attention>()->output_count > 1) return "outputs besides the result";
  if (!has_input(problem, kMask)) return nullptr;
  if (problem.inputs[kMask].shape.size() > 4) return "a mask of rank above 4";
  const DType mask = problem.inputs[kMask].dtype;
  return mask != DType::kF32 && mask != DType::kBool ? "a mask other than f32 and bool" : nullptr;
}

template <DType dtype> const char* refuse(const Problem& problem) { return refuse(problem, dtype); }

// Nanoseconds: both products at the tiles' speed, exponentials included, in GFLOP/s.
template <int gflops> double cost(const Problem& problem, const Target& target) {
  const auto known = [](int64_t size) { return size < 0 ? 64.0 : static_cast<double>(size); };
  double queries = 1;
  for (const int64_t size : problem.inputs[kQ].shape) queries *= known(size);
  const Shape& k = problem.inputs[kK].shape;
  const double products = 4 * queries * known(k[k.size() == 3 ? 1 : 2]);
  return 1000 + products / gflops / target.threads;
}

template <DType dtype, const auto& tiles, auto functions, auto make>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  if (const char* reason = refuse(problem, dtype)) fail(Code::kInvalidArgument, "attention: {}", reason);
  return make(tiles, functions(), problem, target);
}

template <const gemm::TileSet& tiles, auto functions, int gflops>
constexpr Row f32_row(const char* name, IsaLevel isa) {
  return {name, isa, refuse<DType::kF32>, cost<gflops>, bind<DType::kF32, tiles, functions, attention::bind_attention>};
}
template <const gemm::Bf16TileSet& tiles, auto functions, int gflops>
constexpr Row bf16_row(const char* name, IsaLevel isa) {
  return {name, isa, refuse<DType::kBF16>, cost<gflops>,
          bind<DType::kBF16, tiles, functions, attention::bind_bf16_attention>};
}

constexpr Row kRows[] = {
    bf16_row<gemm::kAmxBf16_32x32, avx512bf16::attention_functions, 300>("amx_attention_bf16_32x32", IsaLevel::kAmx),
    bf16_row<gemm::kAvx512Bf16_6x64, avx512bf16::attention_functions, 100>("avx512bf16_attention_bf16_6x64",
                                                                           IsaLevel::kAvx512Bf16),
    f32_row<gemm::kAvx512_6x64, avx512::attention_functions, 80>("avx512_attention_f32_6x64", IsaLevel::kAvx512),
    f32_row<gemm::kAvx2_6x16, avx2::attention_functions, 55>("avx2_attention_f32_6x16", IsaLevel::kAvx2),
    bf16_row<gemm::kAvx2Bf16_4x16, avx2::attention_functions, 25>("avx2_attention_bf16_4x16", IsaLevel::kAvx2),
};

}  // namespace

const Family kAttentionFamily = {"attention", "scaled dot-product attention, scores kept in cache", kOps, kRows,
                                 text_with_inputs};

}  // namespace ingot::kernels
