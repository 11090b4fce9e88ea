#include "passes/reshape_groups.h"

#include <algorithm>

namespace ingot::passes {
namespace {

Dim product_of(const DimShape& dims, size_t first, size_t count) {
  Dim result(1);
  for (size_t i = first; i < first + count; ++i) result = result * dims[i];
  return result;
}

// The smallest next group, or nothing.
std::optional<AxisGroup> next_group(const DimShape& from, size_t i, const DimShape& to, size_t j) {
  const size_t left = from.size() - i, right = to.size() - j;
  for (size_t total = 1; total <= left + right; ++total) {
    for (size_t a = std::min(total, left) + 1; a-- > 0;) {
      const size_t b = total - a;
      if (b > right) break;
      if (product_of(from, i, a) == product_of(to, j, b)) {
        // One axis of size 1 alone is no group when the next ones pair up as they are.
        const bool lone_one = total == 1 && left > 0 && right > 0 && from[i] == to[j];
        if (!lone_one) return AxisGroup{i, a, j, b};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<AxisGroup>> reshape_groups(const DimShape& from, const DimShape& to) {
  std::vector<AxisGroup> groups;
  size_t i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    const auto group = next_group(from, i, to, j);
    if (!group) return std::nullopt;
    groups.push_back(*group);
    i += group->from_count;
    j += group->to_count;
  }
  return groups;
}

std::optional<ReshapeBefore> reshape_before(const DimShape& operand, const DimShape& to,
                                            const std::vector<int64_t>& permutation) {
  auto groups = reshape_groups(operand, to);
  if (!groups) return std::nullopt;
  // Where each group's axes start before the transpose; added axes of size 1 go along with the group before them.
  struct Placed {
    int64_t source;
    AxisGroup group;
  };
  std::vector<Placed> placed;
  int64_t source = -1;
  for (const AxisGroup& group : *groups) {
    if (group.from_count > 0) {
      source = permutation[group.from];
      for (size_t k = 1; k < group.from_count; ++k) {
        if (permutation[group.from + k] != source + static_cast<int64_t>(k)) return std::nullopt;
      }
    }
    placed.push_back({source, group});
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) { return a.source < b.source; });
  ReshapeBefore result;
  result.permutation.resize(to.size());
  for (const Placed& each : placed) {
    for (size_t k = each.group.to; k < each.group.to + each.group.to_count; ++k) {
      result.permutation[k] = static_cast<int64_t>(result.shape.size());
      result.shape.push_back(to[k]);
    }
  }
  return result;
}

}  // namespace ingot::passes
