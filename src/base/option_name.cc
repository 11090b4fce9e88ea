#include "base/option_name.h"

#include <algorithm>

namespace ingot {
namespace {

char folded(char letter) { return letter == '_' ? '-' : letter; }
char lowered(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : folded(letter); }

}  // namespace

size_t name_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (lowered(a[i - 1]) != lowered(b[j - 1]))});
      diagonal = above;
    }
  }
  return row[b.size()];
}

bool same_option(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return folded(x) == folded(y); });
}

std::string nearest_first(std::string_view name, std::vector<std::string> names) {
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return name_distance(name, a) < name_distance(name, b);
  });
  std::string list;
  for (const auto& each : names) list += (list.empty() ? "" : ", ") + each;
  return list;
}

}  // namespace ingot
