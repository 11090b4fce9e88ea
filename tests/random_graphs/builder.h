// Grows a random graph whose values stay small in size and moderate in magnitude.
#pragma once
#include <optional>
#include <random>
#include <vector>

#include "ir/graph.h"

namespace ingot::random_graphs {

// A repeatable source of choices.
class Choices {
 public:
  explicit Choices(uint64_t seed) : engine_(seed) {}
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool one_in(int64_t n) { return between(1, n) == 1; }
  uint64_t bits() { return engine_(); }
  template <class T> const T& of(const std::vector<T>& items) {
    return items[static_cast<size_t>(between(0, static_cast<int64_t>(items.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

class Builder {
 public:
  explicit Builder(uint64_t seed);

  Choices choose;
  ir::Graph graph;
  SymbolValues symbols;

  // A value of f32 made so far, of a known number of axes (0: any); mostly one that nothing reads yet.
  std::optional<ir::ValueId> any(int64_t least_rank = 0, int64_t most_rank = 8);
  // Concrete sizes of a value; empty when they depend on data.
  std::optional<Shape> sizes(ir::ValueId id) const { return sizes(graph.fact(id)); }
  std::optional<Shape> sizes(const Fact& fact) const;
  // The node's first output, kept for later choices; empty when the operator refuses or the result is too large.
  std::optional<ir::ValueId> add(Op op, std::vector<ir::ValueId> inputs);
  // Not to be chosen again: numbers so large that arithmetic on them overflows.
  void forget(ir::ValueId id) { std::erase(values_, id); }
  // A constant of random numbers times `scale`.
  ir::ValueId weights(Shape shape, double scale = 1);
  ir::ValueId number(double value);
  ir::ValueId indices(std::vector<int64_t> values);
  // bool[shape], as an input of the graph or a constant: exact, so that no rounding turns it.
  ir::ValueId mask(Shape shape);
  ir::ValueId input(DType dtype, DimShape shape);
  // Every value that nothing reads becomes an output, and some that are read.
  void finish();

 private:
  void require_fit(const Op& op, const std::vector<ir::ValueId>& inputs) const;
  std::vector<ir::ValueId> values_;
};

// Adds one operator, or one idiom of several, where a value allows it.
void add_operator(Builder& b);
void add_idiom(Builder& b);

// The graph of a seed.
Builder random_graph(uint64_t seed);

}  // namespace ingot::random_graphs
