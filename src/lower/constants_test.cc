#include "lower/constants.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ingot::lower {
namespace {

Tensor floats(float value) {
  Tensor tensor(DType::kF32, {1000});
  std::fill_n(tensor.mutable_data<float>(), 1000, value);
  return tensor;
}

TEST(Constants, EqualTensorsAreStoredOnce) {
  ConstantTable table;
  const Tensor one = floats(1);
  EXPECT_EQ(table.intern(one), 0);
  EXPECT_EQ(table.intern_packed(floats(2)), 1);
  EXPECT_EQ(table.intern_packed(floats(1)), 0);
  EXPECT_EQ(table.intern_packed(floats(2)), 1);
  EXPECT_EQ(table.intern(floats(2)), 1);
  EXPECT_EQ(table.release().size(), 2u);
}

TEST(Constants, PackedWeightsAreCopiedBesideEachOther) {
  ConstantTable table;
  for (int i = 0; i < 3; ++i) table.intern_packed(floats(static_cast<float>(i)));
  const std::vector<Tensor> constants = table.release();
  ASSERT_EQ(constants.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(identical(constants[static_cast<size_t>(i)], floats(static_cast<float>(i))));
    EXPECT_EQ(constants[static_cast<size_t>(i)].data<float>(), constants[0].data<float>() + i * 1008);
  }
}

}  // namespace
}  // namespace ingot::lower
