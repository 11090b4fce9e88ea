#include "service/plan_cache.h"

#include <sys/stat.h>

#include <fstream>

#include "service/test_requests.h"

namespace ingot::service {
namespace {

using testing::build;
using testing::Folder;
using testing::matmul;
using testing::options_in;
namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

TEST(PlanCache, TheLongestUnusedGoesFirstAndUseCounts) {
  const Folder folder;
  auto options = options_in(folder);
  for (const float weight : {1.f, 2.f, 3.f}) build(matmul(weight), options);
  const PlanCache cache(folder.path);
  const auto before = cache.entries();
  ASSERT_EQ(before.size(), 3u);
  build(matmul(1), options);  // used again: the second is now the oldest
  options.cache.limit_bytes = before[0].bytes * 3 + 10;
  build(matmul(4), options);
  const auto after = cache.entries();
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].path, before[2].path);
  EXPECT_EQ(after[1].path, before[0].path);
}

TEST(PlanCache, APlanLargerThanTheLimitIsNotKept) {
  const Folder folder;
  auto options = options_in(folder);
  build(matmul(1), options);
  options.cache.limit_bytes = 100;
  build(matmul(1, 64), options);
  EXPECT_EQ(PlanCache(folder.path).entries().size(), 1u);
}

TEST(PlanCache, PlansAreTheUsersAlone) {  // they hold the model's weights
  const Folder folder;
  const mode_t before = ::umask(0);
  build(matmul(1), options_in(folder));
  ::umask(before);
  const auto entries = PlanCache(folder.path).entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(fs::status(entries[0].path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(PlanCache, PruneRemovesTheDamagedAndLeftoversAndLeavesTheRest) {
  const Folder folder;
  build(matmul(1), options_in(folder));
  build(matmul(2), options_in(folder));
  const PlanCache cache(folder.path);
  const auto entries = cache.entries();
  fs::resize_file(entries[0].path, 100);
  const std::string stem = entries[1].path.stem().string();
  write(folder.path / (stem + ".plan.77.0.tmp"), "half a plan");
  write(folder.path / (stem + ".lock"), "");
  write(folder.path / "model.engine", "of somebody else");
  write(folder.path / "notes.tmp", "of somebody else");
  EXPECT_EQ(cache.prune(UINT64_MAX).size(), 3u);
  EXPECT_EQ(cache.entries().size(), 1u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 3);
  EXPECT_EQ(cache.prune(0).size(), 1u);
}

TEST(PlanCache, PruneLeavesAlonePlansThatAreBeingWritten) {
  const Folder folder;
  build(matmul(1), options_in(folder));
  const PlanCache cache(folder.path);
  const std::string stem = cache.entries()[0].path.stem().string();
  write(folder.path / (stem + ".plan.77.0.tmp"), "half a plan");
  const FileLock writer(folder.path / (stem + ".lock"), 0);
  EXPECT_TRUE(cache.prune(UINT64_MAX).empty());
  EXPECT_EQ(folder.files(".tmp").size(), 1u);
}

TEST(PlanCache, EveryFlippedByteIsFound) {
  const Folder folder;
  build(matmul(1), options_in(folder));
  const auto path = PlanCache(folder.path).entries()[0].path;
  const auto size = fs::file_size(path);
  int missed = 0;
  for (uint64_t at = 0; at < size; at += 7) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto flip = [&] {
      file.seekg(static_cast<std::streamoff>(at));
      const int byte = file.get();
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(byte ^ 1)).flush();
    };
    flip();
    missed += PlanCache::check(path).empty() ? 1 : 0;
    flip();
  }
  EXPECT_EQ(PlanCache::check(path), "");
  EXPECT_LE(missed, 64) << "only padding between sections may go unnoticed";
}

}  // namespace
}  // namespace ingot::service
