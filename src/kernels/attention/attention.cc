#include "kernels/attention/attention.h"

#include "kernels/families.h"
#include "ops/attention.h"

namespace ingot::kernels {
namespace {

enum Input : size_t { kQ, kK, kV, kMask, kPastK, kPastV, kLengths };

const OpDef* const kOps[] = {&Attention::def};

bool present(const Problem& problem, size_t input) {
  return input < problem.inputs.size() && problem.inputs[input].present();
}

const char* refuse(const Problem& problem) {
  for (const size_t input : {kQ, kK, kV}) {
    if (problem.inputs[input].dtype != DType::kF32) return "elements other than f32";
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

// Nanoseconds: both products at the tiles' speed, and an exponential per score.
template <IsaLevel isa> double cost(const Problem& problem, const Target& target) {
  const auto known = [](int64_t size) { return size < 0 ? 64.0 : static_cast<double>(size); };
  double queries = 1;
  for (const int64_t size : problem.inputs[kQ].shape) queries *= known(size);
  const Shape& k = problem.inputs[kK].shape;
  const double products = 4 * queries * known(k[k.size() == 3 ? 1 : 2]);
  return 1000 + products / (isa == IsaLevel::kAvx512 ? 80 : 55) / target.threads;
}

template <IsaLevel isa> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  if (const char* reason = refuse(problem)) fail(Code::kInvalidArgument, "attention: {}", reason);
  return isa == IsaLevel::kAvx512
             ? attention::bind_attention(gemm::kAvx512_6x64, avx512::attention_functions(), problem, target)
             : attention::bind_attention(gemm::kAvx2_6x16, avx2::attention_functions(), problem, target);
}

constexpr Row kRows[] = {
    {"avx512_attention_f32_6x64", IsaLevel::kAvx512, refuse, cost<IsaLevel::kAvx512>, bind<IsaLevel::kAvx512>},
    {"avx2_attention_f32_6x16", IsaLevel::kAvx2, refuse, cost<IsaLevel::kAvx2>, bind<IsaLevel::kAvx2>},
};

}  // namespace

const Family kAttentionFamily = {"attention", "scaled dot-product attention, scores kept in cache", kOps, kRows,
                                 text_with_inputs};

}  // namespace ingot::kernels
