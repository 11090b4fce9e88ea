#include "ops/tree_ensemble.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/label_encoder.h"
#include "ops/maps.h"
#include "ops/op_testing.h"
#include "ops/svm.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// x0 <= 0 ? 10 : (x1 in {1, 2} ? 20 : 30)
TreeEnsemble two_nodes() {
  TreeEnsemble t;
  t.roots = {0};
  t.features = {0, 1};
  t.modes = {kTreeLeq, kTreeMember};
  t.splits = {0, 0};
  t.on_true = {~0, ~1};
  t.on_false = {1, ~2};
  t.members = {1, 2};
  t.member_begins = {0, 2};
  t.leaf_begins = {0, 1, 2, 3};
  t.leaf_targets = {0, 0, 0};
  t.leaf_weights = {10, 20, 30};
  return t;
}

const Tensor kRows = Tensor::of<float>({4, 2}, {-1, 0, 1, 2, 1, 3, NAN, 1});

TEST(TreeEnsemble, WalksToTheLeaf) {
  auto t = two_nodes();
  EXPECT_EQ(to_doubles(eval_tensor(t, {kRows})), (std::vector<double>{10, 20, 30, 20}));
  t.missing_true = {1, 0};
  EXPECT_EQ(to_doubles(eval_tensor(t, {kRows})), (std::vector<double>{10, 20, 30, 10}));
  t.roots = {~2};
  EXPECT_EQ(to_doubles(eval_tensor(t, {kRows}))[0], 30);
  EXPECT_EQ(infer_text(t, {fact("f32[n,2]")}), "f32[n,1]");
}

TEST(TreeEnsemble, SumsInTheTypeOfTheRows) {
  auto t = two_nodes();
  t.roots = {~0, ~1, ~2};
  t.leaf_weights = {1 << 24, 1, 1};
  EXPECT_EQ(to_doubles(eval_tensor(t, {kRows}))[0], 1 << 24);
  t.to = DType::kF64;
  EXPECT_EQ(to_doubles(eval_tensor(t, {Tensor::of<double>({1, 2}, {0, 0})}))[0], (1 << 24) + 2);
}

TEST(TreeEnsemble, RefusesBrokenTables) {
  const auto refused = [](const std::function<void(TreeEnsemble&)>& damage) {
    auto t = two_nodes();
    damage(t);
    EXPECT_THROW(eval_tensor(t, {kRows}), Error);
  };
  refused([](auto& t) { t.on_false[0] = 2; });
  refused([](auto& t) { t.on_false[0] = ~3; });
  refused([](auto& t) { t.on_false[0] = INT64_MIN; });
  refused([](auto& t) { t.on_false[1] = 1, t.on_true[1] = 1; });  // a cycle
  refused([](auto& t) { t.features[0] = 2; });
  refused([](auto& t) { t.features[0] = -1; });
  refused([](auto& t) { t.modes[0] = 7; });
  refused([](auto& t) { t.splits[1] = 1; });
  refused([](auto& t) { t.splits[1] = NAN; });
  refused([](auto& t) { t.leaf_targets[0] = 1; });
  refused([](auto& t) { t.leaf_begins[3] = 4; });
  refused([](auto& t) { t.leaf_begins[1] = 3; });
  refused([](auto& t) { t.member_begins = {0, 3}; });
  refused([](auto& t) { t.roots = {5}; });
  refused([](auto& t) { t.targets = int64_t{1} << 40; });
  refused([](auto& t) { t.base = {1, 2, 3}; });
}

TEST(Svm, RefusesBrokenTables) {
  Svm svm;
  svm.rho = {0};
  svm.vector_count = 2;
  svm.vectors = {1, 2, 3, 4};
  svm.coefficients = {1, 1};
  EXPECT_EQ(eval_tensor(svm, {kRows}).shape(), (Shape{4, 1}));
  svm.coefficients = {1};
  EXPECT_THROW(eval_tensor(svm, {kRows}), Error);
  svm.coefficients = {1, 1};
  svm.vectors = {1, 2, 3};
  EXPECT_THROW(eval_tensor(svm, {kRows}), Error);
  svm.vectors = {1, 2};
  EXPECT_THROW(infer_text(svm, {fact("f32[n,2]")}), Error);
  svm.vectors = {1, 2, 3, 4};
  svm.classes = 3;
  svm.vectors_per_class = {2, 1, -1};
  EXPECT_THROW(eval_tensor(svm, {kRows}), Error);
  svm.vectors_per_class = {1, 1, 0};
  EXPECT_THROW(eval_tensor(svm, {kRows}), Error);
}

TEST(LabelEncoder, FindsNanAndBothZeros) {
  const LabelEncoder op{Tensor::of<float>({2}, {NAN, 0.0f}), Tensor::of<int64_t>({2}, {1, 2}),
                        Tensor::scalar<int64_t>(-1)};
  EXPECT_EQ(to_ints(eval_tensor(op, {Tensor::of<float>({3}, {-NAN, -0.0f, 5})})), (std::vector<int64_t>{1, 2, -1}));
  EXPECT_THROW(infer_text(op, {fact("i64[n]")}), Error);
}

TEST(OneHotEncoder, RefusesUnknownCategoriesUnlessTheyAreZeros) {
  OneHotEncoder op{Tensor::of<int64_t>({2}, {3, 5}), true};
  EXPECT_EQ(to_doubles(eval_tensor(op, {Tensor::of<float>({2}, {5.5f, 4})})), (std::vector<double>{0, 1, 0, 0}));
  op.zeros = false;
  EXPECT_THROW(eval_tensor(op, {Tensor::of<float>({1}, {4})}), Error);
}

TEST(CastMap, OrdersByKeyAndKeepsWithinItsSize) {
  const Value map = Value::map(Tensor::of<int64_t>({3}, {4, 0, 2}), Tensor::of<float>({3}, {40, 0.5f, 20}));
  const Value* inputs[] = {&map};
  EXPECT_EQ(to_doubles(evaluate(CastMap{}, inputs, {})[0].tensor()), (std::vector<double>{0.5, 20, 40}));
  EXPECT_EQ(to_doubles(evaluate(CastMap{DType::kF32, 5}, inputs, {})[0].tensor()),
            (std::vector<double>{0.5, 0, 20, 0, 40}));
  EXPECT_THROW(evaluate(CastMap{DType::kF32, 4}, inputs, {}), Error);
}

TEST(ZipMap, MakesOneMapPerRow) {
  const Value result = eval_values(ZipMap{Tensor::of<std::string>({2}, {"a", "b"})}, {Tensor(DType::kF32, {3, 2})})[0];
  EXPECT_EQ(result.items().size(), 3u);
  EXPECT_EQ(result.items()[0].map_keys().span<std::string>()[1], "b");
  const Value* inputs[] = {&result.items()[0]};
  EXPECT_EQ(evaluate(DictVectorizer{Tensor::of<std::string>({3}, {"b", "?", "a"})}, inputs, {})[0].tensor().shape(),
            (Shape{1, 3}));
}

}  // namespace
}  // namespace ingot
