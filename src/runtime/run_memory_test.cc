#include "runtime/run_memory.h"

#include <gtest/gtest.h>

namespace ingot::runtime {
namespace {

const Shape kLarge = {1 << 20}, kLittleLess = {1000 << 10}, kHalf = {1 << 19}, kTiny = {16};

TEST(RunMemory, ATensorTakesThePlaceOfOneThatIsGone) {
  RunMemory memory;
  const void* place = nullptr;
  for (const Shape& shape : {kLarge, kLittleLess, kHalf}) {
    const Tensor tensor = memory.tensor(DType::kF32, shape);
    if (place == nullptr) place = tensor.raw();
    EXPECT_EQ(tensor.raw(), place);
    EXPECT_EQ(tensor.shape(), shape);
  }
  const Tensor first = memory.tensor(DType::kF32, kLarge), view = first.reshaped({1 << 10, 1 << 10});
  EXPECT_EQ(first.raw(), place);
  EXPECT_NE(memory.tensor(DType::kF32, kLarge).raw(), place);
  EXPECT_EQ(memory.blocks(), 2u);
}

TEST(RunMemory, SmallTensorsDoNotTakeLargeBlocks) {
  RunMemory memory;
  const void* place = memory.tensor(DType::kF32, kLarge).raw();
  EXPECT_NE(memory.tensor(DType::kF32, {1 << 17}).raw(), place);
  EXPECT_EQ(memory.blocks(), 2u);
  memory.tensor(DType::kF32, kTiny);
  memory.tensor(DType::kString, kLarge);
  EXPECT_EQ(memory.blocks(), 2u);
}

TEST(RunMemory, ARunLetsGoWhatItDidNotUseAndWhatTheCallerKeeps) {
  RunMemory memory;
  memory.tensor(DType::kF32, kLarge);
  memory.end_run();
  EXPECT_EQ(memory.blocks(), 1u);
  {
    const Tensor result = memory.tensor(DType::kF32, kLarge);
    memory.end_run();
    EXPECT_EQ(memory.blocks(), 0u);
  }
  memory.tensor(DType::kF32, kLarge);
  memory.end_run();
  memory.end_run();
  EXPECT_EQ(memory.blocks(), 0u);
}

}  // namespace
}  // namespace ingot::runtime
