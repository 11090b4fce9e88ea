#include "cuda/fastest.h"

#include <algorithm>

#include "base/error.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

constexpr int kWarmups = 2, kRounds = 5, kRunsPerRound = 5;

// Bytes that are numbers between 0.5 and 2 as f16, and sound numbers as bf16 and f32.
std::vector<uint16_t> operand_content(int64_t bytes) {
  std::vector<uint16_t> words(static_cast<size_t>(bytes / 2));
  uint32_t state = 0x9e3779b9u;
  for (uint16_t& word : words) {
    state = state * 1664525u + 1013904223u;
    word = static_cast<uint16_t>(0x3800u + (state >> 21));
  }
  return words;
}

double milliseconds(device::Device& device, Operation& operation, std::span<const Address> operands,
                    Address workspace) {
  for (int i = 0; i < kWarmups; ++i) operation.enqueue(operands, workspace);
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    times.push_back(device.time([&] {
      for (int i = 0; i < kRunsPerRound; ++i) operation.enqueue(operands, workspace);
    }));
  }
  std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
  return times[kRounds / 2] / kRunsPerRound;
}

}  // namespace

std::unique_ptr<Operation> fastest(device::Device& device, std::vector<std::unique_ptr<Operation>> candidates,
                                   std::span<const int64_t> operand_bytes) {
  if (candidates.size() == 1) return std::move(candidates.front());
  std::vector<device::Buffer> buffers;
  std::vector<Address> operands;
  for (const int64_t bytes : operand_bytes) {
    buffers.emplace_back(device, bytes);
    operands.push_back(buffers.back().address());
    const auto content = operand_content(bytes);
    device.copy_in(operands.back(), content.data(), static_cast<int64_t>(content.size() * 2));
  }
  int64_t workspace_bytes = 0;
  for (const auto& each : candidates) workspace_bytes = std::max(workspace_bytes, each->workspace_bytes);
  const device::Buffer workspace(device, workspace_bytes);
  std::unique_ptr<Operation> best;
  double best_time = 0;
  for (auto& each : candidates) {
    try {
      const double time = milliseconds(device, *each, operands, workspace.address());
      if (best == nullptr || time < best_time) {
        best = std::move(each);
        best_time = time;
      }
    } catch (const Error&) {
      continue;  // a proposal that this driver refuses
    }
  }
  if (best == nullptr) fail(Code::kUnsupported, "no proposal of the library runs");
  return best;
}

}  // namespace ingot::cuda
