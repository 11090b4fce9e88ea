#include "service/options.h"

#include <gtest/gtest.h>

namespace ingot::service {
namespace {

TEST(ServiceOptions, SizesHaveUnits) {
  EXPECT_EQ(parse_bytes("512MB"), uint64_t{512} << 20);
  EXPECT_EQ(parse_bytes("1.5G"), uint64_t{3} << 29);
  EXPECT_EQ(parse_bytes("77"), 77u);
  EXPECT_EQ(parse_bytes("none"), UINT64_MAX);
  for (const char* wrong : {"", "G", "-1", "1X", "nan", "1e30", "12 MB"})
    EXPECT_THROW(parse_bytes(wrong), Error) << wrong;
}

TEST(ServiceOptions, AFolderTurnsTheCacheOnUnlessItIsTurnedOff) {
  Options options;
  EXPECT_FALSE(options.cache.on());
  set_option(options, "engine-cache-path", "somewhere");
  EXPECT_TRUE(options.cache.on());
  set_option(options, "engine_cache_enable", "false");
  EXPECT_FALSE(options.cache.on());
}

TEST(ServiceOptions, UnknownNamesListBothKindsNearestFirst) {
  Options options;
  try {
    set_option(options, "engine_cache_pth", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("valid: engine_cache_path, "), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("precision"), std::string::npos);
  }
}

TEST(ServiceOptions, DefaultsAreNotNoted) {
  Options options;
  set_option(options, "precision", "fp32");
  set_option(options, "isa", "avx2");
  ASSERT_EQ(options.given.size(), 1u);
  EXPECT_EQ(options.given[0].first, "isa");
}

}  // namespace
}  // namespace ingot::service
