// Read-only mapping of a whole file, and atomic replacement of one.
#pragma once
#include <filesystem>
#include <memory>

#include "base/bytes.h"

namespace ingot {

// Immutable; safe to share between threads. The bytes stay valid as long as the object.
class MappedFile {
 public:
  // Throws kNotFound or kIo naming the path. Only regular files are accepted.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  // Takes ownership of a file descriptor already opened and checked by the caller.
  static std::shared_ptr<const MappedFile> adopt(int descriptor, const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Bytes bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile(const std::byte* data, size_t size, std::filesystem::path path);
  const std::byte* data_;
  size_t size_;
  std::filesystem::path path_;
};

// Writes a temporary file beside `path`, syncs it and renames it over: readers see the old bytes or the new ones.
// `mode`: who may do what with it, less the umask.
void write_file_atomically(const std::filesystem::path& path, std::span<const Bytes> parts, unsigned mode = 0666);

}  // namespace ingot
