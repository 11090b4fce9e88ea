// Conversion of every element to another type.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class RoundMode : uint8_t { kUp, kDown, kNearest };
template <> struct EnumNames<RoundMode> { static constexpr const char* kNames[] = {"up", "down", "nearest"}; };

// saturate and round_mode (f8e8m0 only) as ONNX Cast defines them. Strings convert both ways.
struct Cast {
  DType to = DType::kF32;
  bool saturate = true;
  RoundMode round_mode = RoundMode::kUp;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("to", &Cast::to), field("saturate", &Cast::saturate),
                           field("round_mode", &Cast::round_mode));
  }
};

}  // namespace ingot
