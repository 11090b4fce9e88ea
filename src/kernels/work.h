// What a step must do at least, whatever kernel runs it: arithmetic and bytes. For reports and rooflines.
#pragma once
#include <optional>

#include "kernels/kernel.h"

namespace ingot::kernels {

struct Work {
  // A multiplication and an addition count as two, an elementwise function as one whatever it is, a softmax or
  // normalisation as five per element; copies count nothing. What a Winograd kernel saves is not subtracted, so its
  // rate may exceed the machine's.
  double flops = 0;
  // Every operand read once and every result written once; what moves data reads no more than it writes.
  double bytes = 0;
};

// Empty when a size is not known, or a type has no fixed size.
std::optional<Work> work_of(const Problem& problem);

}  // namespace ingot::kernels
