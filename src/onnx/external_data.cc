#include "onnx/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <mutex>

#include "base/mapped_file.h"

namespace ingot::onnx {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void replace(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

[[noreturn]] void refuse(const std::string& location, std::string_view reason) {
  fail(Code::kInvalidModel, "external data '{}': {}", location, reason);
}

fs::path checked_location(const std::string& location) {
  if (location.empty()) refuse(location, "no location");
  if (location.find('\0') != std::string::npos) refuse(location, "a zero byte in the location");
  const fs::path path(location);
  if (path.is_absolute()) refuse(location, "absolute paths are not allowed");
  for (const fs::path& part : path) {
    if (part == "..") refuse(location, "'..' is not allowed");
  }
  return path;
}

// Walks down from the folder one component at a time, each opened relative to the last and none through a symbolic
// link, so that no rename in between can lead outside.
int open_below(const fs::path& folder, const fs::path& path, const std::string& location) {
  Descriptor at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (at.get() < 0) fail(Code::kIo, "cannot open folder {}: {}", folder.string(), std::strerror(errno));
  for (auto part = path.begin(); part != path.end();) {
    const fs::path name = *part++;
    if (name == "." || name.empty()) continue;
    const int kind = part == path.end() ? O_NONBLOCK : O_DIRECTORY;  // a FIFO must not block
    at.replace(::openat(at.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind));
    if (at.get() >= 0) continue;
    if (errno == ELOOP) refuse(location, "symbolic links are not allowed");
    if (errno == ENOENT || errno == ENOTDIR) {
      fail(Code::kNotFound, "external data '{}' is not in {} ({})", location, folder.string(), std::strerror(errno));
    }
    fail(Code::kIo, "cannot open external data '{}' in {}: {}", location, folder.string(), std::strerror(errno));
  }
  return at.release();
}

using FileKey = std::pair<dev_t, ino_t>;

std::shared_ptr<const MappedFile> map_once(int fd, const struct stat& status, const fs::path& path) {
  static std::mutex mutex;
  static std::map<FileKey, std::weak_ptr<const MappedFile>> open_files;
  const std::lock_guard lock(mutex);
  std::erase_if(open_files, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = open_files[{status.st_dev, status.st_ino}];
  auto file = slot.lock();
  if (file != nullptr && file->bytes().size() == static_cast<size_t>(status.st_size)) {
    ::close(fd);
    return file;
  }
  file = MappedFile::adopt(fd, path);
  slot = file;
  return file;
}

std::shared_ptr<const MappedFile> open_external(const fs::path& folder, const std::string& location) {
  if (folder.empty()) refuse(location, "the model was not read from a folder, so it may have no external data");
  const fs::path path = checked_location(location);
  Descriptor file(open_below(folder, path, location));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(Code::kIo, "cannot stat '{}': {}", location, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) refuse(location, "not a regular file");
  if (status.st_nlink > 1) refuse(location, "the file has several hard links (copy it to give it one name)");
  return map_once(file.release(), status, folder / path);
}

size_t parse_number(const std::string& location, const StringPair& entry) {
  uint64_t number = 0;
  const char* end = entry.value.data() + entry.value.size();
  const auto result = std::from_chars(entry.value.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) {
    refuse(location, fmt::format("{} is '{}', not a number", entry.key, entry.value));
  }
  return number;
}

}  // namespace

ExternalContent read_external(const TensorProto& proto, const fs::path& folder, size_t size) {
  std::string location;
  for (const StringPair& entry : proto.external_data) {
    if (entry.key == "location") location = entry.value;
  }
  size_t offset = 0, length = size;
  for (const StringPair& entry : proto.external_data) {
    if (entry.key == "offset") offset = parse_number(location, entry);
    if (entry.key == "length") length = parse_number(location, entry);
  }
  if (length != size) refuse(location, fmt::format("length {} where type and shape take {} bytes", length, size));
  ExternalContent file{proto.raw, proto.owner};
  if (file.owner == nullptr) {
    const auto mapped = open_external(folder, location);
    file = {mapped->bytes(), mapped};
  }
  const size_t available = file.bytes.size();
  if (offset > available || size > available - offset) {
    refuse(location, fmt::format("{} bytes at offset {} of a file of {}", size, offset, available));
  }
  return {file.bytes.subspan(offset, size), std::move(file.owner)};
}

}  // namespace ingot::onnx
