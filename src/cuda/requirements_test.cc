#include "cuda/requirements.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ingot::cuda {
namespace {

template <class Body> std::string device_error(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDevice);
    return error.message();
  }
  return "";
}

TEST(Requirements, AnOldDriverIsToldWhatIsNeeded) {
  EXPECT_EQ(device_error([] { require_driver(11040); }),
            "the NVIDIA driver is too old: it is for CUDA 11.4, CUDA 12.0 or newer is needed");
  EXPECT_EQ(device_error([] { require_driver(12000); }), "");
  EXPECT_EQ(device_error([] { require_driver(13000); }), "");
}

TEST(Requirements, AnOldGpuIsToldWhatIsNeeded) {
  EXPECT_EQ(device_error([] { require_architecture("Tesla V100", 7, 0); }),
            "the GPU Tesla V100 has compute capability 7.0, 8.0 or newer is needed");
  EXPECT_EQ(device_error([] { require_architecture("NVIDIA H100", 9, 0); }), "");
}

TEST(Requirements, ACompilerAheadOfTheDriverIsNamed) {
  EXPECT_NE(compiler_mismatch(12080, 13).find("CUDA 13"), std::string::npos);
  EXPECT_EQ(compiler_mismatch(12000, 12), "");
  EXPECT_EQ(compiler_mismatch(13000, 12), "");
}

}  // namespace
}  // namespace ingot::cuda
