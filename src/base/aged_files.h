// Files of a cache's folder by when they were used last.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

namespace ingot {

struct AgedFile {
  std::filesystem::path path;
  uint64_t bytes = 0;
  int64_t last_used = 0;  // nanoseconds since 1970
};

// Of the files in the folder those that `wanted` takes; none where it cannot be read.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                            bool (*wanted)(const std::filesystem::path&));
// The same, longest unused first.
std::vector<AgedFile> files_by_last_use(const std::filesystem::path& folder,
                                        bool (*wanted)(const std::filesystem::path&));
// Removes the first of `files` until the rest, `keep` among them in any case, holds no more than `limit_bytes`. Returns
// what is gone.
std::vector<std::filesystem::path> remove_beyond(uint64_t limit_bytes, const std::vector<AgedFile>& files,
                                                 const std::filesystem::path& keep);

}  // namespace ingot
