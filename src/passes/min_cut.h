// The cheapest way to part a network in two (Dinic 1970).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ingot::passes {

// Vertices are numbered from 0. Capacities add up; kUncuttable edges are never cut.
class MinCut {
 public:
  static constexpr int64_t kUncuttable = int64_t{1} << 60;

  int add_vertex();
  void add_edge(int from, int to, int64_t capacity);
  // For every vertex whether it is on the source's side of a cheapest cut. Of several cheapest cuts the one with the
  // largest source side. Call once.
  std::vector<bool> source_side(int source, int sink);

 private:
  struct Edge {
    int to;
    int64_t left;
    size_t back;
  };
  bool build_levels(int source, int sink);
  int64_t push(int source, int sink);
  std::vector<std::vector<Edge>> edges_;
  std::vector<int> level_;
  std::vector<size_t> next_;
};

}  // namespace ingot::passes
