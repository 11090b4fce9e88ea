#include "kernels/chain/chain.h"

#include "kernels/chain/chain_testing.h"
#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/binary.h"
#include "ops/reduce.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

const TileInstruction kRelu{Unary{UnaryFn::kRelu}, {0}}, kSilu{Unary{UnaryFn::kSilu}, {0}},
    kAdd{Binary{BinaryFn::kAdd}, {0, 1}};
const std::vector<TileInstruction> kClip{{Binary{BinaryFn::kMax}, {0, 1}}, {Binary{BinaryFn::kMin}, {3, 2}}};

// The same after the mean over the pixels, as in squeeze and excite.
void start_with_mean(Chain& op, size_t inputs) {
  op.members.insert(op.members.begin(), {Reduce{ReduceFn::kMean, {1, 2}}, {0}});
  for (size_t i = 1; i < op.members.size(); ++i) op.members[i].operands[0] = static_cast<int64_t>(inputs + i - 1);
}

Case case_of(const Shape& x, const std::vector<ChainMember>& members) {
  std::mt19937 random(1);
  std::vector<Shape> inputs;
  Case test{chain_of(members, inputs), {random_tensor(random, x)}, {false}};
  for (const Shape& shape : inputs) test.inputs.push_back(random_tensor(random, shape));
  for (const ChainMember& member : members) {
    test.constant.insert(test.constant.end(), {true, true});
    test.constant.insert(test.constant.end(), member.operands.size(), false);
  }
  return test;
}

// Winograd's sums are others.
const Row* row_alone(const Problem& member, IsaLevel isa) {
  Target target = this_machine(1);
  target.isa = isa;
  const auto all = candidates(member, target);
  return std::find_if(all.begin(), all.end(), [](const Candidate& c) { return c.family != &kWinogradFamily; })->row;
}

std::vector<Tensor> run_alone(const Case& test, const Problem& problem, IsaLevel isa) {
  std::vector<Tensor> results{test.inputs[0]};
  for (const TileInstruction& each : problem.op.as<Chain>()->members) {
    const Problem member = chain::member_problem(problem, results.size() - 1);
    std::vector<Tensor> inputs{results.back()};
    for (size_t k = 1; k < each.operands.size(); ++k) {
      inputs.push_back(test.inputs[static_cast<size_t>(each.operands[k])]);
    }
    results.push_back(run_row(*row_alone(member, isa), member, inputs, 1)[0]);
  }
  return results;
}

// Every row as the evaluation says, at every thread count, and bit for bit as the members give one after the other.
// Caches of no size make it run by bands.
void expect_chain(const Shape& x, const std::vector<ChainMember>& members, bool mean = false) {
  Case test = case_of(x, members);
  if (mean) {
    Chain op = *test.op.as<Chain>();
    start_with_mean(op, test.inputs.size());
    test.op = op;
  }
  double depth = 1;
  for (const ChainMember& member : members) {
    depth *= static_cast<double>(element_count(std::span(member.weights).subspan(1))) * 0.3 + 4;
  }
  expect_rows_match(kChainFamily, test, tolerance_of(Conv::def.accuracy, depth));
  const Problem problem = problem_of(test, eval_values(test.op, test.inputs));
  for (const Row& row : kChainFamily.rows) {
    if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
    const Tensor expected = run_alone(test, problem, row.isa).back();
    for (const long l2_bytes : {0L, 40L << 10, 1L << 30}) {
      for (const int threads : {1, 3}) {
        Target target = this_machine(threads);
        target.l2_bytes = l2_bytes;
        EXPECT_TRUE(identical(run_row(row, problem, test.inputs, threads, target)[0], expected))
            << row.name << ", " << threads << " threads, " << l2_bytes << " bytes of L2";
      }
    }
  }
}

TEST(Chain, RunsInvertedBottlenecks) {
  expect_chain({1, 20, 17, 16}, {pointwise(16, 96, {kRelu}), sliding(96, 3, 2, {kRelu}), pointwise(96, 24)});
  expect_chain({2, 13, 9, 24}, {pointwise(24, 72, {kRelu}), sliding(72, 5, 1, {kRelu}), pointwise(72, 24)});
  expect_chain({1, 9, 30, 5}, {pointwise(5, 33), sliding(33, 7, 1), pointwise(33, 7)});
}

TEST(Chain, RunsAnyPartOfThem) {
  expect_chain({1, 15, 11, 8}, {pointwise(8, 40, {kSilu}), sliding(40, 3, 1, {kSilu})});
  expect_chain({3, 15, 11, 40}, {sliding(40, 5, 2, {kRelu}), pointwise(40, 12)});
  expect_chain({1, 15, 11, 40}, {sliding(40, 3, 1), sliding(40, 3, 2), pointwise(40, 12), pointwise(12, 50)});
  expect_chain({1, 15, 11, 9}, {pointwise(9, 12)});
}

TEST(Chain, StartsWithAnyConvolutionInOneGroup) {
  ChainMember first = pointwise(3, 32, {kRelu});
  first.op.strides = {2, 2};
  first.op.pads = {1, 1, 1, 1};
  first.weights = {32, 3, 3, 3};
  expect_chain({1, 33, 18, 3}, {first, sliding(32, 3, 1, {kRelu}), pointwise(32, 16)});
  first.op.pads = {};
  first.op.auto_pad = AutoPad::kSameUpper;
  first.weights = {32, 30, 3, 3};
  expect_chain({2, 9, 18, 30}, {first, sliding(32, 3, 2)});
}

TEST(Chain, MembersHaveEpiloguesWithOperandsOfTheirOwn) {
  const Shape x = {2, 14, 10, 24};
  expect_chain(x, {pointwise(24, 48, kClip, {{}, {}}), sliding(48, 3, 1, kClip, {{1}, {1, 1, 1, 1}}),
                   pointwise(48, 24, {kAdd}, {x})});
  expect_chain(x, {pointwise(24, 48, {{Binary{BinaryFn::kMul}, {0, 1}}, kSilu}, {{2, 1, 1, 48}}),
                   sliding(48, 3, 2, {kAdd}, {{2, 7, 5, 48}}), pointwise(48, 24, {kAdd}, {{1, 7, 1, 24}})});
}

TEST(Chain, SmallImagesAndWideStridesAreNoObstacle) {
  expect_chain({1, 1, 1, 16}, {pointwise(16, 32), sliding(32, 5, 1), pointwise(32, 16)});
  expect_chain({2, 2, 3, 16}, {pointwise(16, 32), sliding(32, 7, 2), pointwise(32, 16)});
  ChainMember skipping = sliding(32, 3, 5);
  skipping.op.dilations = {2, 1};
  skipping.op.pads = {0, 1, 2, 1};
  expect_chain({1, 31, 12, 16}, {pointwise(16, 32), skipping, pointwise(32, 16)});
  ChainMember cropping = sliding(32, 3, 1);
  cropping.op.pads = {-2, 1, -1, 1};
  expect_chain({1, 12, 7, 16}, {pointwise(16, 32), cropping});
}

TEST(Chain, LargeOnesAreSharedOut) {
  expect_chain({1, 56, 56, 24}, {pointwise(24, 144, {kRelu}), sliding(144, 3, 1, {kRelu}), pointwise(144, 24)});
  expect_chain({3, 28, 28, 32}, {pointwise(32, 192, {kRelu}), sliding(192, 3, 2, {kRelu}), pointwise(192, 64)});
}

TEST(Chain, SqueezesAndExcites) {
  const TileInstruction gate{Unary{UnaryFn::kHardSigmoid, 0.2, 0.5}, {0}};
  expect_chain({1, 14, 14, 72}, {pointwise(72, 24, {kRelu}), pointwise(24, 72, {gate})}, true);
  expect_chain({3, 5, 1, 33}, {pointwise(33, 7, {kSilu}), pointwise(7, 130, {kAdd}, {{3, 1, 1, 130}})}, true);
  expect_chain({2, 1, 1, 16}, {pointwise(16, 8), pointwise(8, 16)}, true);
}

TEST(Chain, AMeanBeforeConvolutionsThatSlideIsRefused) {
  Case test = case_of({1, 9, 9, 16}, {sliding(16, 3, 1), pointwise(16, 8)});
  Chain op = *test.op.as<Chain>();
  start_with_mean(op, test.inputs.size());
  test.op = op;
  const Problem problem = problem_of(test, eval_values(test.op, test.inputs));
  EXPECT_STREQ(kChainFamily.rows.front().refuse(problem), "a mean before other than 1x1 convolutions of f32");
}

TEST(Chain, GivesEmptyResults) {
  expect_chain({0, 15, 11, 8}, {pointwise(8, 40), sliding(40, 3, 1), pointwise(40, 8)});
}

TEST(Chain, WhatDoesNotFitIsRefusedWithItsReason) {
  const auto reason = [](const std::vector<ChainMember>& members, bool constant = true) {
    Case test = case_of({1, 9, 9, 8}, members);
    Problem problem{test.op, {}, {{DType::kF32, {1, 9, 9, 8}}}};
    for (const Tensor& input : test.inputs) problem.inputs.push_back({DType::kF32, input.shape(), constant});
    const char* why = kChainFamily.rows.back().refuse(problem);
    return std::string(why != nullptr ? why : "");
  };
  EXPECT_EQ(reason({pointwise(8, 16), sliding(16, 3, 1)}), "");
  EXPECT_EQ(reason({pointwise(8, 16), sliding(16, 3, 1)}, false), "weights that are not constant");
  ChainMember later = pointwise(16, 8);
  later.op.pads = {1, 1, 1, 1};
  EXPECT_EQ(reason({sliding(16, 3, 1), later}), "a convolution after the first that is neither 1x1 nor depthwise");
  ChainMember groups = pointwise(16, 16);
  groups.op.group = 2;
  EXPECT_EQ(reason({pointwise(8, 32), groups}), "there are not as many filters as channels");
  ChainMember planes = pointwise(8, 16);
  planes.op.channels_last = false;
  EXPECT_EQ(reason({planes, sliding(16, 3, 1)}), "a convolution that is channels-first");
}

}  // namespace
}  // namespace ingot::kernels
