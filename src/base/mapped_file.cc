#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

namespace ingot {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

void write_all(int fd, Bytes bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(Code::kIo, "cannot write {}: {}", path.string(), std::strerror(errno));
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

}  // namespace

MappedFile::MappedFile(const std::byte* data, size_t size, std::filesystem::path path)
    : data_(data), size_(size), path_(std::move(path)) {}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not block
  if (fd < 0) {
    const int reason = errno;
    fail(reason == ENOENT || reason == ENOTDIR ? Code::kNotFound : Code::kIo, "cannot open {}: {}", path.string(),
         std::strerror(reason));
  }
  return adopt(fd, path);
}

std::shared_ptr<const MappedFile> MappedFile::adopt(int descriptor, const std::filesystem::path& path) {
  const Descriptor owner{descriptor};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(Code::kIo, "cannot stat {}: {}", path.string(), std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail(Code::kIo, "{} is not a regular file", path.string());
  const auto size = static_cast<size_t>(status.st_size);
  void* data = nullptr;
  if (size > 0) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) fail(Code::kIo, "cannot map {}: {}", path.string(), std::strerror(errno));
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(static_cast<const std::byte*>(data), size, path));
}

void write_file_atomically(const std::filesystem::path& path, std::span<const Bytes> parts, unsigned mode) {
  static std::atomic<unsigned> serial{0};
  const std::string temporary = fmt::format("{}.{}.{}.tmp", path.string(), ::getpid(), serial.fetch_add(1));
  const Descriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (file.fd < 0) fail(Code::kIo, "cannot create {}: {}", temporary, std::strerror(errno));
  try {
    for (const Bytes part : parts) write_all(file.fd, part, temporary);
    if (::fsync(file.fd) != 0) fail(Code::kIo, "cannot sync {}: {}", temporary, std::strerror(errno));
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      fail(Code::kIo, "cannot rename {} to {}: {}", temporary, path.string(), std::strerror(errno));
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace ingot
