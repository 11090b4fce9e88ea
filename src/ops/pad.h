// Elements added before and after every axis, or dropped where a pad is negative.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class PadMode : uint8_t { kConstant, kReflect, kEdge, kWrap };
template <> struct EnumNames<PadMode> {
  static constexpr const char* kNames[] = {"constant", "reflect", "edge", "wrap"};
};

// Inputs: x, optional pads (i64[2n]: n begins, then n ends), optional value (one element of x's type; zero when
// absent), optional axes (i32/i64[n]; all when absent). Without the second input the field holds the pads of all axes.
struct Pad {
  PadMode mode = PadMode::kConstant;
  DimShape pads;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("mode", &Pad::mode), field("pads", &Pad::pads)); }
};

}  // namespace ingot
