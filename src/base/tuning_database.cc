#include "base/tuning_database.h"

#include <nlohmann/json.hpp>

#include "base/component.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/knobs.h"
#include "base/log.h"
#include "base/mapped_file.h"

namespace ingot::tuning {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t kMaxLine = 1 << 20;
constexpr double kLockSeconds = 5;

// What is wrong with a line, or "".
std::string parse_line(std::string_view line, Database& database) {
  if (line.size() > kMaxLine) return "it is longer than a line can be";
  const json parsed = json::parse(line, nullptr, false);
  if (!parsed.is_object()) return "it is no JSON object";
  const auto text = [&](const char* name) {
    const auto found = parsed.find(name);
    return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Key key{text("problem"), text("isa"), text("cpu"), 0, 0};
  Entry entry;
  entry.best = text("best");
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"problem", key.problem},
                                    {"isa", key.isa},
                                    {"cpu", key.cpu},
                                    {"best", entry.best}}) {
    if (value.empty()) return std::string("it has no ") + name;
  }
  const auto threads = parsed.find("threads"), kernels = parsed.find("kernels"), times = parsed.find("ns");
  if (threads == parsed.end() || !threads->is_number_unsigned() || *threads < 1 || *threads > 1 << 16) {
    return "it has no number of threads";
  }
  key.threads = threads->get<int>();
  if (kernels == parsed.end() || !kernels->is_number_unsigned()) return "it has no number of kernels' interface";
  key.kernels = kernels->get<uint64_t>();
  if (times != parsed.end()) {
    if (!times->is_object()) return "its times are no object";
    for (const auto& [row, ns] : times->items()) {
      if (!ns.is_number() || !(ns.get<double>() > 0)) return "a time is no positive number";
      entry.ns[row] = ns.get<double>();
    }
  }
  entry.model = text("model");
  const auto pinned = parsed.find("pinned");
  entry.pinned = pinned != parsed.end() && pinned->is_boolean() && pinned->get<bool>();
  database.put(key, std::move(entry));
  return "";
}

Database read_file(const fs::path& path, std::string* faults) {
  std::error_code ignored;
  if (!fs::exists(path, ignored) || fs::is_empty(path, ignored)) return {};
  const auto file = MappedFile::open(path);
  return Database::parse({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()}, faults);
}

}  // namespace

Database Database::parse(std::string_view text, std::string* faults) {
  Database database;
  size_t number = 0, damaged = 0;
  std::string first;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string fault = parse_line(line, database);
    if (!fault.empty() && damaged++ == 0) first = fmt::format("line {}: {}", number, fault);
  }
  if (damaged > 0 && faults != nullptr) {
    *faults = fmt::format("{} damaged lines are left out, the first is {}", damaged, first);
  }
  return database;
}

Database Database::read(const fs::path& path) {
  std::string faults;
  Database database = read_file(path, &faults);
  if (!faults.empty()) log(LogLevel::kWarning, "tuning database {}: {}", path.string(), faults);
  return database;
}

const Entry* Database::find(const Key& key) const {
  const auto found = entries_.find(key);
  return found != entries_.end() ? &found->second : nullptr;
}

void Database::put(const Key& key, Entry entry) {
  const auto [place, added] = entries_.try_emplace(key, entry);
  if (added || (place->second.pinned && !entry.pinned)) return;
  place->second = std::move(entry);
}

void Database::merge(const Database& other) {
  for (const auto& [key, entry] : other.entries_) put(key, entry);
}

std::string Database::text() const {
  std::string text;
  for (const auto& [key, entry] : entries_) {
    nlohmann::ordered_json line = {{"problem", key.problem}, {"isa", key.isa},         {"cpu", key.cpu},
                                   {"threads", key.threads}, {"kernels", key.kernels}, {"best", entry.best}};
    if (!entry.ns.empty()) line["ns"] = entry.ns;
    if (!entry.model.empty()) line["model"] = entry.model;
    if (entry.pinned) line["pinned"] = true;
    text += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  return text;
}

void save(const Database& database, const fs::path& path) {
  update(path, [&](Database& known) { known.merge(database); });
}

void update(const fs::path& path, const std::function<void(Database&)>& change) {
  std::error_code ignored;  // writing tells what is wrong
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), ignored);
  const FileLock lock(path.string() + ".lock", kLockSeconds);
  Database database = read_file(path, nullptr);
  change(database);
  const std::string text = database.text();
  const Bytes bytes = as_bytes(text);
  write_file_atomically(path, {&bytes, 1}, 0600);
}

fs::path shipped_database() {
  const std::string& name = cpu_features().microarchitecture;
  return name.empty() ? "" : find_component_file(("ingot-tuning/" + name + ".jsonl").c_str());
}

fs::path default_database() {
  const std::string folder = default_cache_folder();
  return folder.empty() ? fs::path() : fs::path(folder) / "tuning.jsonl";
}

}  // namespace ingot::tuning
