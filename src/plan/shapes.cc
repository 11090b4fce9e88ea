#include <algorithm>
#include <charconv>

#include "plan/plan.h"

namespace ingot::plan {

std::vector<std::pair<std::string, Shape>> parse_shapes(const std::string& text) {
  std::vector<std::pair<std::string, Shape>> shapes;
  for (size_t first = 0; first < text.size();) {
    const size_t comma = std::min(text.find(',', first), text.size());
    const std::string item = text.substr(first, comma - first);
    const size_t colon = item.rfind(':');
    if (colon == std::string::npos || colon == 0) {
      fail(Code::kInvalidArgument, "shapes are written name:1x3x224x224, got '{}'", item);
    }
    Shape shape;
    for (size_t at = colon + 1; at < item.size();) {
      const size_t x = std::min(item.find('x', at), item.size());
      const char* end = item.data() + x;
      int64_t size = 0;
      const auto [stop, error] = std::from_chars(item.data() + at, end, size);
      if (error != std::errc() || stop != end || size < 0) fail(Code::kInvalidArgument, "'{}' is no shape", item);
      shape.push_back(size);
      at = x + 1;
    }
    shapes.emplace_back(item.substr(0, colon), std::move(shape));
    first = comma + 1;
  }
  return shapes;
}

}  // namespace ingot::plan
