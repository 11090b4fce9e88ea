#include "base/aged_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <tuple>

namespace ingot {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& folder, bool (*wanted)(const fs::path&)) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (wanted(at->path())) files.push_back(at->path());
  }
  return files;
}

std::vector<AgedFile> files_by_last_use(const fs::path& folder, bool (*wanted)(const fs::path&)) {
  std::vector<AgedFile> files;
  for (auto& path : files_of(folder, wanted)) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) continue;  // removed by another process
    files.push_back({std::move(path), static_cast<uint64_t>(status.st_size),
                     int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return std::tie(a.last_used, a.path) < std::tie(b.last_used, b.path); });
  return files;
}

std::vector<fs::path> remove_beyond(uint64_t limit_bytes, const std::vector<AgedFile>& files, const fs::path& keep) {
  std::vector<fs::path> removed;
  uint64_t total = 0;
  for (const AgedFile& file : files) total += file.bytes;
  for (const AgedFile& file : files) {
    if (total <= limit_bytes) break;
    std::error_code error;
    if (file.path == keep || !fs::remove(file.path, error)) continue;
    total -= file.bytes;
    removed.push_back(file.path);
  }
  return removed;
}

}  // namespace ingot
