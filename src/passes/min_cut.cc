#include "passes/min_cut.h"

#include <algorithm>
#include <deque>

namespace ingot::passes {

int MinCut::add_vertex() {
  edges_.emplace_back();
  return static_cast<int>(edges_.size()) - 1;
}

void MinCut::add_edge(int from, int to, int64_t capacity) {
  auto &out = edges_[static_cast<size_t>(from)], &in = edges_[static_cast<size_t>(to)];
  out.push_back({to, capacity, in.size()});
  in.push_back({from, 0, out.size() - 1});
}

bool MinCut::build_levels(int source, int sink) {
  level_.assign(edges_.size(), -1);
  level_[static_cast<size_t>(source)] = 0;
  std::deque<int> queue{source};
  while (!queue.empty()) {
    const auto vertex = static_cast<size_t>(queue.front());
    queue.pop_front();
    for (const Edge& edge : edges_[vertex]) {
      if (edge.left <= 0 || level_[static_cast<size_t>(edge.to)] >= 0) continue;
      level_[static_cast<size_t>(edge.to)] = level_[vertex] + 1;
      queue.push_back(edge.to);
    }
  }
  return level_[static_cast<size_t>(sink)] >= 0;
}

// Pushes along one path of the levels, without recursion: graphs may be deep.
int64_t MinCut::push(int source, int sink) {
  std::vector<std::pair<size_t, size_t>> path;  // vertex, edge taken
  auto vertex = static_cast<size_t>(source);
  while (vertex != static_cast<size_t>(sink)) {
    auto& next = next_[vertex];
    const auto& out = edges_[vertex];
    while (next < out.size() &&
           (out[next].left <= 0 || level_[static_cast<size_t>(out[next].to)] != level_[vertex] + 1)) {
      ++next;
    }
    if (next < out.size()) {
      path.emplace_back(vertex, next);
      vertex = static_cast<size_t>(out[next].to);
    } else {
      if (path.empty()) return 0;
      vertex = path.back().first;
      ++next_[vertex];
      path.pop_back();
    }
  }
  int64_t amount = kUncuttable;
  for (const auto& [from, edge] : path) amount = std::min(amount, edges_[from][edge].left);
  for (const auto& [from, index] : path) {
    Edge& edge = edges_[from][index];
    edge.left -= amount;
    edges_[static_cast<size_t>(edge.to)][edge.back].left += amount;
  }
  return amount;
}

std::vector<bool> MinCut::source_side(int source, int sink) {
  while (build_levels(source, sink)) {
    next_.assign(edges_.size(), 0);
    while (push(source, sink) > 0) {
    }
  }
  // What cannot reach the sink any longer.
  std::vector<bool> reaches(edges_.size(), false);
  reaches[static_cast<size_t>(sink)] = true;
  std::deque<size_t> queue{static_cast<size_t>(sink)};
  while (!queue.empty()) {
    const size_t vertex = queue.front();
    queue.pop_front();
    for (const Edge& edge : edges_[vertex]) {
      const auto from = static_cast<size_t>(edge.to);
      if (reaches[from] || edges_[from][edge.back].left <= 0) continue;
      reaches[from] = true;
      queue.push_back(from);
    }
  }
  reaches.flip();
  return reaches;
}

}  // namespace ingot::passes
