// Sizes of a run as a tensor: what is left of a chain that computed a shape.
#pragma once
#include "ops/op.h"

namespace ingot {

// y[i] = elements[i], expressions of the run's symbols; of rank 0 with one element when scalar.
struct Sizes {
  DimShape elements;
  bool scalar = false;
  DType dtype = DType::kI64;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("elements", &Sizes::elements), field("scalar", &Sizes::scalar),
                           field("dtype", &Sizes::dtype));
  }
};

}  // namespace ingot
