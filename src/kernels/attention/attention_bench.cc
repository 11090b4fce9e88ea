#include "ops/attention.h"

#include "kernels/families.h"
#include "kernels/kernel_benching.h"

namespace ingot::kernels {
namespace {

void add(const Shape& q, const Shape& k, const Attention& attention, int threads) {
  const Problem problem{attention, {{DType::kF32, q}, {DType::kF32, k}, {DType::kF32, k}}, {{DType::kF32, q}}};
  const double queries = static_cast<double>(element_count(q)), keys = static_cast<double>(k[k.size() == 3 ? 1 : 2]);
  bench_rows(kAttentionFamily, fmt::format("{}/threads:{}", kAttentionFamily.text(problem), threads), problem,
             4 * queries * keys * (attention.causal ? 0.5 : 1), 8 * (queries + static_cast<double>(element_count(k))),
             threads);
}

const int kRegistered = [] {
  Attention bert;
  bert.q_heads = bert.kv_heads = 12;
  for (const int threads : {1, 2}) {
    add({1, 128, 768}, {1, 128, 768}, bert, threads);
    add({1, 197, 768}, {1, 197, 768}, bert, threads);
    add({1, 12, 512, 64}, {1, 12, 512, 64}, {}, threads);
  }
  Attention causal;
  causal.causal = true;
  add({1, 32, 256, 128}, {1, 8, 256, 128}, causal, 1);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
