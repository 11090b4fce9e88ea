// Scaled dot-product attention (Vaswani et al. 2017) with grouped heads, masks and a key-value cache.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class AttentionScores : uint8_t { kRaw, kCapped, kMasked, kProbabilities };
template <> struct EnumNames<AttentionScores> {
  static constexpr const char* kNames[] = {"raw", "capped", "masked", "probabilities"};
};

// Inputs: q [b, hq, s, d], k [b, hkv, t, d], v [b, hkv, t, dv], or all of rank 3 as [b, s, h*d] with the numbers of
// heads as fields; optional mask broadcastable to [b, hq, s, total] (bool: false masks; else added; its last axis may
// be shorter: the rest is masked); optional past k and v, put before k and v; optional lengths i64[b]: keys from there
// on are masked. Query head i uses key head i / (hq / hkv). Outputs: y of q's rank; if `output_count` says so, the
// keys and values used, of rank 4; then the scores at the stage `scores`.
// scores = softmax(cap(q k^T * scale) + mask); cap(x) = softcap * tanh(x / softcap).
struct Attention {
  int64_t q_heads = 0, kv_heads = 0;
  double scale = 0;  // 0: 1 / sqrt(d)
  double softcap = 0;
  bool causal = false;          // query i sees the past and the keys 0..i
  bool nan_is_zero = false;     // probabilities that are NaN, as of a query that sees no key, count as 0
  bool unseen_is_zero = false;  // a query whose every score is -inf, which sees no key, has probabilities of 0, not NaN
  AttentionScores scores = AttentionScores::kRaw;
  int64_t output_count = 1;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("q_heads", &Attention::q_heads), field("kv_heads", &Attention::kv_heads),
                           field("scale", &Attention::scale), field("softcap", &Attention::softcap),
                           field("causal", &Attention::causal), field("nan_is_zero", &Attention::nan_is_zero),
                           field("unseen_is_zero", &Attention::unseen_is_zero), field("scores", &Attention::scores),
                           field("output_count", &Attention::output_count));
  }
};

}  // namespace ingot
