#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"

namespace ingot::runtime {
namespace {

constexpr int64_t kAlignment = 64;

int64_t largest_live_set(std::span<const MemoryItem> items) {
  std::vector<std::pair<int32_t, int64_t>> events;
  for (const MemoryItem& item : items) {
    events.emplace_back(item.first, round_up(item.bytes, kAlignment));
    events.emplace_back(item.last + 1, -round_up(item.bytes, kAlignment));
  }
  std::sort(events.begin(), events.end());  // frees (negative) sort before allocations of the same step
  int64_t live = 0, largest = 0;
  for (const auto& [step, change] : events) {
    live += change;
    largest = std::max(largest, live);
  }
  return largest;
}

struct Placed {
  int64_t offset, bytes;
  int32_t first, last;
};

// The smallest gap among the placed items that overlap in time, or the end.
int64_t best_offset(const std::vector<Placed>& placed, const MemoryItem& item, int64_t bytes) {
  int64_t best = -1, best_gap = INT64_MAX, cursor = 0;
  for (const Placed& other : placed) {  // sorted by offset
    if (other.last < item.first || other.first > item.last) continue;
    const int64_t gap = other.offset - cursor;
    if (gap >= bytes && gap < best_gap) {
      best = cursor;
      best_gap = gap;
    }
    cursor = std::max(cursor, other.offset + other.bytes);
  }
  return best >= 0 ? best : cursor;
}

}  // namespace

MemoryPlan plan_memory(std::span<const MemoryItem> items) {
  MemoryPlan plan;
  plan.offsets.assign(items.size(), 0);
  plan.largest_live_set = largest_live_set(items);
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return items[a].bytes > items[b].bytes; });
  std::vector<Placed> placed;
  for (const size_t index : order) {
    const MemoryItem& item = items[index];
    const int64_t bytes = round_up(item.bytes, kAlignment);
    if (bytes == 0) continue;
    const int64_t offset = best_offset(placed, item, bytes);
    plan.offsets[index] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    const Placed entry{offset, bytes, item.first, item.last};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), entry,
                                   [](const Placed& a, const Placed& b) { return a.offset < b.offset; }),
                  entry);
  }
  return plan;
}

}  // namespace ingot::runtime
