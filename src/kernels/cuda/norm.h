// The norm's kernel around what gives its rows.
#pragma once
#include "kernels/cuda/device_row.h"

namespace ingot::kernels::cuda {

// The elements of a row that the kernel takes at once.
int64_t norm_width(const Problem& problem, DType storage);
int64_t norm_size(const Problem& problem);  // of a row

struct NormInput {
  std::string parameters;   // "const f16* x0, ..."
  std::vector<Slot> slots;  // in their order
  std::string lines;        // set `xs`, a pack of the norm's width from element k of row `row`
};
Call norm_call(const Problem& problem, DType storage, const NormInput& input);

}  // namespace ingot::kernels::cuda
