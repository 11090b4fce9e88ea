#include "kernels/siblings/siblings.h"

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/binary.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

struct Member {
  Op op;
  Shape weights;
  std::optional<Shape> bias = std::nullopt;
  std::vector<Shape> operands = {};
};

Case case_of(const Shape& x, const std::vector<Member>& members) {
  std::mt19937 random(3);
  Case test{Siblings{}, {random_tensor(random, x)}, {false}};
  Siblings siblings;
  for (const Member& member : members) {
    TileInstruction instruction{member.op, {0}};
    const auto add = [&](Tensor tensor, bool constant) {
      instruction.operands.push_back(static_cast<int64_t>(test.inputs.size()));
      test.inputs.push_back(std::move(tensor));
      test.constant.push_back(constant);
    };
    add(random_tensor(random, member.weights), true);
    if (member.bias || !member.operands.empty()) {
      add(member.bias ? random_tensor(random, *member.bias) : Tensor(), true);
    }
    for (const Shape& shape : member.operands) add(random_tensor(random, shape), false);
    siblings.members.push_back(std::move(instruction));
  }
  test.op = siblings;
  return test;
}

// Every row as the evaluation says, and bit for bit as the members give alone.
void expect_siblings(const Shape& x, const std::vector<Member>& members, double depth) {
  const Case test = case_of(x, members);
  expect_rows_match(kSiblingsFamily, test, tolerance_of(MatMul::def.accuracy, depth * 0.3 + 4));
  const Problem problem = problem_of(test, eval_values(test.op, test.inputs));
  // Winograd's sums are others.
  const auto pick_of = [](const Problem& each) {
    const auto all = candidates(each, this_machine(1));
    return std::find_if(all.begin(), all.end(), [](const Candidate& c) { return c.family != &kWinogradFamily; })->row;
  };
  const auto together = run_row(*pick_of(problem), problem, test.inputs, 1);
  for (size_t i = 0; i < members.size(); ++i) {
    const Problem alone = siblings::member_problem(problem, i);
    std::vector<Tensor> inputs;
    for (const int64_t operand : problem.op.as<Siblings>()->members[i].operands) {
      inputs.push_back(test.inputs[static_cast<size_t>(operand)]);
    }
    EXPECT_TRUE(identical(run_row(*pick_of(alone), alone, inputs, 1)[0], together[i])) << "member " << i;
  }
}

MatMul product(std::vector<TileInstruction> epilogue = {}, bool trans_b = false, double alpha = 1) {
  MatMul op;
  op.epilogue = std::move(epilogue);
  op.trans_b = trans_b;
  op.alpha = alpha;
  return op;
}

TEST(Siblings, ProductsOfDifferentWidthsAreOneStep) {
  expect_siblings({2, 13, 19}, {{product(), {19, 33}}, {product(), {19, 1}}, {product(), {19, 130}}}, 19);
  expect_siblings({7, 600}, {{product({}, true), {20, 600}}, {product({}, false, 0.5), {600, 64}}}, 600);
  expect_siblings({1, 64}, {{product(), {64, 64}}, {product(), {64, 64}}, {product(), {64, 64}}}, 64);
}

TEST(Siblings, EachHasItsOwnBiasAndEpilogue) {
  const TileInstruction relu{Unary{UnaryFn::kRelu}, {0}}, gelu{Unary{UnaryFn::kGelu}, {0}};
  const TileInstruction gate{Binary{BinaryFn::kMul}, {0, 1}};
  expect_siblings({3, 14, 24},
                  {{product({relu}), {24, 40}, Shape{40}},
                   {product({gelu}), {24, 17}},
                   {product({gate}), {24, 30}, std::nullopt, {{3, 14, 30}}},
                   {product({gate}), {24, 30}, Shape{30}, {{3, 1, 30}}},
                   {product(), {24, 9}}},
                  24);
}

Conv convolution(std::vector<int64_t> strides, std::vector<int64_t> pads, std::vector<TileInstruction> epilogue = {}) {
  Conv op;
  op.strides = std::move(strides);
  op.pads = std::move(pads);
  op.channels_last = true;
  op.epilogue = std::move(epilogue);
  return op;
}

TEST(Siblings, ConvolutionsWithEqualWindowsAreOneStep) {
  const TileInstruction relu{Unary{UnaryFn::kRelu}, {0}}, add{Binary{BinaryFn::kAdd}, {0, 1}};
  expect_siblings({2, 9, 8, 40},
                  {{convolution({}, {}, {relu}), {24, 40, 1, 1}, Shape{24}},
                   {convolution({}, {}), {70, 40, 1, 1}, Shape{70}},
                   {convolution({}, {}, {add}), {5, 40, 1, 1}, std::nullopt, {{2, 9, 8, 5}}}},
                  40);
  expect_siblings({1, 9, 8, 40}, {{convolution({2, 2}, {}), {24, 40, 1, 1}}, {convolution({2, 2}, {}), {64, 40, 1, 1}}},
                  40);
  expect_siblings({1, 9, 8, 30},
                  {{convolution({2, 1}, {1, 1, 1, 1}, {relu}), {24, 30, 3, 3}},
                   {convolution({2, 1}, {1, 1, 1, 1}), {18, 30, 3, 3}, Shape{18}}},
                  270);
  expect_siblings({1, 9, 8, 3},
                  {{convolution({}, {1, 1, 1, 1}), {24, 3, 3, 3}}, {convolution({}, {1, 1, 1, 1}), {18, 3, 3, 3}}}, 27);
}

TEST(Siblings, GiveEmptyResults) {
  expect_siblings({0, 19}, {{product(), {19, 33}}, {product(), {19, 1}}}, 19);
  expect_siblings({3, 19}, {{product(), {19, 0}}, {product(), {19, 4}}}, 19);
}

TEST(Siblings, LargeOnesAreSharedOut) {
  expect_siblings({150, 64}, {{product(), {64, 200}}, {product(), {64, 70}}, {product(), {64, 16}}}, 64);
}

TEST(Siblings, WhatDoesNotFitIsRefusedWithItsReason) {
  const auto reason = [](const std::vector<Member>& members, const Shape& x = {4, 8}) {
    Problem problem{Siblings{}, {{DType::kF32, x}}, {}};
    Siblings op;
    for (const Member& member : members) {
      op.members.push_back({member.op, {0, static_cast<int64_t>(problem.inputs.size())}});
      problem.inputs.push_back({DType::kF32, member.weights, true});
      problem.outputs.push_back({DType::kF32, x});
    }
    problem.op = op;
    const char* why = kSiblingsFamily.rows.back().refuse(problem);
    return std::string(why != nullptr ? why : "");
  };
  EXPECT_EQ(reason({{product(), {8, 8}}, {product(), {8, 8}}}), "");
  EXPECT_EQ(reason({{product(), {8, 8}}, {product(), {2, 8, 8}}}), "weights that are not one matrix");
  EXPECT_EQ(reason({{convolution({}, {}), {4, 4, 1, 1}}, {convolution({2, 2}, {}), {4, 4, 1, 1}}}, {1, 4, 4, 4}),
            "convolutions with different windows");
  EXPECT_EQ(reason({{convolution({}, {}), {4, 4, 1, 1}}, {product(), {4, 4}}}, {1, 4, 4, 4}),
            "members of different kinds");
}

}  // namespace
}  // namespace ingot::kernels
