#include "base/tuning_lines.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/folder_testing.h"
#include "base/log.h"

namespace ingot::tuning {
namespace {

Key key_of(const std::string& problem) { return {problem, "sm_90", "A GPU", 1, 1}; }

class TuningLines : public testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](LogLevel, std::string_view line) { warnings.emplace_back(line); });
  }
  void TearDown() override { set_log_sink(nullptr); }
  void write(const std::string& text) { std::ofstream(path) << text; }
  static std::string line(const std::string& problem, const std::string& best, const std::string& rest = "") {
    return R"({"problem":")" + problem + R"(","isa":"sm_90","cpu":"A GPU","threads":1,"kernels":1,"best":")" + best +
           "\"" + rest + "}\n";
  }

  TemporaryFolder folder;
  const std::filesystem::path path = folder.path / "tuning.jsonl";
  std::vector<std::string> warnings;
};

TEST_F(TuningLines, GiveWhatTheDatabaseGives) {
  Database whole;
  for (const char* problem : {"conv c64", "conv c64 +relu", "a \"quoted\" one", "back\\slash"}) {
    whole.put(key_of(problem), {std::string("best of ") + problem, {{"row", 12.5}}, false});
  }
  save(whole, path);
  Lines lines(path);
  for (const auto& [key, entry] : whole.entries()) {
    ASSERT_NE(lines.find(key), nullptr) << key.problem;
    EXPECT_EQ(*lines.find(key), entry) << key.problem;
  }
  EXPECT_EQ(lines.find(key_of("conv c65")), nullptr);
  EXPECT_EQ(lines.find({"conv c64", "sm_80", "A GPU", 1, 1}), nullptr);
}

TEST_F(TuningLines, OfOneProblemTheLastHoldsUnlessOneIsPinned) {
  write(line("a", "first") + line("a", "second") + line("b", "mine", R"(,"pinned":true)") + line("b", "other"));
  Lines lines(path);
  EXPECT_EQ(lines.find(key_of("a"))->best, "second");
  EXPECT_EQ(lines.find(key_of("b"))->best, "mine");
}

TEST_F(TuningLines, ThatAPersonWroteInAnotherOrderAreFound) {
  write(R"({"best": "x", "kernels": 1, "threads": 1, "cpu": "A GPU", "isa": "sm_90", "problem": "a"})");
  Lines lines(path);
  ASSERT_NE(lines.find(key_of("a")), nullptr);
  EXPECT_EQ(lines.find(key_of("a"))->best, "x");
}

TEST_F(TuningLines, KeepWhatIsPutOverWhatTheFileHas) {
  write(line("a", "old"));
  Lines lines(path);
  lines.put(key_of("a"), {"new", {}, false});
  EXPECT_EQ(lines.find(key_of("a"))->best, "new");
}

TEST_F(TuningLines, ThatAreDamagedAreWarnedOfAndLeftOut) {
  write(line("a", "x") + "no line\n" + R"({"problem":"b","isa":)" + "\n");
  Lines lines(path);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("line 2"), std::string::npos) << warnings[0];
  EXPECT_NE(lines.find(key_of("a")), nullptr);
  EXPECT_EQ(warnings.size(), 1u);
  EXPECT_EQ(lines.find(key_of("b")), nullptr);
  EXPECT_EQ(lines.find(key_of("b")), nullptr);
  EXPECT_EQ(warnings.size(), 2u) << "once";
}

TEST_F(TuningLines, OfAFileThatDoesNotExistAreNone) {
  EXPECT_EQ(Lines(folder.path / "none").find(key_of("a")), nullptr);
}

}  // namespace
}  // namespace ingot::tuning
