#include <gtest/gtest.h>

#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/op_testing.h"
#include "ops/reshape.h"
#include "ops/shape_of.h"
#include "ops/slice.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

Fact ints(const std::vector<int64_t>& values) {
  return Fact::of(Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values));
}
Fact sizes(std::string_view text) {
  DimShape elements = *fact("i64[" + std::string(text) + "]").shape;
  const auto count = static_cast<int64_t>(elements.size());
  return elements_fact(DType::kI64, {count}, std::move(elements));
}
std::string elements_text(const Fact& fact) { return fact.elements ? dims_text(*fact.elements) : "unknown"; }

Tensor iota(Shape shape) {
  Tensor tensor(DType::kI64, std::move(shape));
  for (int64_t i = 0; i < tensor.count(); ++i) tensor.mutable_data<int64_t>()[i] = i;
  return tensor;
}

TEST(Reshape, InfersSymbolically) {
  const struct {
    const char *x, *target, *result;
    bool allow_zero;
  } kCases[] = {
      {"f32[n,12,64]", "0,-1", "f32[n,768]", false},     {"f32[n,s,768]", "n,s,12,64", "f32[n,s,12,64]", false},
      {"f32[n,s,768]", "-1,768", "f32[n*s,768]", false}, {"f32[n,1+s,768]", "-1,1+s,16", "f32[48*n,1+s,16]", false},
      {"f32[n,c,h,w]", "n,c,-1", "f32[n,c,h*w]", false}, {"f32[0,3]", "3,0", "f32[3,0]", true},
      {"f32[?]", "2,-1", "f32[2,new0]", false},
  };
  for (const auto& each : kCases) {
    EXPECT_EQ(infer_text(Reshape{{}, each.allow_zero}, {fact(each.x), sizes(each.target)}), each.result);
  }
  EXPECT_EQ(infer_text(Reshape{}, {fact("f32[n,6]"), fact("i64[3]")}), "f32[new0,new1,new2]");
  EXPECT_EQ(infer_text(Reshape{}, {fact("f32[n,6]"), fact("i64[k]")}), "f32[?]");
  EXPECT_EQ(infer_text(Reshape{{Dim::parse("2*n"), 3}}, {fact("f32[n,6]")}), "f32[2*n,3]");
}

TEST(Reshape, RefusesCountsThatDoNotFit) {
  EXPECT_THROW(infer_text(Reshape{}, {fact("f32[2,3]"), ints({4})}), Error);
  EXPECT_THROW(infer_text(Reshape{}, {fact("f32[2,3]"), ints({-1, 4})}), Error);
  EXPECT_THROW(infer_text(Reshape{}, {fact("f32[2,3]"), ints({-1, -1})}), Error);
  EXPECT_THROW(infer_text(Reshape{}, {fact("f32[2,3]"), ints({6, 1, 0})}), Error);
  EXPECT_THROW(eval_tensor(Reshape{}, {iota({2, 3}), Tensor::of<int64_t>({2}, {-2, 3})}), Error);
  EXPECT_THROW(eval_tensor(Reshape{{}, true}, {iota({2, 3}), Tensor::of<int64_t>({2}, {-1, 0})}), Error);
}

TEST(Reshape, EvaluatesExpressionsOfTheRun) {
  const Op op = Reshape{{Dim::parse("2*n"), Dim::parse("c")}};
  const Value x = iota({2, 6});
  const std::vector<const Value*> inputs = {&x};
  EvalHost host;
  EXPECT_THROW(evaluate(op, inputs, host), Error);
  SymbolValues symbols = {{"n", 2}};
  host.symbols = &symbols;
  EXPECT_EQ(evaluate(op, inputs, host)[0].tensor().shape(), (Shape{4, 3})) << "c follows from the count";
}

TEST(Reshape, KeepsTrackedContent) {
  EXPECT_EQ(
      elements_text(infer_facts(Reshape{}, {elements_fact(DType::kI64, {}, DimShape{Dim::symbol("n")}), ints({1})})[0]),
      "[n]");
  EXPECT_TRUE(infer_facts(Reshape{}, {Fact::of(iota({4})), ints({2, 2})})[0].value.has_value());
}

TEST(ShapeOf, GivesSizesAsElements) {
  EXPECT_EQ(elements_text(infer_facts(ShapeOf{}, {fact("f32[n,3,h]")})[0]), "[n,3,h]");
  EXPECT_EQ(elements_text(infer_facts(ShapeOf{-2}, {fact("f32[n,3,h]")})[0]), "[3,h]");
  EXPECT_EQ(elements_text(infer_facts(ShapeOf{2, 1}, {fact("f32[n,3,h]")})[0]), "[]");
  EXPECT_TRUE(infer_facts(ShapeOf{1, 2}, {fact("f32[n,3,h]")})[0].value.has_value());
  EXPECT_EQ(infer_text(ShapeOf{}, {fact("f32[?]")}), "i64[new0]");
}

TEST(Slice, InfersSymbolically) {
  const struct {
    const char* x;
    int64_t start, end, step;
    const char* result;
  } kCases[] = {
      {"f32[n]", 0, INT64_MAX, 1, "f32[n]"},
      {"f32[n]", 1, INT64_MAX, 1, "f32[max(-1+n,0)]"},
      {"f32[n]", 0, -1, 1, "f32[max(-1+n,0)]"},
      {"f32[n]", -3, INT64_MAX, 1, "f32[min(3,n)]"},
      {"f32[n]", 0, INT64_MAX, 2, "f32[floor(1+n,2)]"},
      {"f32[n]", -1, INT64_MIN, -1, "f32[n]"},
      {"f32[5+n]", 0, 5, 1, "f32[5]"},
      {"f32[9]", 7, 1, -2, "f32[3]"},
      {"f32[9]", -100, 100, 4, "f32[3]"},
      {"f32[n]", 5, 2, -1, "f32[new0]"},
      {"f32[9]", 5, 2, 1, "f32[0]"},
      {"f32[0]", 0, INT64_MIN, -1, "f32[0]"},
  };
  for (const auto& each : kCases) {
    EXPECT_EQ(infer_text(Slice{}, {fact(each.x), ints({each.start}), ints({each.end}), ints({0}), ints({each.step})}),
              each.result)
        << each.start << ":" << each.end << ":" << each.step;
  }
  EXPECT_EQ(infer_text(Slice{}, {fact("f32[n,m]"), sizes("k"), sizes("k+2")}), "f32[max(-k+min(2+k,n),0),m]");
  EXPECT_EQ(infer_text(Slice{}, {fact("f32[n,m]"), sizes("-n"), ints({INT64_MAX})}), "f32[n,m]");
  EXPECT_EQ(infer_text(Slice{}, {fact("f32[n,m]"), sizes("-m"), ints({INT64_MAX})}), "f32[new0,m]");
  EXPECT_EQ(infer_text(Slice{}, {fact("f32[n,m]"), fact("i64[1]"), fact("i64[1]"), ints({-1})}), "f32[n,new0]");
  EXPECT_EQ(infer_text(Slice{}, {fact("f32[n,m]"), fact("i64[1]"), fact("i64[1]"), fact("i64[1]")}), "f32[new0,new1]");
  EXPECT_EQ(elements_text(infer_facts(Slice{}, {sizes("a,b,c"), ints({1}), ints({9})})[0]), "[b,c]");
}

TEST(Slice, InferenceAgreesWithEvaluation) {
  for (const int64_t size : {0, 1, 5}) {
    for (const int64_t start : {-9, -5, -2, 0, 2, 4, 9}) {
      for (const int64_t end : {-9, -5, -1, 0, 3, 5, 9}) {
        for (const int64_t step : {-3, -1, 1, 2}) {
          const Op op = Slice{{start}, {end}, {0}, {step}};
          const auto inferred = infer_facts(op, {fact("i64[" + std::to_string(size) + "]")})[0];
          const auto symbolic = infer_facts(op, {fact("i64[n]")})[0];
          const Tensor y = eval_tensor(op, {iota({size})});
          EXPECT_EQ(*constant_shape(*inferred.shape), y.shape());
          const auto guess = (*symbolic.shape)[0].eval({{"n", size}});
          EXPECT_EQ(guess.value_or(y.count()), y.count()) << size << ": " << start << ":" << end << ":" << step;
        }
      }
    }
  }
}

TEST(Slice, RefusesWrongRanges) {
  const auto slice = [](std::vector<int64_t> starts, std::vector<int64_t> ends, std::vector<int64_t> axes,
                        std::vector<int64_t> steps) {
    return infer_text(Slice{}, {fact("f32[4,4]"), ints(starts), ints(ends), ints(axes), ints(steps)});
  };
  EXPECT_THROW(slice({0}, {1}, {0}, {0}), Error);
  EXPECT_THROW(slice({0}, {1}, {2}, {1}), Error);
  EXPECT_THROW(slice({0, 0}, {1, 1}, {0, -2}, {1, 1}), Error);
  EXPECT_THROW(slice({0, 0}, {1}, {0, 1}, {1, 1}), Error);
}

TEST(Slice, CopiesEveryKindOfElement) {
  const Op op = Slice{{3}, {0}, {0}, {-2}};
  EXPECT_EQ(to_ints(eval_tensor(op, {iota({5})})), (std::vector<int64_t>{3, 1}));
  const Tensor packed = convert(iota({5}), DType::kI4);
  EXPECT_EQ(to_ints(eval_tensor(op, {packed})), (std::vector<int64_t>{3, 1}));
  const Tensor text = Tensor::of<std::string>({4}, {"a", "b", "c", "d"});
  EXPECT_EQ(eval_tensor(op, {text}).data<std::string>()[1], "b");
}

TEST(Concat, AddsSizesAlongItsAxis) {
  EXPECT_EQ(infer_text(Concat{1}, {fact("f32[n,3]"), fact("f32[n,k]")}), "f32[n,3+k]");
  EXPECT_EQ(infer_text(Concat{-1}, {fact("f32[n,3]"), fact("f32[2,4]")}), "f32[2,7]");
  EXPECT_EQ(infer_text(Concat{0}, {fact("f32[n,3]"), fact("f32[?]")}), "f32[new0,3]");
  EXPECT_EQ(elements_text(infer_facts(Concat{0}, {sizes("n"), ints({4, -1})})[0]), "[n,4,-1]");
  EXPECT_THROW(infer_text(Concat{0}, {fact("f32[2,3]"), fact("f32[2,4]")}), Error);
  EXPECT_THROW(infer_text(Concat{0}, {fact("f32[]"), fact("f32[]")}), Error);
}

TEST(Gather, TracksPickedSizes) {
  EXPECT_EQ(elements_text(infer_facts(Gather{0}, {sizes("n,c,h"), Fact::of(Tensor::scalar<int64_t>(-1))})[0]), "[h]");
  EXPECT_EQ(infer_text(Gather{1}, {fact("f32[v,d]"), fact("i64[n,s]")}), "f32[v,n,s]");
  EXPECT_EQ(infer_text(Gather{0}, {fact("f32[v,d]"), fact("i64[n,s]")}), "f32[n,s,d]");
}

TEST(Gather, RefusesIndicesOutside) {
  EXPECT_THROW(eval_tensor(Gather{0}, {iota({3}), Tensor::scalar<int64_t>(3)}), Error);
  EXPECT_THROW(eval_tensor(Gather{0}, {iota({3}), Tensor::scalar<int64_t>(-4)}), Error);
  EXPECT_THROW(eval_tensor(Gather{0}, {iota({3}), Tensor::scalar<int64_t>(INT64_MIN)}), Error);
}

TEST(Expand, BroadcastsToTheTarget) {
  EXPECT_EQ(infer_text(Expand{}, {fact("f32[3,1]"), sizes("n,1,k")}), "f32[n,3,k]");
  EXPECT_EQ(infer_text(Expand{}, {fact("f32[3,1]"), fact("i64[3]")}), "f32[new0,3,new2]");
  EXPECT_EQ(elements_text(infer_facts(Expand{}, {Fact::of(Tensor::scalar<int64_t>(7)), ints({2})})[0]), "[7,7]");
  EXPECT_EQ(to_ints(eval_tensor(Expand{{2, 2}}, {iota({2, 1})})), (std::vector<int64_t>{0, 0, 1, 1}));
  EXPECT_THROW(eval_tensor(Expand{}, {iota({2, 1}), Tensor::of<int64_t>({1}, {-1})}), Error);
}

TEST(Expand, StaysWithinTheMemoryBudget) {
  const Value x = Tensor::scalar<float>(0), target = Tensor::of<int64_t>({2}, {1 << 20, 1 << 20});
  const std::vector<const Value*> inputs = {&x, &target};
  EvalHost host;
  host.memory_budget = 1 << 20;
  EXPECT_THROW(evaluate(Expand{}, inputs, host), Error);
}

}  // namespace
}  // namespace ingot
