#include "kernels/cuda/lines.h"

#include "base/error.h"

namespace ingot::kernels::cuda {

LineThreads line_threads(const AxisSplit& split) {
  constexpr int64_t kWarp = 32, kMostThreads = 512, kEnoughBlocks = 264, kElementsPerThread = 4;
  LineThreads threads;
  while (threads.columns < kWarp && threads.columns < split.inner) threads.columns *= 2;
  const auto blocks = [&] { return split.outer * ((split.inner + threads.columns - 1) / threads.columns); };
  while (threads.columns > 4 && blocks() < kEnoughBlocks) threads.columns /= 2;
  while (threads.columns * threads.rows < kMostThreads && threads.rows * kElementsPerThread < split.size) {
    threads.rows *= 2;
  }
  while (threads.columns * threads.rows < kWarp) threads.rows *= 2;
  threads.groups = (split.inner + threads.columns - 1) / threads.columns;
  threads.blocks = split.outer * threads.groups;
  return threads;
}

KernelText line_kernel(const AxisSplit& split, const LineThreads& threads, std::string parameters,
                       const std::string& body) {
  KernelText kernel;
  kernel.blocks = threads.blocks;
  kernel.threads = static_cast<uint32_t>(threads.columns * threads.rows);
  kernel.parameters = std::move(parameters);
  kernel.body = fmt::format(R"(
  const int column = threadIdx.x % {0}, row = threadIdx.x / {0};
  const long long inner = (long long)blockIdx.x % {1} * {0} + column;
  const bool inside = inner < {2};
  const long long line = (long long)blockIdx.x / {1} * {2} + (inside ? inner : 0);
)",
                            threads.columns, threads.groups, split.inner) +
                body;
  return kernel;
}

std::string shared_parts(const LineThreads& threads, const char* type) {
  return fmt::format("  __shared__ {} parts[{}];\n", type, threads.columns * threads.rows);
}

std::string across(const LineThreads& threads, const std::string& v, const std::string& combine) {
  return fmt::format("across_rows<{}, {}>(parts, {}, {})", threads.rows, threads.columns, v, combine);
}

}  // namespace ingot::kernels::cuda
