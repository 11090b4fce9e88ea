// x repeated along its axes.
#pragma once
#include "ops/op.h"

namespace ingot {

// Repeats per axis: the field when the node has one input, else the second input (i64[rank]).
struct Tile {
  DimShape repeats;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("repeats", &Tile::repeats)); }
};

}  // namespace ingot
