// A tuning database for those who look for few of its entries.
#pragma once
#include <memory>
#include <string_view>
#include <unordered_map>

#include "base/mapped_file.h"
#include "base/tuning_database.h"

namespace ingot::tuning {

// Answers as Database does; a line is parsed when its problem is asked for. Of one thread.
class Lines {
 public:
  Lines() = default;
  // As Database::read. Damage to a line that was not asked for yet is a warning of its own when it is.
  explicit Lines(const std::filesystem::path& path);

  const Entry* find(const Key& key);
  void put(const Key& key, Entry entry);

 private:
  void parse(const std::string& problem);

  std::shared_ptr<const MappedFile> file_;
  std::unordered_map<std::string_view, std::vector<std::string_view>> unread_;  // by problem; in the file
  Database database_;
};

}  // namespace ingot::tuning
