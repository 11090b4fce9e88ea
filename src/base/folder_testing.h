// For tests: a folder that is removed, with everything in it, with the object.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace ingot {

class TemporaryFolder {
 public:
  // Throws kIo when none can be made.
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingot_test_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) fail(Code::kIo, "cannot make a temporary folder");
    path = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

}  // namespace ingot
