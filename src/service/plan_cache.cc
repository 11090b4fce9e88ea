#include "service/plan_cache.h"

#include <algorithm>

#include "base/mapped_file.h"

namespace ingot::service {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKeyOption = "cache-key";  // in PlanInfo::options: a renamed file is noticed
constexpr size_t kHash = 32;                     // hex digits of one part of a name
constexpr size_t kName = 2 * kHash + 1;

bool is_key(std::string_view name) {
  return name.size() == kName && name[kHash] == '-' && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
         });
}
bool is_entry(const fs::path& path) { return path.extension() == ".plan" && is_key(path.stem().string()); }
// "<key>.plan.<process>.<serial>.tmp", as write_file_atomically names them, and "<key>.lock".
bool is_leftover(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string end = path.extension().string();
  return name.size() > kName && is_key(name.substr(0, kName)) && name[kName] == '.' &&
         (end == ".tmp" || end == ".lock");
}

}  // namespace

std::string PlanCache::check(const fs::path& path, std::optional<plan::Plan>* parsed) {
  try {
    const auto file = MappedFile::open(path);
    plan::verify_plan_bytes(file->bytes());
    plan::Plan plan = plan::parse_plan(file->bytes(), file);
    const auto key = plan.info.options.find(kKeyOption);
    if (key == plan.info.options.end() || key->second != path.stem().string()) return "it was made for another request";
    if (parsed != nullptr) *parsed = std::move(plan);
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

PlanCache::Lookup PlanCache::find(const CacheKey& key) const {
  Lookup lookup;
  const fs::path path = path_of(key);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) {
    lookup.reason = "none is kept for this model, these options and this machine";
    return lookup;
  }
  lookup.reason = check(path, &lookup.plan);
  lookup.damaged = !lookup.plan;
  if (lookup.plan) fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // a read-only folder: no matter
  return lookup;
}

std::optional<plan::Plan> PlanCache::find_sibling(const CacheKey& key) const {
  for (const auto& path : files_of(folder_, is_entry)) {
    const std::string name = path.stem().string();
    if (name == key.name() || name.substr(0, kHash) != key.content) continue;
    std::optional<plan::Plan> plan;
    if (check(path, &plan).empty() && !plan->portable_graph.empty()) return plan;
  }
  return std::nullopt;
}

std::string PlanCache::prepare() const {
  if (folder_.empty()) return "no folder is known for it: neither INGOT_CACHE_DIR nor HOME is set";
  std::error_code error;
  fs::create_directories(folder_, error);
  if (fs::is_directory(folder_)) return "";
  return fmt::format("cannot make {}: {}", folder_.string(), error ? error.message() : "it is no folder");
}

std::string PlanCache::store(const CacheKey& key, plan::Plan& plan, uint64_t limit_bytes, bool locked) const {
  const fs::path path = path_of(key);
  try {
    if (locked) remove_leftovers(key.name());
    plan.info.options[kKeyOption] = key.name();
    uint64_t weights = 0;
    for (const Tensor& constant : plan.constants) {
      if (constant.dtype() != DType::kString) weights += static_cast<uint64_t>(constant.byte_size());
    }
    if (weights + plan.portable_graph.size() > limit_bytes) return "the plan is larger than the cache may be";
    plan::write_plan(plan, path, 0600);  // holds the model's weights
    remove_beyond(limit_bytes, entries(), path);
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

std::vector<AgedFile> PlanCache::entries() const { return files_by_last_use(folder_, is_entry); }

// `name`: of one entry whose lock is held (its lock file stays), or "" for every entry whose lock is free.
std::vector<fs::path> PlanCache::remove_leftovers(const std::string& name) const {
  std::vector<fs::path> removed;
  std::error_code error;
  for (const auto& path : files_of(folder_, is_leftover)) {
    const std::string owner = path.filename().string().substr(0, kName);
    if (!name.empty()) {
      if (owner == name && path.extension() == ".tmp" && fs::remove(path, error)) removed.push_back(path);
      continue;
    }
    const FileLock lock(folder_ / (owner + ".lock"), 0);
    if (lock.state() != FileLock::State::kHeld) continue;  // somebody is writing it
    if (path.extension() == ".lock" || fs::remove(path, error)) removed.push_back(path);
  }
  return removed;
}

std::vector<fs::path> PlanCache::prune(uint64_t limit_bytes) const {
  std::vector<fs::path> removed = remove_leftovers("");
  std::error_code error;
  for (const auto& entry : entries()) {
    if (!check(entry.path).empty() && fs::remove(entry.path, error)) removed.push_back(entry.path);
  }
  const auto evicted = remove_beyond(limit_bytes, entries(), {});
  removed.insert(removed.end(), evicted.begin(), evicted.end());
  return removed;
}

}  // namespace ingot::service
