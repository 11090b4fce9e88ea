#include "tune/measure.h"

#include <gtest/gtest.h>

#include "ops/matmul.h"

namespace ingot::tune {
namespace {

kernels::Problem product(int64_t m) {
  return {MatMul{}, {{DType::kF32, {m, 256}}, {DType::kF32, {256, 256}, true}}, {{DType::kF32, {m, 256}}}};
}

MeasureOptions every_row() {
  MeasureOptions options;
  options.slowest = 1e9;
  return options;
}

TEST(Measure, KeepsTheCostModelsChoiceWithinTheNoise) {
  EXPECT_EQ(winner({{10, 11, 12, 13, 14, 10, 11}, {9, 12, 12, 12, 13, 11, 10}}), 0u);
}

TEST(Measure, TakesARowThatIsFasterByMoreThanTheNoise) {
  EXPECT_EQ(winner({{10, 10, 10, 10, 10, 10, 10}, {9, 9, 9, 9, 9, 9, 9}}), 1u);
}

TEST(Measure, IsNotMisledByABusyMachineThatSlowsBoth) {
  EXPECT_EQ(winner({{10, 30, 10, 30, 10, 30, 10}, {9, 27, 9, 27, 9, 27, 9}}), 1u);
}

TEST(Measure, ChangesNothingForLessThanHalfAMicrosecond) {
  const std::vector<double> slow(7, 7e-7), fast(7, 3e-7);
  EXPECT_EQ(winner({slow, fast}), 0u);
}

TEST(Measure, PassesOverRowsThatWereOutAfterOneRun) {
  const std::vector<double> ten(7, 10), nine(7, 9);
  EXPECT_EQ(winner({ten, {}, nine}), 2u);
}

TEST(Measure, NeedsEnoughRounds) { EXPECT_EQ(winner({{10, 10, 10}, {1, 1, 1}}), 0u); }

TEST(Measure, TakesTheFastestOfSeveral) {
  const std::vector<double> ten(7, 10), eight(7, 8), nine(7, 9);
  EXPECT_EQ(winner({ten, nine, eight, nine}), 2u);
}

TEST(Measure, IsNotMisledByOneFastRun) {
  EXPECT_EQ(winner({std::vector<double>(7, 10), {1, 10, 10, 10, 10, 10, 10}}), 0u);
}

TEST(Measure, FindsTheVectorKernelFasterThanTheReference) {
  const kernels::Target target = kernels::this_machine(1);
  if (rivals(product(64), target, every_row()).size() < 2) GTEST_SKIP() << "this CPU has the reference rows only";
  ThreadPool pool(1);
  const auto measured = measure(product(64), target, pool, every_row());
  ASSERT_TRUE(measured);
  EXPECT_GE(measured->ns.size(), 2u);
  EXPECT_EQ(measured->best.find("reference"), std::string::npos) << measured->best;
  for (const auto& [row, ns] : measured->ns) EXPECT_GT(ns, 0) << row;
}

TEST(Measure, StopsWhenToldTo) {
  const kernels::Target target = kernels::this_machine(1);
  MeasureOptions options = every_row();
  if (rivals(product(64), target, options).size() < 2) GTEST_SKIP() << "this CPU has the reference rows only";
  options.each_round = [] { fail(Code::kCancelled, "enough"); };
  ThreadPool pool(1);
  EXPECT_THROW(measure(product(64), target, pool, options), Error);
}

TEST(Measure, GivesUpOnAProblemThatTakesFarTooLong) {
  const kernels::Target target = kernels::this_machine(1);
  MeasureOptions options = every_row();
  if (rivals(product(64), target, options).size() < 2) GTEST_SKIP() << "this CPU has the reference rows only";
  options.seconds = 1e-9;
  ThreadPool pool(1);
  EXPECT_FALSE(measure(product(64), target, pool, options));
}

TEST(Measure, LeavesUnknownSizesToTheCostModel) {
  ThreadPool pool(1);
  EXPECT_FALSE(measure(product(-1), kernels::this_machine(1), pool, every_row()));
}

TEST(Measure, MakesNoOperandsPastTheLimit) {
  MeasureOptions options = every_row();
  options.most_bytes = 1 << 10;
  ThreadPool pool(1);
  EXPECT_FALSE(measure(product(64), kernels::this_machine(1), pool, options));
}

TEST(Measure, TriesNoRowThatIsEstimatedFarSlower) {
  MeasureOptions options;
  options.slowest = 1;
  EXPECT_EQ(rivals(product(64), kernels::this_machine(1), options).size(), 1u);
}

}  // namespace
}  // namespace ingot::tune
