#include "device/store.h"

#include "base/error.h"
#include "base/knobs.h"
#include "base/log.h"
#include "device/code_folder.h"

namespace ingot::device {
namespace {

class NoStore : public Store {
 public:
  std::optional<std::string> find_code(const std::string&) override { return std::nullopt; }
  void keep_code(const std::string&, const std::string&) override {}
  std::optional<tuning::Entry> find_choice(const tuning::Key&) override { return std::nullopt; }
  void keep_choice(const tuning::Key&, const tuning::Entry&) override {}
  void save_choices() override {}
  void warn(const std::string& line) override { log(LogLevel::kWarning, "{}", line); }
};

}  // namespace

std::shared_ptr<Store> no_store() {
  static const std::shared_ptr<Store> store = std::make_shared<NoStore>();
  return store;
}

std::shared_ptr<Store> user_store() {
  static const std::shared_ptr<Store> store = []() -> std::shared_ptr<Store> {
    const std::string folder = default_cache_folder();
    if (knobs::device_cache.get() == "off" || folder.empty()) return no_store();
    return std::make_shared<FolderStore>(code_folder_of(folder), tuning::default_database());
  }();
  return store;
}

FolderStore::FolderStore(std::filesystem::path folder, std::filesystem::path database, uint64_t limit_bytes)
    : folder_(std::move(folder)), database_path_(std::move(database)), limit_bytes_(limit_bytes) {}

void FolderStore::warn(const std::string& line) { log(LogLevel::kWarning, "{}", line); }

// Says once why nothing is kept.
bool FolderStore::usable() {
  if (!usable_) {
    const std::string fault = folder_.empty() ? "" : CodeFolder(folder_).prepare();
    if (!fault.empty()) warn(fmt::format("device cache: kernels are compiled anew in every process: {}", fault));
    usable_ = !folder_.empty() && fault.empty();
  }
  return *usable_;
}

std::optional<std::string> FolderStore::find_code(const std::string& made_from) {
  const std::lock_guard lock(mutex_);
  if (!usable()) return std::nullopt;
  std::string fault;
  auto code = CodeFolder(folder_).find(made_from, fault);
  if (!fault.empty()) warn(fmt::format("device cache: a file in {} is made again: {}", folder_.string(), fault));
  return code;
}

void FolderStore::keep_code(const std::string& made_from, const std::string& code) {
  const std::lock_guard lock(mutex_);
  if (full_ || !usable()) return;
  try {
    CodeFolder(folder_).store(made_from, code, limit_bytes_);
  } catch (const Error& error) {
    warn(fmt::format("device cache: this process keeps nothing more: {}", error.message()));
    full_ = true;
  }
}

void FolderStore::read_database() {
  if (read_) return;
  read_ = true;
  if (database_path_.empty()) return;
  try {
    known_ = tuning::Lines(database_path_);
  } catch (const Error& error) {
    warn(fmt::format("tuning database: {}", error.message()));
  }
}

std::optional<tuning::Entry> FolderStore::find_choice(const tuning::Key& key) {
  const std::lock_guard lock(mutex_);
  read_database();
  const tuning::Entry* entry = known_.find(key);
  return entry != nullptr ? std::optional(*entry) : std::nullopt;
}

void FolderStore::keep_choice(const tuning::Key& key, const tuning::Entry& entry) {
  const std::lock_guard lock(mutex_);
  read_database();
  known_.put(key, entry);
  fresh_.put(key, entry);
}

void FolderStore::save_choices() {
  const std::lock_guard lock(mutex_);
  if (fresh_.entries().empty() || database_path_.empty()) return;
  try {
    tuning::save(fresh_, database_path_);
  } catch (const Error& error) {
    warn(fmt::format("tuning database {} is not written: {}", database_path_.string(), error.message()));
  }
  fresh_ = {};
}

}  // namespace ingot::device
