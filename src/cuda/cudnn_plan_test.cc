#include "cuda/cudnn_plan.h"

#include <gtest/gtest.h>

#include "cuda/cudnn.h"

namespace ingot::cuda {
namespace {

TEST(ConfigNames, GiveTheEngineAndItsSettings) {
  const auto named = parse_config("engine 44 2=12 18=-1");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->engine, 44);
  EXPECT_EQ(named->knobs, (std::vector<std::pair<int32_t, int64_t>>{{2, 12}, {18, -1}}));
  EXPECT_TRUE(parse_config("engine 8")->knobs.empty());
}

TEST(ConfigNames, OfAnythingElseAreNone) {
  for (const char* other : {"", "own kernel", "engine", "engine x", "engine 8 2", "engine 8 2=", "engine 8 2=1x",
                            "engine 8 =1", "engine 8 2:1", "cublaslt 8 1"}) {
    EXPECT_FALSE(parse_config(other)) << other;
  }
}

TEST(ConfigNames, OfAGraphThatIsNoneAreDeclined) {
  if (!cudnn_library().found()) GTEST_SKIP() << cudnn_library().detail();
  const Descriptor empty(dnn::kGraph);
  try {
    config_of({8, {{2, 4}}}, empty);
    FAIL() << "cuDNN took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnsupported) << error.message();
  }
}

}  // namespace
}  // namespace ingot::cuda
