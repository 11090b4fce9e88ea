// Attention whose state is one matrix per head, updated token by token.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class LinearAttentionRule : uint8_t { kLinear, kGated, kDelta, kGatedDelta };
template <> struct EnumNames<LinearAttentionRule> {
  static constexpr const char* kNames[] = {"linear", "gated", "delta", "gated_delta"};
};

// Inputs: q [b, t, hq*dk], k [b, t, hkv*dk], v [b, t, hkv*dv]; optional state [b, hkv, dk, dv]; decay [b, t, hkv] or
// [b, t, hkv*dk] (gated rules); beta [b, t, hkv] or [b, t, 1] (delta rules). Outputs: y [b, t, hq*dv], new state.
// Per token: S *= exp(decay); v' = v, or beta * (v - S^T k); S += k v'^T; y = scale * S^T q.
struct LinearAttention {
  LinearAttentionRule rule = LinearAttentionRule::kGatedDelta;
  int64_t q_heads = 1, kv_heads = 1;
  double scale = 0;  // 0: 1 / sqrt(dk)
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("rule", &LinearAttention::rule), field("q_heads", &LinearAttention::q_heads),
                           field("kv_heads", &LinearAttention::kv_heads), field("scale", &LinearAttention::scale));
  }
};

}  // namespace ingot
