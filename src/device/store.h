// What devices keep in the user's cache folder for later processes: machine code, and which of a library's candidates
// was fastest.
#pragma once
#include <filesystem>
#include <mutex>
#include <optional>

#include "base/device_code.h"
#include "base/tuning_lines.h"

namespace ingot::device {

// Threads and processes may share one. Nothing here throws: what is not kept is made again.
class Store {
 public:
  virtual ~Store() = default;
  // Machine code by the text of everything it was made from. Nothing where none is kept, or none that can be trusted.
  virtual std::optional<std::string> find_code(const std::string& made_from) = 0;
  virtual void keep_code(const std::string& made_from, const std::string& code) = 0;
  virtual std::optional<tuning::Entry> find_choice(const tuning::Key& key) = 0;
  // Holds for this process at once, for others after save_choices().
  virtual void keep_choice(const tuning::Key& key, const tuning::Entry& entry) = 0;
  virtual void save_choices() = 0;
  // What came with a plan and may run here, by the source's hash: machine code for this very compute capability; PTX
  // that a driver can compile for it. Empty where there is none.
  virtual Bytes brought_code(const Hash128&, int /*major*/, int /*minor*/) { return {}; }
  virtual Bytes brought_intermediate(const Hash128&, int /*major*/, int /*minor*/) { return {}; }
  // A line for the log of the application: a device's library has none of its own.
  virtual void warn(const std::string& line) = 0;
};

// Keeps nothing.
std::shared_ptr<Store> no_store();
// In the folder `device` of the default cache folder and in the default tuning database; keeps nothing where the knob
// INGOT_DEVICE_CACHE is "off". One for the process.
std::shared_ptr<Store> user_store();

inline constexpr uint64_t kCodeLimit = uint64_t{1} << 30;  // bytes of machine code kept

// Code as files `<hash>.code` of the user's own: of this user and written by nobody else, as their folder is. Each
// carries the hashes of what it was made from and of its content. The files used longest ago go beyond `limit_bytes`.
class FolderStore : public Store {
 public:
  // `folder` and `database` may be empty: that part keeps nothing beyond this process.
  FolderStore(std::filesystem::path folder, std::filesystem::path database, uint64_t limit_bytes = kCodeLimit);

  std::optional<std::string> find_code(const std::string& made_from) override;
  void keep_code(const std::string& made_from, const std::string& code) override;
  std::optional<tuning::Entry> find_choice(const tuning::Key& key) override;
  void keep_choice(const tuning::Key& key, const tuning::Entry& entry) override;
  void save_choices() override;
  void warn(const std::string& line) override;

 private:
  bool usable();
  void read_database();
  const std::filesystem::path folder_, database_path_;
  const uint64_t limit_bytes_;
  std::mutex mutex_;
  std::optional<bool> usable_;  // whether code may be looked for, once that is known
  bool full_ = false;           // nothing more can be written
  bool read_ = false;
  tuning::Lines known_;
  tuning::Database fresh_;
};

}  // namespace ingot::device
