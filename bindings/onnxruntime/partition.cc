#include "partition.h"

#include <algorithm>

namespace ingot_ort {

// A node's level counts how often a path to it enters the supported nodes. Levels never fall along a path, and a path
// that leaves the supported nodes and comes back has risen: the nodes of one level are convex. The first pass finds the
// highest level, the second gives each node the highest that its readers allow, so that branches meet in few parts.
std::vector<std::vector<size_t>> convex_parts(const std::vector<std::vector<size_t>>& reads,
                                              const std::vector<bool>& supported) {
  const size_t count = reads.size();
  const auto enters = [&](size_t from, size_t to) { return supported[to] && !supported[from] ? size_t{1} : size_t{0}; };
  std::vector<size_t> lowest(count, 0);
  size_t highest = 0;
  for (size_t i = 0; i < count; ++i) {
    for (const size_t from : reads[i]) {
      lowest[i] = std::max(lowest[i], lowest[from] + enters(from, i));
    }
    highest = std::max(highest, lowest[i]);
  }
  std::vector<size_t> level(count, highest);
  for (size_t i = count; i-- > 0;) {
    for (const size_t from : reads[i]) {
      level[from] = std::min(level[from], level[i] - enters(from, i));
    }
  }
  std::vector<std::vector<size_t>> parts(highest + 1);
  for (size_t i = 0; i < count; ++i) {
    if (supported[i]) {
      parts[level[i]].push_back(i);
    }
  }
  parts.erase(std::remove_if(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); }), parts.end());
  return parts;
}

}  // namespace ingot_ort
