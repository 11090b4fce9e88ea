#include "device/code_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "base/mapped_file.h"

namespace ingot::device {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
constexpr auto kLeftoverAge = std::chrono::hours(1);  // writing takes no longer
constexpr char kMagic[8] = {'I', 'N', 'G', 'O', 'T', 'D', 'C', '1'};
constexpr size_t kHash = 32;  // hex digits of a name

struct Header {
  char magic[8];
  Hash128 made_from, content;
  uint64_t bytes;
};

bool named_by_hash(const std::string& name) {
  return name.size() >= kHash && std::all_of(name.begin(), name.begin() + kHash,
                                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_code(const fs::path& path) {
  return path.extension() == ".code" && path.stem().string().size() == kHash && named_by_hash(path.stem().string());
}
// "<hash>.code.<process>.<serial>.tmp", as write_file_atomically names them.
bool is_leftover(const fs::path& path) {
  const std::string name = path.filename().string();
  return named_by_hash(name) && name.compare(kHash, 6, ".code.") == 0 && path.extension() == ".tmp";
}

// Why others may have put something there, or "".
std::string distrust(const struct stat& status) {
  if (status.st_uid != ::geteuid()) return "it belongs to another user";
  return (status.st_mode & kOthersWrite) != 0 ? "others may write it" : "";
}

// Opens a file of ours for reading. Null with the reason in `fault`, which stays "" where there is none.
std::shared_ptr<const MappedFile> open_trusted(const fs::path& path, std::string& fault) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0) {
    if (errno != ENOENT) fault = std::strerror(errno);
    return nullptr;
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fault = std::strerror(errno);
  if (fault.empty()) fault = distrust(status);
  if (!fault.empty()) {
    ::close(descriptor);
    return nullptr;
  }
  return MappedFile::adopt(descriptor, path);
}

// What is wrong with a file's bytes, or "". Its content is what follows the header.
std::string check_bytes(Bytes bytes, const std::string& name) {
  Header header{};
  if (bytes.size() < sizeof(header)) return "it is cut off";
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return "it is no file of this kind";
  if (header.made_from.hex() != name) return "it was made from something else";
  const Bytes content = bytes.subspan(sizeof(header));
  if (content.size() != header.bytes) return "it is cut off";
  return hash128(content) == header.content ? "" : "its content is damaged";
}

}  // namespace

fs::path code_folder_of(const fs::path& cache_folder) { return cache_folder / "device"; }

fs::path CodeFolder::path_of(const std::string& made_from) const {
  return folder_ / (hash128(as_bytes(made_from)).hex() + ".code");
}

std::string CodeFolder::prepare() const {
  std::error_code error;
  if (folder_.has_parent_path()) fs::create_directories(folder_.parent_path(), error);
  if (::mkdir(folder_.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fmt::format("cannot make {}: {}", folder_.string(), std::strerror(errno));
  }
  struct stat status {};
  if (::stat(folder_.c_str(), &status) != 0) {
    return fmt::format("cannot use {}: {}", folder_.string(), std::strerror(errno));
  }
  if (!S_ISDIR(status.st_mode)) return fmt::format("cannot use {}: it is no folder", folder_.string());
  const std::string fault = distrust(status);
  return fault.empty() ? "" : fmt::format("cannot trust {}: {}", folder_.string(), fault);
}

std::optional<std::string> CodeFolder::find(const std::string& made_from, std::string& fault) const {
  const fs::path path = path_of(made_from);
  try {
    const auto file = open_trusted(path, fault);
    if (file == nullptr) return std::nullopt;
    fault = check_bytes(file->bytes(), path.stem().string());
    if (!fault.empty()) return std::nullopt;
    std::error_code ignored;  // a folder that cannot be written
    fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
    const Bytes content = file->bytes().subspan(sizeof(Header));
    return std::string(reinterpret_cast<const char*>(content.data()), content.size());
  } catch (const Error& error) {
    fault = error.message();
    return std::nullopt;
  }
}

void CodeFolder::store(const std::string& made_from, const std::string& code, uint64_t limit_bytes) const {
  if (code.size() > limit_bytes) return;
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.made_from = hash128(as_bytes(made_from));
  header.content = hash128(as_bytes(code));
  header.bytes = code.size();
  const Bytes parts[] = {std::as_bytes(std::span(&header, 1)), as_bytes(code)};
  const fs::path path = path_of(made_from);
  write_file_atomically(path, parts, S_IRUSR | S_IWUSR);
  remove_beyond(limit_bytes, files(), path);
}

std::vector<AgedFile> CodeFolder::files() const { return files_by_last_use(folder_, is_code); }

std::string CodeFolder::check(const fs::path& path) {
  try {
    std::string fault;
    const auto file = open_trusted(path, fault);
    if (file == nullptr) return fault.empty() ? "it is gone" : fault;
    return check_bytes(file->bytes(), path.stem().string());
  } catch (const Error& error) {
    return error.message();
  }
}

std::vector<fs::path> CodeFolder::remove_leftovers() const {
  std::vector<fs::path> removed;
  for (const auto& path : files_of(folder_, is_leftover)) {
    std::error_code error;
    const auto written = fs::last_write_time(path, error);
    if (error || fs::file_time_type::clock::now() - written < kLeftoverAge) continue;
    if (fs::remove(path, error)) removed.push_back(path);
  }
  return removed;
}

std::vector<fs::path> CodeFolder::prune(uint64_t limit_bytes) const {
  std::vector<fs::path> removed = remove_leftovers();
  std::error_code error;
  for (const AgedFile& file : files()) {
    if (!check(file.path).empty() && fs::remove(file.path, error)) removed.push_back(file.path);
  }
  const auto evicted = remove_beyond(limit_bytes, files(), {});
  removed.insert(removed.end(), evicted.begin(), evicted.end());
  return removed;
}

}  // namespace ingot::device
