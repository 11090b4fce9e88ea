// Results that lie where an operand lay.
#include <gtest/gtest.h>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "pipeline_testing.h"
#include "runtime/session.h"
#include "tensor/compare.h"
#include "tensor/random.h"

namespace ingot {
namespace {

// Where the first result of every step lies, after a run that agrees with the interpreter.
std::vector<const void*> places(const ir::Graph& graph) {
  const std::vector<Value> inputs{random_tensor(DType::kF32, {2, 9, 7, 64}, 1)};
  const auto expected = ir::interpret(graph, inputs);
  std::vector<const void*> found;
  runtime::RunControl control;
  control.observe = [&](size_t, std::span<const Value> outputs) { found.push_back(outputs[0].tensor().raw()); };
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  std::vector<Value> outputs(1);
  session.run(inputs, outputs, control);
  const auto comparison = compare(outputs[0], expected[0], {2e-2, 2e-2, 2e-2});
  EXPECT_TRUE(comparison.equal) << comparison.reason;
  return found;
}

TEST(InPlace, TheSumWithAResidualLiesWhereTheResidualLay) {
  const auto found = places(ir::parse_graph(R"(graph g(%x: f32[2,9,7,64]) {
    %w: bf16[64,64,3,3] = const random(1)
    %v: bf16[64,64] = const random(2)
    %a = cast{to=bf16}(%x)
    %r = unary{fn=neg}(%a)
    %y = conv{channels_last=true, pads=[1,1,1,1], epilogue=[binary([0,1])]}(%a, %w, _, %r)
    %z = matmul{epilogue=[binary([0,1]),unary{fn=relu}([2])]}(%a, %v, _, %y)
    %f = cast{to=f32}(%z)
    return %f as "f"
  })"));
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(found[2], found[1]);
  EXPECT_EQ(found[3], found[2]);
}

TEST(InPlace, DataThatOthersOfItsElementsNeedStays) {
  const auto found = places(ir::parse_graph(R"(graph g(%x: f32[2,9,7,64]) {
    %w: bf16[64,64,3,3] = const random(1)
    %a = cast{to=bf16}(%x)
    %y = conv{channels_last=true, pads=[1,1,1,1], epilogue=[binary([0,1])]}(%a, %w, _, %a)
    %f = cast{to=f32}(%y)
    return %f as "f"
  })"));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_NE(found[1], found[0]);
}

}  // namespace
}  // namespace ingot
