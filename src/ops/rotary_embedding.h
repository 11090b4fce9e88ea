// Rotary position embedding (Su et al. 2021).
#pragma once
#include "ops/op.h"

namespace ingot {

// x: [b, h, s, d], or [b, s, heads*d]; cos and sin: [positions, r/2] with positions i64[b, s], else [b, s, r/2]. The
// first r = rotary_size (0: d) elements of each head are rotated in pairs, (i, i + r/2) or, interleaved, (2i, 2i+1).
struct RotaryEmbedding {
  int64_t heads = 0, rotary_size = 0;
  bool interleaved = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("heads", &RotaryEmbedding::heads), field("rotary_size", &RotaryEmbedding::rotary_size),
                           field("interleaved", &RotaryEmbedding::interleaved));
  }
};

}  // namespace ingot
