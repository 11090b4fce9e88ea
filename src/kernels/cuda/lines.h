// Kernels that combine the elements of lines: some threads share a line, others take the lines beside it.
#pragma once
#include "kernels/cuda/device_row.h"
#include "ops/axis_split.h"

namespace ingot::kernels::cuda {

struct LineThreads {
  int64_t columns = 1;  // lines beside each other in a block
  int64_t rows = 1;     // threads of a line, a power of two
  int64_t groups = 1;   // blocks for the lines of one outer index
  int64_t blocks = 1;
};
LineThreads line_threads(const AxisSplit& split);

// A kernel of these threads. `body` sees `line`, the number of its line of [outer, inner], `inside`, whether there is
// one, and `row`, its number among the line's threads.
KernelText line_kernel(const AxisSplit& split, const LineThreads& threads, std::string parameters,
                       const std::string& body);
// C++ of what the kernel shares: an element of `type` per thread.
std::string shared_parts(const LineThreads& threads, const char* type);
// C++ of the values `v` of a line's threads combined by a function of two of them, through the shared parts.
std::string across(const LineThreads& threads, const std::string& v, const std::string& combine);

}  // namespace ingot::kernels::cuda
