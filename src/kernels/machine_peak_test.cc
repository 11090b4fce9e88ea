#include "kernels/machine_peak.h"

#include <gtest/gtest.h>

namespace ingot::kernels {
namespace {

const MachinePeak kMachine = {100, 200, {{1e6, 50}, {1e9, 10}}};

TEST(MachinePeak, IsBoundByArithmeticWhereThatTakesLonger) {
  const Roof roof = roof_of({1e9, 1e3}, false, kMachine);
  EXPECT_TRUE(roof.compute);
  EXPECT_DOUBLE_EQ(roof.seconds, 0.01);
}

TEST(MachinePeak, TakesTheBandwidthOfTheCacheThatHoldsTheBytes) {
  EXPECT_DOUBLE_EQ(roof_of({0, 1e6}, false, kMachine).seconds, 1e-3 / 50);
  EXPECT_DOUBLE_EQ(roof_of({0, 1e8}, false, kMachine).seconds, 1e-1 / 10);
  EXPECT_DOUBLE_EQ(roof_of({0, 1e10}, false, kMachine).seconds, 10.0 / 10);
}

TEST(MachinePeak, HasARoofOfItsOwnForBf16) { EXPECT_DOUBLE_EQ(roof_of({1e9, 0}, true, kMachine).seconds, 0.005); }

TEST(MachinePeak, MeasuresThisMachine) {
  ThreadPool pool(1);
  const MachinePeak peak = measure_peak(pool);
  EXPECT_GT(peak.gflops, 0.1);
  EXPECT_GE(peak.bf16_gflops, peak.gflops * 0.5);
  ASSERT_GE(peak.levels.size(), 2u);
  for (size_t i = 0; i < peak.levels.size(); ++i) {
    EXPECT_GT(peak.levels[i].gbps, 0.1);
    EXPECT_GT(peak.levels[i].bytes, i > 0 ? peak.levels[i - 1].bytes : 0);
  }
}

}  // namespace
}  // namespace ingot::kernels
