// Graph -> plan bytes -> session, against the interpreter.
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <thread>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "pipeline_testing.h"
#include "runtime/session.h"
#include "tensor/compare.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

Tensor ramp(Shape shape) {
  Tensor tensor(DType::kF32, std::move(shape));
  for (int64_t i = 0; i < tensor.count(); ++i) write_double(tensor, i, static_cast<double>(i % 17) - 8);
  return tensor;
}

void expect_as_interpreted(const ir::Graph& graph, runtime::Session& session, const std::vector<Value>& inputs) {
  const auto expected = ir::interpret(graph, inputs);
  std::vector<Value> outputs(expected.size());
  session.run(inputs, outputs);
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto comparison = compare(outputs[i], expected[i], {1e-5, 1e-6, 1e-6});
    EXPECT_TRUE(comparison.equal) << "output " << i << ": " << comparison.reason;
  }
}

TEST(PlanRun, OnePlanServesEveryShapeOfASymbolicDim) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[n,8]) {
    %w: f32[8,4] = const random(1)
    %y = matmul(%x, %w)
    %z = softmax(%y)
    return %z as "z", %y as "y"
  })");
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  for (const int64_t n : {1, 5, 3, 5, 0}) expect_as_interpreted(graph, session, {ramp({n, 8})});
}

TEST(PlanRun, ViewsShareBytesAndOutputsThatAliasAreCopied) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[2,6]) {
    %a = unary{fn=neg}(%x)
    %b = reshape{shape=[3,4]}(%a)
    %c = reshape{shape=[12]}(%x)
    return %a as "a", %b as "b", %c as "c", %x as "x"
  })");
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  expect_as_interpreted(graph, session, {ramp({2, 6})});
}

TEST(PlanRun, ShapesThatDataDecidesRunInTheMiddle) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[n]) {
    %i = non_zero(%x)
    %t = transpose{permutation=[1,0]}(%i)
    %f = cast{to=f32}(%t)
    %s = unary{fn=neg}(%f)
    %y = reduce{fn=sum, axes=[0,1], keepdims=false}(%s)
    return %s as "s", %y as "y"
  })");
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  for (const int64_t n : {4, 40, 17}) expect_as_interpreted(graph, session, {ramp({n})});
}

TEST(PlanRun, BoundOutputsAreWrittenInPlace) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[2,3]) {
    %y = unary{fn=neg}(%x)
    return %y as "y"
  })");
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  Tensor bound(DType::kF32, {2, 3});
  std::vector<Value> inputs{ramp({2, 3})}, outputs{bound};
  session.run(inputs, outputs);
  EXPECT_EQ(bound.data<float>()[0], 8);
  EXPECT_EQ(outputs[0].tensor().raw(), bound.raw());
  std::vector<Value> wrong{Tensor(DType::kF32, {3, 2})};
  EXPECT_THROW(session.run(inputs, wrong), Error);
}

// Memory lies near the threads that wrote to it first.
TEST(PlanRun, AStreamKeepsItsMemory) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[64]) {
    %a = unary{fn=neg}(%x)
    %y = softmax(%a)
    return %y as "y"
  })");
  runtime::SessionOptions options;
  options.threads = options.streams = 2;
  runtime::Session session(plan_of(graph), options);
  const std::vector<Value> inputs{ramp({64})};
  // Where the first step's result lay; `during` is called while the run is under way.
  const auto run = [&](const std::function<void()>& during) {
    const void* place = nullptr;
    runtime::RunControl control;
    control.observe = [&](size_t step, std::span<const Value> outputs) {
      if (step != 0) return;
      place = outputs[0].tensor().raw();
      during();
    };
    std::vector<Value> results(1);
    session.run(inputs, results, control);
    return place;
  };
  const auto nothing = [] {};
  // Of two runs at once the one of the first stream ends first, so the last memory given back is the second stream's.
  const void* second = nullptr;
  std::thread other;
  std::promise<void> begun, ended;
  const void* first = run([&] {
    other = std::thread([&] {
      second = run([&] {
        begun.set_value();
        ended.get_future().wait();
      });
    });
    begun.get_future().wait();
  });
  ended.set_value();
  other.join();
  EXPECT_NE(first, second);
  EXPECT_EQ(run(nothing), first);
  EXPECT_EQ(run([&] { EXPECT_EQ(run(nothing), second); }), first);
}

TEST(PlanRun, WrongInputsSayWhatWasExpected) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[n,3], %y: f32[n]) {
    %z = unary{fn=neg}(%x)
    return %z as "z", %y as "y"
  })");
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  const auto message = [&](std::vector<Value> inputs) {
    std::vector<Value> outputs(2);
    try {
      session.run(inputs, outputs);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_NE(message({ramp({2, 4}), ramp({2})}).find("expected size 3"), std::string::npos);
  EXPECT_NE(message({ramp({2}), ramp({2})}).find("expected rank 2"), std::string::npos);
  EXPECT_NE(message({ramp({2, 3}), ramp({5})}).find("expected size 2 (n)"), std::string::npos);
  EXPECT_NE(message({Tensor(DType::kI64, {2, 3}), ramp({2})}).find("expected elements of type float"),
            std::string::npos);
  EXPECT_NE(message({ramp({2, 3})}).find("takes 2 inputs"), std::string::npos);
}

TEST(PlanRun, AnOutputMayBeBoundToAnInputsMemory) {
  const auto graph = ir::parse_graph(R"(graph main(%state: f32[4], %x: f32[4]) {
    %next = binary{fn=add}(%state, %x)
    %y = binary{fn=mul}(%state, %next)
    return %y as "y", %next as "next"
  })");
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  Tensor state = Tensor::of<float>({4}, {1, 2, 3, 4});
  const Tensor x = Tensor::of<float>({4}, {1, 1, 1, 1});
  for (int run = 0; run < 3; ++run) {
    const auto expected = ir::interpret(graph, {state.clone(), x});
    std::vector<Value> inputs{state, x}, outputs{Value(), state};
    session.run(inputs, outputs);
    EXPECT_EQ(compare(outputs[0], expected[0], {}).reason, "");
    EXPECT_TRUE(compare(Value(state), expected[1], {}).equal);
  }
}

TEST(PlanRun, PortableGraphGivesTheSameNumbers) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[n,8]) {
    %w: f32[8,4] = const random(1)
    %y = matmul(%x, %w)
    return %y as "y"
  })");
  const auto plan = plan_of(graph);
  const ir::Graph again = lower::portable_graph(*plan);
  const auto expected = ir::interpret(graph, {ramp({3, 8})}), actual = ir::interpret(again, {ramp({3, 8})});
  EXPECT_TRUE(compare(actual[0], expected[0], {}).equal);
}

}  // namespace
}  // namespace ingot
