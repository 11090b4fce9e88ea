#include "device/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/folder_testing.h"
#include "base/log.h"
#include "device/code_folder.h"

namespace ingot::device {
namespace {

namespace fs = std::filesystem;

class DeviceStore : public testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
  }
  void TearDown() override { set_log_sink(nullptr); }
  FolderStore store(uint64_t limit = kCodeLimit) const { return {folder, database, limit}; }
  fs::path only_file() const { return CodeFolder(folder).files().at(0).path; }

  std::vector<std::string> pruned(uint64_t limit) const {
    std::vector<std::string> paths;
    for (const auto& path : CodeFolder(folder).prune(limit)) paths.push_back(path.string());
    return paths;
  }

  TemporaryFolder root;
  const fs::path folder = root.path / "device", database = root.path / "tuning.jsonl";
  std::vector<std::string> lines;
};

const tuning::Key kKey{"device conv", "sm_90", "A GPU, driver 13.0, cuBLASLt 13.1.0", 1, 1};

TEST_F(DeviceStore, GivesCodeBackToAnotherProcessByWhatItWasMadeFrom) {
  store().keep_code("source", std::string("code\0with zeros", 15));
  EXPECT_EQ(store().find_code("source"), std::string("code\0with zeros", 15));
  EXPECT_EQ(store().find_code("another source"), std::nullopt);
  EXPECT_TRUE(lines.empty()) << lines.front();
}

TEST_F(DeviceStore, LetsNobodyElseIntoItsFolderAndFiles) {
  const mode_t before = ::umask(0);
  store().keep_code("source", "code");
  ::umask(before);
  EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(only_file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(DeviceStore, DoesNotBelieveADamagedFileAndReplacesIt) {
  store().keep_code("source", "some code");
  const fs::path path = only_file();
  const auto size = fs::file_size(path);
  const auto damage = [&](const std::function<void()>& change) {
    lines.clear();
    store().keep_code("source", "some code");
    change();
    EXPECT_EQ(store().find_code("source"), std::nullopt);
    EXPECT_EQ(lines.size(), 1u);
    EXPECT_FALSE(CodeFolder::check(path).empty());
  };
  for (const uintmax_t cut : {uintmax_t{0}, uintmax_t{10}, size - 1}) damage([&] { fs::resize_file(path, cut); });
  for (const auto at : {0, 8, 24, 40, static_cast<int>(size) - 1}) {
    damage([&] {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(at);
      const char byte = static_cast<char>(file.get() ^ 1);
      file.seekp(at);
      file.put(byte);
    });
  }
  store().keep_code("source", "some code");
  EXPECT_EQ(store().find_code("source"), "some code");
}

TEST_F(DeviceStore, DoesNotBelieveAFileThatOthersMayWrite) {
  store().keep_code("source", "code");
  ASSERT_EQ(::chmod(only_file().c_str(), 0620), 0);
  EXPECT_EQ(store().find_code("source"), std::nullopt);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("others may write it"), std::string::npos) << lines[0];
}

TEST_F(DeviceStore, DoesNotFollowALinkToAFile) {
  store().keep_code("source", "code");
  const fs::path path = only_file(), elsewhere = root.path / "elsewhere";
  fs::rename(path, elsewhere);
  fs::create_symlink(elsewhere, path);
  EXPECT_EQ(store().find_code("source"), std::nullopt);
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(DeviceStore, DoesNotUseAFolderThatOthersMayWrite) {
  fs::create_directory(folder);
  ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
  auto used = store();
  used.keep_code("source", "code");
  EXPECT_EQ(used.find_code("source"), std::nullopt);
  EXPECT_TRUE(fs::is_empty(folder));
  ASSERT_EQ(lines.size(), 1u) << "one warning for the process";
  EXPECT_NE(lines[0].find("others may write it"), std::string::npos) << lines[0];
}

TEST_F(DeviceStore, WarnsOnceWhereItsFolderCannotBeMade) {
  std::ofstream(folder) << "no folder";
  auto used = store();
  for (int i = 0; i < 3; ++i) {
    used.keep_code("source", "code");
    EXPECT_EQ(used.find_code("source"), std::nullopt);
  }
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(DeviceStore, WarnsOnceWhenWritingFailsAndStillFindsWhatIsThere) {
  store().keep_code("source", "code");
  auto used = store();
  EXPECT_TRUE(used.find_code("source"));
  fs::rename(folder, root.path / "away");
  for (int i = 0; i < 3; ++i) used.keep_code("another source", "code");
  EXPECT_EQ(lines.size(), 1u);
  fs::rename(root.path / "away", folder);
  EXPECT_EQ(used.find_code("source"), "code");
}

TEST_F(DeviceStore, RemovesWhatWasUsedLongestAgoBeyondItsLimit) {
  const std::string code(1000, 'c');
  for (const char* source : {"a", "b", "c"}) {
    store(4000).keep_code(source, code);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // times of files are coarse
  }
  EXPECT_TRUE(store().find_code("a"));  // used now
  store(4000).keep_code("d", code);
  EXPECT_FALSE(store().find_code("b"));
  for (const char* source : {"a", "c", "d"}) EXPECT_TRUE(store().find_code(source)) << source;
}

TEST_F(DeviceStore, PrunesDamagedFilesAndLeavesOthersAlone) {
  store().keep_code("a", "code");
  const fs::path sound = only_file();
  const fs::path damaged = folder / (std::string(32, 'a') + ".code"), foreign = folder / "notes.txt";
  std::ofstream(damaged) << "no code";
  std::ofstream(foreign) << "mine";
  EXPECT_EQ(pruned(kCodeLimit), std::vector{damaged.string()});
  EXPECT_TRUE(fs::exists(foreign) && fs::exists(sound));
  EXPECT_EQ(pruned(0), std::vector{sound.string()});
  EXPECT_TRUE(fs::exists(foreign));
}

TEST_F(DeviceStore, ServesProcessesThatWriteTheSameCodeAtOnce) {
  const std::string code(100000, 'c');
  for (int child = 0; child < 4; ++child) {
    if (::fork() != 0) continue;
    bool sound = true;
    for (int i = 0; i < 10; ++i) {
      FolderStore own(folder, database);
      const auto found = own.find_code("source");
      sound = sound && (!found || *found == code);
      own.keep_code("source", code);
    }
    ::_exit(sound ? 0 : 1);
  }
  for (int child = 0; child < 4; ++child) {
    int status = 1;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(store().find_code("source"), code);
  EXPECT_EQ(CodeFolder(folder).files().size(), 1u);
}

TEST_F(DeviceStore, RemembersChoicesForItselfAtOnceAndForOthersWhenSaved) {
  auto first = store();
  first.keep_choice(kKey, {"engine 7", {{"engine 7", 100}, {"engine 8", 120}}, false});
  EXPECT_EQ(first.find_choice(kKey)->best, "engine 7");
  EXPECT_EQ(store().find_choice(kKey), std::nullopt);
  first.save_choices();
  EXPECT_EQ(store().find_choice(kKey)->best, "engine 7");
  tuning::Key other = kKey;
  other.cpu = "A GPU, driver 13.1, cuBLASLt 13.1.0";
  EXPECT_EQ(store().find_choice(other), std::nullopt);
  EXPECT_TRUE(lines.empty());
}

TEST_F(DeviceStore, KeepsChoicesForTheProcessWhereNoFileCanBeWritten) {
  std::ofstream(root.path / "taken") << "no folder";
  FolderStore used(folder, root.path / "taken" / "tuning.jsonl");
  used.keep_choice(kKey, {"engine 7", {}, false});
  used.save_choices();
  EXPECT_EQ(lines.size(), 1u);
  EXPECT_EQ(used.find_choice(kKey)->best, "engine 7");
}

TEST(NoStore, KeepsNothing) {
  no_store()->keep_code("source", "code");
  no_store()->keep_choice(kKey, {"engine 7", {}, false});
  EXPECT_EQ(no_store()->find_code("source"), std::nullopt);
  EXPECT_EQ(no_store()->find_choice(kKey), std::nullopt);
}

}  // namespace
}  // namespace ingot::device
