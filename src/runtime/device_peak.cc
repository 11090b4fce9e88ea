#include "runtime/device_peak.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/random.h"

namespace ingot::runtime {
namespace {

constexpr int64_t kSide = 4096, kMemoryBytes = int64_t{512} << 20;
constexpr int kRounds = 5, kRuns = 10;

// Seconds of one run: the best of several rounds of several in a row.
double best_seconds(device::Device& device, const std::function<void()>& enqueue) {
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double milliseconds = device.time([&] {
      for (int run = 0; run < kRuns; ++run) enqueue();
    });
    if (round == 0 || milliseconds < best) best = milliseconds;
  }
  return std::max(best, 1e-6) * 1e-3 / kRuns;
}

// On numbers as models have them: a GPU multiplies zeros at higher clocks.
double product_gflops(device::Device& device, DType type, bool tf32) {
  device::MatrixProduct product;
  product.dtype = type;
  product.tf32 = tf32;
  product.m = product.n = product.k = kSide;
  try {
    const auto operation = device.matrix_product(product, nullptr);
    const Tensor numbers = random_tensor(type, {kSide, kSide}, 1);
    const device::Buffer a(device, numbers.byte_size()), y(device, numbers.byte_size());
    const device::Buffer workspace(device, operation->workspace_bytes);
    device.copy_in(a.address(), numbers.raw(), numbers.byte_size());
    const device::Address operands[] = {a.address(), a.address(), y.address()};
    const double seconds = best_seconds(device, [&] { operation->enqueue(operands, workspace.address()); });
    return 2e-9 * static_cast<double>(kSide * kSide * kSide) / seconds;
  } catch (const Error& error) {
    if (error.code() != Code::kUnsupported) throw;
    return 0;
  }
}

// Read and written bytes counted; `bytes`: of both sides together.
double copy_gbps(device::Device& device, int64_t bytes) {
  const device::Buffer from(device, bytes / 2), to(device, bytes / 2);
  const double seconds = best_seconds(device, [&] { device.copy(to.address(), from.address(), bytes / 2); });
  return 1e-9 * static_cast<double>(bytes) / seconds;
}

}  // namespace

kernels::MachinePeak measure_peak(device::Device& device, DType type, bool tf32) {
  kernels::MachinePeak peak;
  peak.gflops = peak.bf16_gflops = product_gflops(device, type, tf32);
  const double memory = copy_gbps(device, kMemoryBytes);
  const int64_t near = device.properties().l2_bytes / 2;
  if (near > 0) peak.levels.push_back({static_cast<double>(near), std::max(copy_gbps(device, near), memory)});
  peak.levels.push_back({static_cast<double>(kMemoryBytes), memory});
  return peak;
}

}  // namespace ingot::runtime
