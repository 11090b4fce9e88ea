// Attention over a key-value cache that the step itself extends, as decoders of language models run it.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs: q [b, s, hq*d], k and v [b, s, hkv*d], or q alone with all three packed behind one another; optional past k
// and v [b, hkv, p, d]; seqlens [b] (tokens of each sequence including these, minus 1); total (one number: the longest
// sequence); optional cos and sin [positions, r/2] (rotary), positions [b, s], bias [1 or b, 1 or hq, s, total], sink
// [hq], norms of q and k [d]. A prompt has total = s; else the step's s tokens end at seqlens + 1. Outputs: y [b, s,
// hq*d]; the cache: past with the new rows written in place, [b, hkv, max(p, total), d] each; if `qk` is not none the
// scores [b, hq, s, total]. Per query: q and k are normalised (RMS) and rotated, scores scaled, capped, biased; keys
// after the query (causal) and `window` or more before it are hidden; `sink` (0 when smooth) adds one key without a
// value.
enum class QkOutput : uint8_t { kNone, kScores, kProbabilities };
template <> struct EnumNames<QkOutput> { static constexpr const char* kNames[] = {"none", "scores", "probabilities"}; };

struct GroupQueryAttention {
  int64_t q_heads = 0, kv_heads = 0;
  double scale = 0;  // 0: 1 / sqrt(d)
  double softcap = 0;
  int64_t window = -1;
  bool causal = true, rotary = false, interleaved = false, smooth = false;
  double q_epsilon = 1e-6, k_epsilon = 1e-6;
  QkOutput qk = QkOutput::kNone;
  static const OpDef def;
  static constexpr auto fields() {
    using T = GroupQueryAttention;
    return std::make_tuple(field("q_heads", &T::q_heads), field("kv_heads", &T::kv_heads), field("scale", &T::scale),
                           field("softcap", &T::softcap), field("window", &T::window), field("causal", &T::causal),
                           field("rotary", &T::rotary), field("interleaved", &T::interleaved),
                           field("smooth", &T::smooth), field("q_epsilon", &T::q_epsilon),
                           field("k_epsilon", &T::k_epsilon), field("qk", &T::qk));
  }
};

}  // namespace ingot
