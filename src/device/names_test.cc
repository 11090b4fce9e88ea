#include "device/names.h"

#include <gtest/gtest.h>

namespace ingot::device {
namespace {

using Names = std::vector<std::string>;

TEST(DeviceNames, ABareNumberIsOfTheKindBeforeIt) {
  EXPECT_EQ(device_names("cuda"), (Names{"cuda"}));
  EXPECT_EQ(device_names("cuda:0,1,3"), (Names{"cuda:0", "cuda:1", "cuda:3"}));
  EXPECT_EQ(device_names("cuda,cuda:2"), (Names{"cuda", "cuda:2"}));
  EXPECT_EQ(device_names("null:lost=2,null"), (Names{"null:lost=2", "null"}));
  EXPECT_EQ(device_names("1"), (Names{"1"}));
  EXPECT_EQ(device_names("cuda:0,"), (Names{"cuda:0", ""}));
}

TEST(CudaOrdinal, IsThatOfCudaDevicesAlone) {
  EXPECT_EQ(cuda_ordinal("cuda"), 0);
  EXPECT_EQ(cuda_ordinal("cuda:0"), 0);
  EXPECT_EQ(cuda_ordinal("cuda:12"), 12);
  for (const char* name :
       {"", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda:1000", "cudart", "CUDA:1", "cpu", "null"}) {
    EXPECT_EQ(cuda_ordinal(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace ingot::device
