// Placing buffers with known lifetimes in one arena.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace ingot::runtime {

// `bytes` needed during the steps [first, last].
struct MemoryItem {
  int64_t bytes = 0;
  int32_t first = 0, last = 0;
};

struct MemoryPlan {
  std::vector<int64_t> offsets;  // of each item, 64-byte aligned
  int64_t bytes = 0;             // of the arena
  int64_t largest_live_set = 0;  // no plan of this order can be smaller
};

// Greedy by size, best fit (Pisarchyk, Lee: Efficient Memory Management for Deep Neural Net Inference, 2020); where
// that leaves gaps, also by how crowded an item's life is, by time, and with the items first that reached the top. The
// best of these; deterministic.
MemoryPlan plan_memory(std::span<const MemoryItem> items);

}  // namespace ingot::runtime
