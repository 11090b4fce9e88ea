#include "kernels/kernel.h"

#include <algorithm>

#include "kernels/families.h"

namespace ingot::kernels {

std::string text_with_input(const Problem& problem) {
  return fmt::format("{} {}{}", problem.op.text(), dtype_name(problem.inputs[0].dtype),
                     shape_text(problem.inputs[0].shape));
}

std::string text_with_inputs(const Problem& problem) {
  std::string text = problem.op.text();
  for (const Operand& input : problem.inputs) {
    text += input.present() ? fmt::format(" {}{}", dtype_name(input.dtype), shape_text(input.shape)) : " -";
  }
  return text;
}

std::span<const Family* const> all_families() {
  static const std::vector<const Family*> all = {
      &kGemmFamily,          &kConvFamily,        &kWinogradFamily,
      &kConvTransposeFamily, &kDepthwiseFamily,   &kPointwiseFamily,
      &kTransposeFamily,     &kCopyFamily,        &kSoftmaxFamily,
      &kNormFamily,          &kReduceFamily,      &kPoolFamily,
      &kResizeFamily,        &kAttentionFamily,   &kSiblingsFamily,
      &kRecurrentFamily,     &kChainFamily,       &kSampleFamily,
      &kIntegerGemmFamily,   &kIntegerConvFamily, &kIntegerDepthwiseFamily,
  };
  return all;
}

Parallel parallel_on(ThreadPool& pool) {
  return {pool.threads(), &pool, [](void* pool, int64_t count, ThreadPool::Task task, void* argument) {
            static_cast<ThreadPool*>(pool)->run(count, task, argument);
          }};
}

Target this_machine(int threads) {
  const CpuFeatures& cpu = cpu_features();
  return {cpu_isa(), threads, cpu.l1d_bytes, cpu.l2_bytes, cpu.l3_bytes, cpu.double_fma512, cpu.slow_bf16_dot};
}

// Estimates are those of CPUs that add and multiply as fast with AVX2 as with AVX-512.
static double slowdown(const Row& row, const Target& target) {
  constexpr double kHalfVectors = 1.6;
  return target.double_fma512 && target.isa >= IsaLevel::kAvx512 && row.isa < IsaLevel::kAvx512 ? kHalfVectors : 1;
}

std::vector<Candidate> candidates(const Problem& problem, const Target& target) {
  std::vector<Candidate> result;
  for (const Family* family : all_families()) {
    if (std::find(family->ops.begin(), family->ops.end(), &problem.op.def()) == family->ops.end()) continue;
    for (const Row& row : family->rows) {
      Candidate candidate{family, &row, nullptr, 0};
      candidate.refused = row.isa > target.isa ? "the CPU lacks the instructions" : row.refuse(problem);
      if (candidate.refused == nullptr) candidate.cost = row.cost(problem, target) * slowdown(row, target);
      result.push_back(candidate);
    }
  }
  std::stable_sort(result.begin(), result.end(), [](const Candidate& a, const Candidate& b) {
    if ((a.refused == nullptr) != (b.refused == nullptr)) return a.refused == nullptr;
    return a.cost < b.cost;
  });
  return result;
}

Candidate pick(const Problem& problem, const Target& target) {
  const auto all = candidates(problem, target);
  return all.empty() || all.front().refused != nullptr ? Candidate{} : all.front();
}

const Row* find_row(std::string_view name) {
  for (const Family* family : all_families()) {
    for (const Row& row : family->rows) {
      if (name == row.name) return &row;
    }
  }
  return nullptr;
}

}  // namespace ingot::kernels
