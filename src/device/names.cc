#include "device/names.h"

#include <algorithm>

namespace ingot::device {

std::vector<std::string> device_names(const std::string& text) {
  std::vector<std::string> names;
  std::string kind;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string name = text.substr(begin, end - begin);
    const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
    if (number && !kind.empty()) name = kind + ":" + name;
    kind = name.substr(0, name.find(':'));
    names.push_back(std::move(name));
    begin = end + 1;
  }
  return names;
}

}  // namespace ingot::device
