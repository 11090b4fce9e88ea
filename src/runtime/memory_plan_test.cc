#include "runtime/memory_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ingot::runtime {
namespace {

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Items that live at once share no byte, and the plan's sizes are what its offsets say.
void expect_sound(const std::vector<MemoryItem>& items, const MemoryPlan& plan) {
  int64_t top = 0;
  ASSERT_EQ(plan.offsets.size(), items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % 64, 0);
    if (items[i].bytes > 0) top = std::max(top, plan.offsets[i] + rounded(items[i].bytes));
    for (size_t j = 0; j < i; ++j) {
      if (items[i].last < items[j].first || items[j].last < items[i].first) continue;
      const bool apart =
          plan.offsets[i] + items[i].bytes <= plan.offsets[j] || plan.offsets[j] + items[j].bytes <= plan.offsets[i];
      EXPECT_TRUE(apart || items[i].bytes == 0 || items[j].bytes == 0) << i << " and " << j;
    }
  }
  EXPECT_EQ(plan.bytes, top);
  EXPECT_GE(plan.bytes, plan.largest_live_set);
}

TEST(MemoryPlanning, OfNothingIsEmpty) {
  EXPECT_EQ(plan_memory({}).bytes, 0);
  EXPECT_EQ(plan_memory({}).largest_live_set, 0);
}

TEST(MemoryPlanning, KeepsItemsThatLiveAtOnceApart) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<MemoryItem> items;
    for (int i = 0; i < 60; ++i) {
      const auto first = static_cast<int32_t>(random() % 40);
      items.push_back({static_cast<int64_t>(random() % 5000), first, first + static_cast<int32_t>(random() % 6)});
    }
    expect_sound(items, plan_memory(items));
  }
}

TEST(MemoryPlanning, CountsAsTheLeastWhatLivesAtOnce) {
  const std::vector<MemoryItem> items{{100, 0, 1}, {64, 1, 2}, {640, 2, 2}};
  EXPECT_EQ(plan_memory(items).largest_live_set, 704);
  EXPECT_EQ(plan_memory(items).bytes, 704);
}

TEST(MemoryPlanning, TriesOtherOrdersWhereTheLargestFirstLeavesGaps) {
  // Largest first: 640 bytes.
  const std::vector<MemoryItem> items{{128, 2, 2}, {256, 0, 1}, {192, 1, 2}, {256, 3, 4}, {192, 2, 4}};
  const MemoryPlan plan = plan_memory(items);
  expect_sound(items, plan);
  EXPECT_EQ(plan.largest_live_set, 512);
  EXPECT_EQ(plan.bytes, 512);
}

}  // namespace
}  // namespace ingot::runtime
