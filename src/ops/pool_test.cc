#include "ops/pool.h"

#include <gtest/gtest.h>

#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(Pool, InfersSymbolicSizesOfCeilMode) {
  Pool pool;
  pool.kernel = {3, 3};
  pool.strides = {2, 2};
  EXPECT_EQ(infer_text(pool, {fact("f32[n,64,112,112]")}), "f32[n,64,55,55]");
  pool.ceil_mode = true;
  EXPECT_EQ(infer_text(pool, {fact("f32[n,64,112,112]")}), "f32[n,64,56,56]");
  const auto shape = *infer_facts(pool, {fact("f32[n,64,h,w]")})[0].shape;
  EXPECT_EQ(shape[2].eval({{"h", 112}}), 56);
  EXPECT_EQ(shape[2].eval({{"h", 113}}), 56);
}

TEST(Pool, NoWindowStartsPastTheData) {
  Pool pool;
  pool.kernel = {1};
  pool.strides = {2};
  pool.pads = {0, 3};
  pool.ceil_mode = true;
  EXPECT_EQ(infer_text(pool, {fact("f32[1,1,4]")}), "f32[1,1,2]");
}

TEST(Pool, GivesTheIndexOfTheFirstMaximumOverTheWholeTensor) {
  Pool pool;
  pool.kernel = {2};
  pool.strides = {2};
  pool.with_indices = true;
  const auto y = eval_values(pool, {Tensor::of<float>({1, 2, 4}, {5, 5, 1, 2, 9, 8, 0, 0})});
  EXPECT_EQ(to_doubles(y[0].tensor()), (std::vector<double>{5, 2, 9, 0}));
  EXPECT_EQ(to_ints(y[1].tensor()), (std::vector<int64_t>{0, 3, 4, 6}));
}

TEST(Pool, RefusesKernelsThatDoNotFit) {
  Pool pool;
  EXPECT_THROW(infer_text(pool, {fact("f32[1,1,4]")}), Error);
  pool.kernel = {3};
  EXPECT_THROW(infer_text(pool, {fact("f32[1,1,4,4]")}), Error);
  EXPECT_THROW(infer_text(pool, {fact("f32[1,1,1]")}), Error);
  pool.kernel = {0};
  EXPECT_THROW(infer_text(pool, {fact("f32[1,1,4]")}), Error);
}

}  // namespace
}  // namespace ingot
