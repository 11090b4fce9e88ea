#include "base/tuning_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/folder_testing.h"
#include "base/log.h"

namespace ingot::tuning {
namespace {

namespace fs = std::filesystem;

const Key kConv{"conv n1 c3 8x8 (f32 f32* -> f32)", "avx2", "A CPU", 2, 7},
    kGemm{"gemm m1 n2 k3", "avx2", "A CPU", 1, 7};

class DatabaseFile : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](LogLevel, std::string_view line) { log_.emplace_back(line); });
  }
  void TearDown() override { set_log_sink({}); }
  const TemporaryFolder owned_;
  const fs::path& folder_ = owned_.path;
  std::vector<std::string> log_;
};

TEST(Database, ReadsWhatItWrites) {
  Database database;
  database.put(kConv, {"avx2_conv", {{"avx2_conv", 81000.5}, {"avx2_winograd", 91000}}, false});
  database.put(kGemm, {"avx2_gemm", {}, true});
  const Database read = Database::parse(database.text());
  EXPECT_EQ(read.entries(), database.entries());
  EXPECT_EQ(read.text(), database.text());
}

TEST(Database, WritesEqualTextWhateverTheOrder) {
  Database one, other;
  one.put(kConv, {"a", {}, false});
  one.put(kGemm, {"b", {}, false});
  other.put(kGemm, {"b", {}, false});
  other.put(kConv, {"a", {}, false});
  EXPECT_EQ(one.text(), other.text());
}

TEST(Database, KeepsPinnedEntriesWhenMerged) {
  Database mine, theirs;
  mine.put(kConv, {"pinned_kernel", {}, true});
  mine.put(kGemm, {"old", {}, false});
  theirs.put(kConv, {"measured", {{"measured", 1}}, false});
  theirs.put(kGemm, {"new", {{"new", 1}}, false});
  mine.merge(theirs);
  EXPECT_EQ(mine.find(kConv)->best, "pinned_kernel");
  EXPECT_EQ(mine.find(kGemm)->best, "new");
}

TEST(Database, LeavesOutEachKindOfDamagedLine) {
  const std::string good = R"({"problem":"p","isa":"avx2","cpu":"c","threads":1,"kernels":7,"best":"k","ns":{"k":5}})";
  for (const char* bad : {"", "[]", "{", "\xff\xfe", R"({"problem":"p"})",
                          R"({"problem":1,"isa":"a","cpu":"c","threads":1,"kernels":7,"best":"k"})",
                          R"({"problem":"p","isa":"a","cpu":"c","threads":-1,"kernels":7,"best":"k"})",
                          R"({"problem":"p","isa":"a","cpu":"c","threads":99999999999,"kernels":7,"best":"k"})",
                          R"({"problem":"p","isa":"a","cpu":"c","threads":1,"kernels":7,"best":"k","ns":{"k":0}})",
                          R"({"problem":"p","isa":"a","cpu":"c","threads":1,"kernels":7,"best":"k","ns":3})"}) {
    std::string faults;
    const Database read = Database::parse(std::string(bad) + "\n" + good + "\n", &faults);
    EXPECT_EQ(read.entries().size(), 1u) << bad;
    EXPECT_EQ(faults.empty(), *bad == 0) << bad;
  }
}

TEST_F(DatabaseFile, TellsOfDamagedLinesOnce) {
  std::ofstream(folder_ / "t.jsonl") << "nonsense\nmore nonsense\n"
                                     << R"({"problem":"p","isa":"avx2","cpu":"c","threads":1,"kernels":7,"best":"k"})";
  EXPECT_EQ(Database::read(folder_ / "t.jsonl").entries().size(), 1u);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_NE(log_[0].find("2 damaged lines"), std::string::npos) << log_[0];
  EXPECT_NE(log_[0].find("line 1"), std::string::npos) << log_[0];
}

TEST_F(DatabaseFile, IsEmptyWhereThereIsNoFile) {
  EXPECT_TRUE(Database::read(folder_ / "none.jsonl").entries().empty());
  EXPECT_TRUE(log_.empty());
}

TEST_F(DatabaseFile, SavesIntoWhatOthersWrote) {
  const fs::path path = folder_ / "new" / "t.jsonl";
  Database first, second;
  first.put(kConv, {"a", {}, false});
  second.put(kGemm, {"b", {}, false});
  save(first, path);
  save(second, path);
  EXPECT_EQ(Database::read(path).entries().size(), 2u);
}

TEST_F(DatabaseFile, IsTheUsersAlone) {
  const mode_t before = ::umask(0);
  save(Database(), folder_ / "t.jsonl");
  ::umask(before);
  EXPECT_EQ(fs::status(folder_ / "t.jsonl").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(DatabaseFile, IsRebuiltWhenItIsDamaged) {
  const fs::path path = folder_ / "t.jsonl";
  std::ofstream(path, std::ios::binary) << std::string(5000, '\0') << "\n{half";
  Database fresh;
  fresh.put(kConv, {"a", {}, false});
  save(fresh, path);
  EXPECT_EQ(Database::read(path).entries(), fresh.entries());
  EXPECT_TRUE(log_.empty());
}

TEST_F(DatabaseFile, LosesNothingWhenManyProcessesSaveAtOnce) {
  const fs::path path = folder_ / "t.jsonl";
  constexpr int kProcesses = 6, kSaves = 10;
  for (int process = 0; process < kProcesses; ++process) {
    if (::fork() != 0) continue;
    for (int i = 0; i < kSaves; ++i) {
      Database own;
      own.put({"problem " + std::to_string(process * kSaves + i), "avx2", "A CPU", 1, 7}, {"a", {}, false});
      save(own, path);
    }
    ::_exit(0);
  }
  for (int process = 0; process < kProcesses; ++process) ::wait(nullptr);
  EXPECT_EQ(Database::read(path).entries().size(), static_cast<size_t>(kProcesses * kSaves));
  EXPECT_FALSE(fs::exists(path.string() + ".lock"));
}

}  // namespace
}  // namespace ingot::tuning
