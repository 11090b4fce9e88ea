// Sequences: immutable lists of values of one type.
#pragma once
#include "ops/op.h"

namespace ingot {

// A sequence of the inputs (at least one).
struct SequenceConstruct {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

struct SequenceEmpty {
  DType dtype = DType::kF32;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("dtype", &SequenceEmpty::dtype)); }
};

// Inputs: sequence, tensor, optional position in [-n, n] (default: the end).
struct SequenceInsert {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

// Inputs: sequence, optional position in [-n, n) (default: the last).
struct SequenceErase {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

// Inputs: sequence, position in [-n, n).
struct SequenceAt {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

struct SequenceLength {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

// The elements joined along an existing axis, or stacked along a new one.
struct ConcatFromSequence {
  int64_t axis = 0;
  bool new_axis = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &ConcatFromSequence::axis), field("new_axis", &ConcatFromSequence::new_axis));
  }
};

// Inputs: tensor, optional split (one size for all parts, the last may be smaller; or a list of sizes; absent: 1 each,
// and the axis is dropped unless keepdims).
struct SplitToSequence {
  int64_t axis = 0;
  bool keepdims = true;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &SplitToSequence::axis), field("keepdims", &SplitToSequence::keepdims));
  }
};

}  // namespace ingot
