// A profiler of the test's own, which writes down what it is told.
#include "cuda/nvtx.h"

#include <gtest/gtest.h>

#include <vector>

namespace ingot::cuda {
namespace {

std::vector<std::string>& heard() {
  static std::vector<std::string> heard;
  return heard;
}

int push(const char* name) {
  heard().push_back(name);
  return 0;
}
int pop() {
  heard().push_back("end");
  return 0;
}

// As a profiler's InitializeInjectionNvtx2 does.
template <class Function> void set(NvtxFunctionTable table, size_t index, Function function) {
  *table[index] = reinterpret_cast<NvtxFunction>(function);
}
int listen(NvtxTables tables) {
  const auto* callbacks = static_cast<const NvtxCallbacks*>(tables(kNvtxCallbacks));
  NvtxFunctionTable table = nullptr;
  unsigned size = 0;
  if (callbacks == nullptr || callbacks->functions(kNvtxCore, &table, &size) == 0 || size != 16) return 0;
  set(table, kNvtxRangePush, &push);
  set(table, kNvtxRangePop, &pop);
  return 1;
}

TEST(Nvtx, RangesGoToAProfilerOnceOneIsAttached) {
  push_range("nobody listens");
  pop_range();
  EXPECT_FALSE(ranges_wanted());
  EXPECT_FALSE(attach_profiler([](NvtxTables) { return 0; }));
  ASSERT_TRUE(attach_profiler(listen));
  EXPECT_TRUE(ranges_wanted());
  push_range("run");
  push_range("step 0");
  pop_range();
  pop_range();
  EXPECT_EQ(heard(), (std::vector<std::string>{"run", "step 0", "end", "end"}));
}

TEST(Nvtx, ProfilersFindEveryModuleAndNoOther) {
  attach_profiler([](NvtxTables tables) {
    const auto* callbacks = static_cast<const NvtxCallbacks*>(tables(kNvtxCallbacks));
    EXPECT_EQ(callbacks->struct_size, sizeof(NvtxCallbacks));
    EXPECT_NE(tables(kNvtxVersionInfo), nullptr);
    EXPECT_EQ(tables(17), nullptr);
    for (int module = 1; module <= 6; ++module) {
      NvtxFunctionTable table = nullptr;
      unsigned size = 0;
      EXPECT_EQ(callbacks->functions(module, &table, &size), 1) << module;
      EXPECT_EQ(table[0], nullptr);
      for (unsigned i = 1; i < size; ++i) EXPECT_NE(table[i], nullptr) << module << " " << i;
      EXPECT_EQ(table[size], nullptr);
    }
    EXPECT_EQ(callbacks->functions(7, nullptr, nullptr), 0);
    return 0;
  });
}

}  // namespace
}  // namespace ingot::cuda
