// A folder of machine code by what it was made from.
#pragma once
#include <filesystem>
#include <optional>
#include <vector>

#include "base/aged_files.h"
#include "base/bytes.h"

namespace ingot::device {

// Many processes may use one folder at once. Files of other names are never touched.
class CodeFolder {
 public:
  explicit CodeFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes the folder, for this user alone. Why code there cannot be trusted or written, or "".
  std::string prepare() const;
  // The code made from this text, its use noted; nothing with `fault` "" where there is none. Every byte is hashed.
  std::optional<std::string> find(const std::string& made_from, std::string& fault) const;
  // Replaces a file atomically, then removes those used longest ago until `limit_bytes` hold the rest. Throws kIo.
  void store(const std::string& made_from, const std::string& code, uint64_t limit_bytes) const;

  std::vector<AgedFile> files() const;  // longest unused first
  // What is wrong with a file, or "".
  static std::string check(const std::filesystem::path& path);
  // Removes damaged and foreign files, what killed writers left, then those unused longest beyond `limit_bytes`.
  std::vector<std::filesystem::path> prune(uint64_t limit_bytes) const;

 private:
  std::filesystem::path path_of(const std::string& made_from) const;
  std::vector<std::filesystem::path> remove_leftovers() const;
  std::filesystem::path folder_;
};

// Below the folder of the plan cache.
std::filesystem::path code_folder_of(const std::filesystem::path& cache_folder);

}  // namespace ingot::device
