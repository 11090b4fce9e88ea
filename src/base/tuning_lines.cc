#include "base/tuning_lines.h"

#include <algorithm>
#include <optional>

#include "base/log.h"

namespace ingot::tuning {
namespace {

// The problem of a line; nothing where only a parser can tell.
std::optional<std::string_view> problem_of(std::string_view line) {
  constexpr std::string_view kName = "\"problem\":";
  const size_t name = line.find(kName);
  if (name == std::string_view::npos) return std::nullopt;
  const size_t quote = line.find_first_not_of(' ', name + kName.size());
  if (quote == std::string_view::npos || line[quote] != '"') return std::nullopt;
  const std::string_view rest = line.substr(quote + 1);
  const size_t end = rest.find_first_of("\"\\");
  if (end == std::string_view::npos || rest[end] != '"') return std::nullopt;
  return rest.substr(0, end);
}

}  // namespace

Lines::Lines(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) || std::filesystem::is_empty(path, ignored)) return;
  file_ = MappedFile::open(path);
  std::string_view text(reinterpret_cast<const char*>(file_->bytes().data()), file_->bytes().size());
  std::string others;  // empty where a line waits, so that the numbers of lines are the file's
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const auto problem = problem_of(line)) {
      unread_[*problem].push_back(line);
    } else {
      others += line;
    }
    others += '\n';
  }
  std::string faults;
  database_ = Database::parse(others, &faults);
  if (!faults.empty()) log(LogLevel::kWarning, "tuning database {}: {}", path.string(), faults);
}

void Lines::parse(const std::string& problem) {
  const auto lines = unread_.extract(problem);
  if (!lines) return;
  std::string text, faults;
  for (const std::string_view line : lines.mapped()) text.append(line) += '\n';
  database_.merge(Database::parse(text, &faults));
  if (!faults.empty()) log(LogLevel::kWarning, "tuning database, problem {}: {}", problem, faults);
}

const Entry* Lines::find(const Key& key) {
  parse(key.problem);
  return database_.find(key);
}

void Lines::put(const Key& key, Entry entry) {
  parse(key.problem);
  database_.put(key, std::move(entry));
}

}  // namespace ingot::tuning
