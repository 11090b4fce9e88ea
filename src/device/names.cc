#include "device/names.h"

#include <algorithm>
#include <string_view>

namespace ingot::device {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::vector<std::string> device_names(const std::string& text) {
  std::vector<std::string> names;
  std::string kind;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string name = text.substr(begin, end - begin);
    if (is_number(name) && !kind.empty()) name = kind + ":" + name;
    kind = name.substr(0, name.find(':'));
    names.push_back(std::move(name));
    begin = end + 1;
  }
  return names;
}

std::optional<int> cuda_ordinal(const std::string& name) {
  constexpr std::string_view kKind = "cuda";
  constexpr size_t kMaxDigits = 3;
  if (name == kKind) return 0;
  if (name.rfind("cuda:", 0) != 0) return std::nullopt;
  const std::string number = name.substr(kKind.size() + 1);
  if (!is_number(number) || number.size() > kMaxDigits) return std::nullopt;
  return std::stoi(number);
}

}  // namespace ingot::device
