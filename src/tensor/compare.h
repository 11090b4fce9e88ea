// The one comparator of the project.
#pragma once
#include <string>

#include "tensor/value.h"

namespace ingot {

// |actual - expected| <= atol + rtol * |expected| + scaled * max|expected|, element by element. NaN equals NaN,
// infinities equal their like. An expected infinity takes no tolerance. Non-numeric content must be equal.
struct Tolerance {
  double rtol = 0, atol = 0;
  double scaled = 0;
};

struct Comparison {
  bool equal = false;
  double max_absolute = 0;   // largest |actual - expected|
  double max_scaled = 0;     // the same over max|expected|
  int64_t worst_index = -1;  // of the largest excess
  int64_t mismatches = 0;
  std::string reason;  // empty when equal; else one line naming type, shape or worst element
};

Comparison compare(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance);
Comparison compare(const Value& actual, const Value& expected, const Tolerance& tolerance);

}  // namespace ingot
