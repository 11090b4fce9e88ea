#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"

namespace ingot::runtime {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kCloseEnough = 100;  // a hundredth above the least that is possible
constexpr int kRepairs = 8;

// Bytes that are alive during each step.
std::vector<int64_t> live_bytes(std::span<const MemoryItem> items) {
  int32_t last = -1;
  for (const MemoryItem& item : items) last = std::max(last, item.last);
  std::vector<int64_t> live(static_cast<size_t>(last) + 2);
  for (const MemoryItem& item : items) {
    live[static_cast<size_t>(item.first)] += round_up(item.bytes, kAlignment);
    live[static_cast<size_t>(item.last) + 1] -= round_up(item.bytes, kAlignment);
  }
  std::partial_sum(live.begin(), live.end(), live.begin());
  return live;
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

using Order = std::vector<size_t>;

// Each item in turn where it fits best.
MemoryPlan place(std::span<const MemoryItem> items, const Order& order) {
  MemoryPlan plan;
  plan.offsets.assign(items.size(), 0);
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

// By descending key; equal ones as they are.
template <class Key> Order sorted(Order order, const Key& key) {
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) > key(b); });
  return order;
}

// The item that reaches the top first, the others as they were.
Order highest_first(std::span<const MemoryItem> items, const MemoryPlan& plan, Order order) {
  const auto top = std::max_element(order.begin(), order.end(), [&](size_t a, size_t b) {
    return plan.offsets[a] + items[a].bytes < plan.offsets[b] + items[b].bytes;
  });
  std::rotate(order.begin(), top, top + 1);
  return order;
}

}  // namespace

MemoryPlan plan_memory(std::span<const MemoryItem> items) {
  const std::vector<int64_t> live = live_bytes(items);
  const int64_t least = *std::max_element(live.begin(), live.end());
  // The most that is alive during an item's life.
  const auto crowd = [&](size_t i) {
    return *std::max_element(live.begin() + items[i].first, live.begin() + items[i].last + 1);
  };
  Order given(items.size());
  std::iota(given.begin(), given.end(), size_t{0});
  Order order = sorted(given, [&](size_t i) { return items[i].bytes; });
  MemoryPlan best = place(items, order);
  const auto attempt = [&](const Order& other) {
    MemoryPlan plan = place(items, other);
    if (plan.bytes < best.bytes) best = plan, order = other;
    return plan;
  };
  const auto done = [&] { return best.bytes <= least + least / kCloseEnough; };
  if (!done()) attempt(sorted(order, crowd));
  if (!done()) attempt(sorted(order, [&](size_t i) { return -items[i].first; }));
  Order moved = order;
  MemoryPlan plan = best;
  for (int i = 0; i < kRepairs && !done(); ++i) {
    moved = highest_first(items, plan, std::move(moved));
    plan = attempt(moved);
  }
  best.largest_live_set = least;
  return best;
}

}  // namespace ingot::runtime
