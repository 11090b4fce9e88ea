#include "base/option_name.h"

#include <gtest/gtest.h>

namespace ingot {
namespace {

TEST(OptionName, DashesAndUnderscoresAreTheSame) {
  EXPECT_TRUE(same_option("engine_cache-path", "engine-cache_path"));
  EXPECT_FALSE(same_option("path", "paths"));
}

TEST(OptionName, TheDistanceCountsLettersToChangeNotTheirCase) {
  EXPECT_EQ(name_distance("precison", "precision"), 1u);
  EXPECT_EQ(name_distance("engine-cache_PATH", "engine_cache-path"), 0u);
  EXPECT_EQ(name_distance("", "abc"), 3u);
  EXPECT_EQ(name_distance("kitten", "sitting"), 3u);
}

TEST(OptionName, TheNearestNameComesFirst) {
  EXPECT_EQ(nearest_first("precison", {"device", "threads", "precision"}).substr(0, 9), "precision");
  EXPECT_EQ(nearest_first("", {"b", "a"}), "b, a");
}

}  // namespace
}  // namespace ingot
