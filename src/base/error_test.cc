#include "base/error.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "base/checked.h"
#include "base/progress.h"

namespace ingot {
namespace {

TEST(Error, TextIsCodeMessageThenFramesFromTheInnermost) {
  try {
    with_frame([] { return std::string("file x.onnx"); },
               [] {
                 with_frame([] { return std::string("node /a/Mul"); },
                            [] { fail(Code::kInvalidModel, "axis {} is bad", 3); });
               });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidModel);
    EXPECT_EQ(error.message(), "axis 3 is bad");
    EXPECT_EQ(error.frames(), (std::vector<std::string>{"node /a/Mul", "file x.onnx"}));
    EXPECT_STREQ(error.what(), "invalid model: axis 3 is bad\n  in node /a/Mul\n  in file x.onnx");
  }
}

TEST(Error, WithFrameReturnsWhatTheBodyReturns) {
  int value = 1;
  int& same = with_frame([] { return std::string(); }, [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
}

TEST(Error, EveryCodeHasAnOwnName) {
  std::set<std::string> names;
  for (int code = 1; code <= static_cast<int>(Code::kInternal); ++code)
    names.insert(code_name(static_cast<Code>(code)));
  EXPECT_EQ(names.size(), static_cast<size_t>(Code::kInternal));
  EXPECT_EQ(names.count("unknown"), 0u);
}

TEST(Error, FailedAssertionIsAnInternalError) {
  const auto check = [](int x) { INGOT_ASSERT(x == 1, "x is one"); };
  check(1);
  try {
    check(2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInternal);
    EXPECT_NE(error.message().find("`x == 1` failed: x is one"), std::string::npos);
  }
}

TEST(Checked, OverflowThrows) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(checked_mul(1 << 20, 1 << 20), int64_t{1} << 40);
  EXPECT_EQ(checked_add(kMax, -1), kMax - 1);
  EXPECT_THROW(checked_mul(kMax, 2), Error);
  EXPECT_THROW(checked_mul(kMax + (-kMax) - kMax - 1, -1), Error);
  EXPECT_THROW(checked_add(kMax, 1), Error);
  EXPECT_EQ(round_up(65, 64), 128);
  EXPECT_EQ(round_up(64, 64), 64);
}

TEST(Progress, ACallbackThatReturnsFalseCancels) {
  size_t calls = 0;
  const Progress progress([&](std::string_view stage, size_t done, size_t total) {
    ++calls;
    EXPECT_EQ(stage, "packing");
    EXPECT_EQ(total, 3u);
    return done < 2;
  });
  Progress().report("packing", 1, 3);
  progress.report("packing", 1, 3);
  try {
    progress.report("packing", 2, 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
  EXPECT_EQ(calls, 2u);
}

}  // namespace
}  // namespace ingot
