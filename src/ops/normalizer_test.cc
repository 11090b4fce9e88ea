#include "ops/normalizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

using namespace testing;
using Numbers = std::vector<double>;

Numbers normalized(RowNorm norm, const std::vector<float>& row) {
  const auto size = static_cast<int64_t>(row.size());
  return to_doubles(eval_tensor(Normalizer{norm}, {Tensor::of<float>({1, size}, row)}));
}

TEST(Normalizer, DividesRowsByTheirNorm) {
  EXPECT_EQ(normalized(RowNorm::kMax, {1, -8, 4}), (Numbers{0.25, -2, 1}));
  EXPECT_EQ(normalized(RowNorm::kL1, {1, -1, 2}), (Numbers{0.25, -0.25, 0.5}));
  EXPECT_EQ(normalized(RowNorm::kL2, {0, -8, 0}), (Numbers{0, -1, 0}));
  EXPECT_EQ(normalized(RowNorm::kMax, {-1, -2, 0}), (Numbers{-1, -2, 0}));
}

TEST(Normalizer, NanMakesARowNan) {
  for (const RowNorm norm : {RowNorm::kMax, RowNorm::kL1, RowNorm::kL2}) {
    const std::vector<std::vector<float>> rows = {{NAN, 1, 2}, {1, NAN, 2}, {1, 2, NAN}};
    for (const auto& row : rows) {
      for (const double value : normalized(norm, row)) EXPECT_TRUE(std::isnan(value)) << enum_name(norm);
    }
  }
}

}  // namespace
}  // namespace ingot
