#include "base/large_pages.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace ingot {
namespace {

uintptr_t address(const void* memory) { return reinterpret_cast<uintptr_t>(memory); }

TEST(LargePages, WhatFillsALargePageIsAlignedToOne) {
  for (const size_t bytes : {size_t{0}, size_t{1}, kLargePage - 1, kLargePage, 3 * kLargePage + 5}) {
    const std::unique_ptr<void, void (*)(void*)> memory(allocate_large(bytes), std::free);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(address(memory.get()) % (bytes < kLargePage ? 64 : kLargePage), 0u) << bytes;
    std::memset(memory.get(), 1, bytes);
  }
}

TEST(LargePages, MoreThanThereIsGivesNull) { EXPECT_EQ(allocate_large(SIZE_MAX - 1), nullptr); }

TEST(LargePages, SmallAllocationsLieBesideEachOtherAndDoNotOverlap) {
  LargePages pages;
  std::vector<std::pair<std::shared_ptr<void>, size_t>> places;
  for (const size_t bytes : {size_t{100}, size_t{1} << 20, size_t{0}, 5 * kLargePage, size_t{7}, size_t{1} << 21}) {
    places.emplace_back(pages.allocate(bytes), bytes);
    EXPECT_EQ(address(places.back().first.get()) % 64, 0u);
    std::memset(places.back().first.get(), static_cast<int>(places.size()), bytes);
  }
  EXPECT_EQ(address(places[1].first.get()), address(places[0].first.get()) + 128);
  for (size_t i = 0; i < places.size(); ++i) {
    const auto* bytes = static_cast<const char*>(places[i].first.get());
    for (size_t at = 0; at < places[i].second; ++at) ASSERT_EQ(bytes[at], static_cast<char>(i + 1));
  }
}

TEST(LargePages, AnAllocationOutlivesTheObject) {
  std::shared_ptr<void> place;
  {
    LargePages pages;
    place = pages.allocate(1000);
    pages.allocate(10 * kLargePage);
  }
  std::memset(place.get(), 1, 1000);
  EXPECT_EQ(static_cast<char*>(place.get())[999], 1);
}

}  // namespace
}  // namespace ingot
