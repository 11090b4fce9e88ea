#include "kernels/recurrent/recurrent.h"

#include "kernels/bf16_testing.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(21);
// States are in [-1, 1]; an error of a step fades through the next ones.
constexpr Tolerance kClose = {2e-5, 3e-6, 0};

struct Sizes {
  int64_t sequence, batch, in, hidden;
};
constexpr Sizes kSizes[] = {{7, 1, 5, 16}, {5, 2, 3, 7}, {4, 3, 9, 33}, {3, 7, 17, 50}, {6, 9, 4, 1}, {1, 1, 1, 1}};

// The cells in both forms of the gru.
std::vector<Recurrent> cells() {
  std::vector<Recurrent> result(4);
  result[1].cell = result[2].cell = RecurrentCell::kGru;
  result[2].linear_before_reset = true;
  result[3].cell = RecurrentCell::kLstm;
  return result;
}

enum class Given { kWeights, kBiases, kAll };

Case make_case(Recurrent op, const Sizes& s, Given given) {
  op.hidden_size = s.hidden;
  const int64_t d = op.directions(), rows = op.gates() * s.hidden;
  const float scale = 1.5f / std::sqrt(static_cast<float>(s.hidden));
  const auto random = [](const Shape& shape, float limit) {
    return random_tensor(random_numbers, shape, -limit, limit);
  };
  const Shape state = op.batch_first ? Shape{s.batch, d, s.hidden} : Shape{d, s.batch, s.hidden};
  std::vector<Tensor> inputs = {
      random(op.batch_first ? Shape{s.batch, s.sequence, s.in} : Shape{s.sequence, s.batch, s.in}, 1),
      random({d, rows, s.in}, 1), random({d, rows, s.hidden}, scale)};
  if (given >= Given::kBiases) inputs.push_back(random({d, 2 * rows}, 1));
  if (given == Given::kAll) {
    std::vector<int32_t> lengths;
    for (int64_t n = 0; n < s.batch; ++n) lengths.push_back(static_cast<int32_t>((3 * n + 2) % (s.sequence + 1)));
    inputs.push_back(Tensor::of<int32_t>({s.batch}, lengths));
    inputs.push_back(random(state, 1));
    if (op.cell == RecurrentCell::kLstm) {
      inputs.push_back(random(state, 1));
      inputs.push_back(random({d, 3 * s.hidden}, 1));
    }
  }
  return {op, inputs, {false, true, true}};
}

// The states that R multiplies are rounded to bf16 as well, which later states show.
constexpr Tolerance kCloseBf16 = {2e-2, 2e-2, 0};

void expect_match(const Recurrent& op, const Sizes& sizes, Given given) {
  Case test = make_case(op, sizes, given);
  expect_rows_match(kRecurrentFamily, test, kClose);
  if (op.quantized_states) return;
  for (size_t i = 0; i < 3; ++i) test.inputs[i] = cast_to(test.inputs[i], DType::kBF16);
  expect_rows_match(kRecurrentFamily, test, kCloseBf16);
}

TEST(RecurrentKernel, MatchesAtSizesThatAreNoMultipleOfTheBlock) {
  for (const Recurrent& cell : cells()) {
    for (const Sizes& sizes : kSizes) {
      expect_match(cell, sizes, Given::kWeights);
      expect_match(cell, sizes, Given::kBiases);
    }
  }
}

TEST(RecurrentKernel, GoesEitherWayFromGivenStatesToEachSequencesEnd) {
  for (Recurrent cell : cells()) {
    for (const auto direction :
         {RecurrentDirection::kForward, RecurrentDirection::kReverse, RecurrentDirection::kBidirectional}) {
      cell.direction = direction;
      for (const Sizes& sizes : kSizes) expect_match(cell, sizes, Given::kAll);
    }
  }
}

TEST(RecurrentKernel, ReadsAndWritesBatchFirst) {
  for (Recurrent cell : cells()) {
    cell.batch_first = true;
    cell.direction = RecurrentDirection::kBidirectional;
    for (const Sizes& sizes : kSizes) expect_match(cell, sizes, Given::kAll);
  }
}

TEST(RecurrentKernel, SharesAStepWithMuchWorkAmongThreads) {
  for (Recurrent cell : cells()) {
    expect_match(cell, {3, 2, 8, 200}, Given::kAll);
    expect_match(cell, {3, 1, 8, 460}, Given::kBiases);
    cell.direction = RecurrentDirection::kBidirectional;
    expect_match(cell, {2, 5, 8, 210}, Given::kAll);
  }
}

TEST(RecurrentKernel, ClipsWhatFunctionsTakeAndCouplesGates) {
  for (Recurrent cell : cells()) {
    cell.clip = 0.4;
    cell.input_forget = cell.cell == RecurrentCell::kLstm;
    expect_match(cell, {5, 3, 6, 20}, Given::kAll);
  }
}

// The first sequence's states are so large that the others' come down to few levels. A state between two levels may go
// to either, which later states show.
TEST(RecurrentKernel, QuantisesTheStatesOfAllRunningSequencesTogether) {
  Recurrent cell = cells()[3];
  cell.quantized_states = true;
  for (const auto direction : {RecurrentDirection::kReverse, RecurrentDirection::kBidirectional}) {
    cell.direction = direction;
    for (const Sizes& sizes : {Sizes{4, 3, 5, 20}, Sizes{2, 3, 8, 200}}) {
      Case test = make_case(cell, sizes, Given::kAll);
      std::fill_n(test.inputs[5].mutable_data<float>(), sizes.hidden, 100.0f);
      expect_rows_match(kRecurrentFamily, test, {5e-3, 5e-3, 0});
    }
  }
}

// As exact as the f32 that it is rounded to, where no state is multiplied before.
TEST(RecurrentKernel, RoundsOnBf16OnlyStatesAndResults) {
  for (const Recurrent& cell : cells()) {
    Case test = make_case(cell, {1, 3, 9, 33}, Given::kBiases);
    for (size_t i = 0; i < 3; ++i) test.inputs[i] = cast_to(test.inputs[i], DType::kBF16);
    const std::vector<Value> expected = eval_values(test.op, test.inputs);
    const Problem problem = problem_of(test, expected);
    for (const Row& row : kRecurrentFamily.rows) {
      if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
      const Comparison comparison =
          compare(run_row(row, problem, test.inputs, 1)[0], expected[0].tensor(), {std::ldexp(1, -7), 1e-6, 0});
      EXPECT_TRUE(comparison.equal) << row.name << ": " << comparison.reason;
    }
  }
}

TEST(RecurrentKernel, AnEmptySequenceLeavesTheStates) {
  for (const Recurrent& cell : cells()) {
    expect_match(cell, {0, 2, 3, 5}, Given::kAll);
    expect_match(cell, {3, 0, 3, 5}, Given::kBiases);
  }
}

TEST(RecurrentKernel, ALengthOutsideOfTheSequenceIsAnError) {
  Case test = make_case(cells()[3], {4, 2, 3, 5}, Given::kAll);
  const Problem problem = problem_of(test, eval_values(test.op, test.inputs));
  test.inputs[4] = Tensor::of<int32_t>({2}, {1, 5});
  for (const Row& row : kRecurrentFamily.rows) {
    if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
    const Tensor w = row.pack(problem, 1, test.inputs[1]), r = row.pack(problem, 2, test.inputs[2]);
    std::vector<const void*> inputs;
    for (const Tensor& input : test.inputs) inputs.push_back(input.raw());
    inputs[1] = w.raw(), inputs[2] = r.raw();
    std::vector<Tensor> results;
    std::vector<void*> outputs;
    for (const Operand& output : problem.outputs) {
      results.emplace_back(output.dtype, output.shape);
      outputs.push_back(results.back().mutable_raw());
    }
    const auto bound = row.bind(problem, this_machine(1));
    Guarded scratch(bound->scratch_bytes, 64);
    std::atomic<const char*> error = nullptr;
    const Parallel parallel;
    bound->run({inputs.data(), outputs.data(), scratch.data(), parallel, &error});
    EXPECT_STREQ(error.load(), "a sequence length outside of the sequence") << row.name;
  }
}

TEST(RecurrentKernel, RefusesOtherFunctionsAndWeightsThatAreNotConstant) {
  Case test = make_case(cells()[1], {2, 1, 3, 4}, Given::kBiases);
  const auto refusal = [&] {
    return kRecurrentFamily.rows[0].refuse(problem_of(test, eval_values(test.op, test.inputs)));
  };
  EXPECT_EQ(refusal(), nullptr);
  test.constant = {false, true, false};
  EXPECT_STREQ(refusal(), "weights that are not constant");
  test.constant = {false, true, true};
  Recurrent named = cells()[1];
  named.activations = {"sigmoid", "tanh"};
  test.op = named;
  EXPECT_EQ(refusal(), nullptr);
  named.activations = {"sigmoid", "relu"};
  test.op = named;
  EXPECT_STREQ(refusal(), "functions other than sigmoid for gates and tanh for the rest");
}

}  // namespace
}  // namespace ingot::kernels
