#include "kernels/attention/attention.h"

#include "kernels/attention/geometry.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

using attention::kK, attention::kMask, attention::kPastK, attention::kQ, attention::kV;

const OpDef* const kOps[] = {&Attention::def};

bool present(const Problem& problem, size_t input) {
  return input < problem.inputs.size() && problem.inputs[input].present();
}

// `dtype`: of queries, keys, values and the result.
const char* refuse(const Problem& problem, DType dtype) {
  for (const size_t input : {kQ, kK, kV}) {
    if (problem.inputs[input].dtype != dtype) return "elements of another type";
    const size_t rank = problem.inputs[input].shape.size();
    if (rank != 3 && rank != 4) return "an operand of rank other than 3 and 4";
  }
  if (present(problem, kPastK)) return "past keys and values";
  if (problem.op.as<Attention>()->output_count > 1) return "outputs besides the result";
  if (!present(problem, kMask)) return nullptr;
  if (problem.inputs[kMask].shape.size() > 4) return "a mask of rank above 4";
  const DType mask = problem.inputs[kMask].dtype;
  return mask != DType::kF32 && mask != DType::kBool ? "a mask other than f32 and bool" : nullptr;
}

// An instruction set for elements of a type; `gflops`: of both products together.
struct F32 {
  static constexpr DType dtype = DType::kF32;
};
struct Bf16 {
  static constexpr DType dtype = DType::kBF16;
};
struct Avx2 : F32 {
  static constexpr double gflops = 55;
  static constexpr const auto& tiles = gemm::kAvx2_6x16;
  static constexpr auto functions = avx2::attention_functions;
  static constexpr auto bind = attention::bind_attention;
};
struct Avx512 : F32 {
  static constexpr double gflops = 80;
  static constexpr const auto& tiles = gemm::kAvx512_6x64;
  static constexpr auto functions = avx512::attention_functions;
  static constexpr auto bind = attention::bind_attention;
};
struct Avx2Bf16 : Bf16 {
  static constexpr double gflops = 25;
  static constexpr const auto& tiles = gemm::kAvx2Bf16_4x16;
  static constexpr auto functions = avx2::attention_functions;
  static constexpr auto bind = attention::bind_bf16_attention;
};
struct Avx512Bf16 : Bf16 {
  static constexpr double gflops = 100;
  static constexpr const auto& tiles = gemm::kAvx512Bf16_6x64;
  static constexpr auto functions = avx512bf16::attention_functions;
  static constexpr auto bind = attention::bind_bf16_attention;
};
struct Amx : Bf16 {
  static constexpr double gflops = 300;
  static constexpr const auto& tiles = gemm::kAmxBf16_32x32;
  static constexpr auto functions = avx512bf16::attention_functions;
  static constexpr auto bind = attention::bind_bf16_attention;
};

template <class Set> const char* refuse(const Problem& problem) { return refuse(problem, Set::dtype); }

// Nanoseconds: both products at the tiles' speed, and an exponential per score.
template <class Set> double cost(const Problem& problem, const Target& target) {
  const auto known = [](int64_t size) { return size < 0 ? 64.0 : static_cast<double>(size); };
  double queries = 1;
  for (const int64_t size : problem.inputs[kQ].shape) queries *= known(size);
  const Shape& k = problem.inputs[kK].shape;
  const double products = 4 * queries * known(k[k.size() == 3 ? 1 : 2]);
  return 1000 + products / Set::gflops / target.threads;
}

template <class Set> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  if (const char* reason = refuse<Set>(problem)) fail(Code::kInvalidArgument, "attention: {}", reason);
  return Set::bind(Set::tiles, Set::functions(), problem, target);
}

template <class Set> constexpr Row row(const char* name, IsaLevel isa) {
  return {name, isa, refuse<Set>, cost<Set>, bind<Set>};
}

constexpr Row kRows[] = {
    row<Amx>("amx_attention_bf16_32x32", IsaLevel::kAmx),
    row<Avx512Bf16>("avx512bf16_attention_bf16_6x64", IsaLevel::kAvx512Bf16),
    row<Avx512>("avx512_attention_f32_6x64", IsaLevel::kAvx512),
    row<Avx2>("avx2_attention_f32_6x16", IsaLevel::kAvx2),
    row<Avx2Bf16>("avx2_attention_bf16_4x16", IsaLevel::kAvx2),
};

}  // namespace

const Family kAttentionFamily = {"attention", "scaled dot-product attention, scores kept in cache", kOps, kRows,
                                 text_with_inputs};

}  // namespace ingot::kernels
