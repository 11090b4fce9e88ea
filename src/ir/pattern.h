// Patterns that read as maths: `x * 0.5 * (erf(x * kRsqrt2) + 1.0)`.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "ir/graph.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/unary.h"

namespace ingot::ir {

struct PatternNode;

// A handle; copies are the same pattern. A pattern that occurs twice matches one value. Immutable.
class Pattern {
 public:
  // Any value, or any value that `accepts` takes.
  Pattern();
  explicit Pattern(std::function<bool(const Graph&, ValueId)> accepts);
  // A constant tensor whose elements all equal `value` within a relative 1e-4 (4e-3 for 16-bit types).
  Pattern(double value);
  explicit Pattern(std::shared_ptr<const PatternNode> node) : node_(std::move(node)) {}
  const PatternNode* node() const { return node_.get(); }

 private:
  std::shared_ptr<const PatternNode> node_;
};

// A node of kind T whose fields `accepts` takes, with exactly these operands.
Pattern op_pattern(const OpDef& def, std::vector<Pattern> operands, std::function<bool(const Op&)> accepts = nullptr);
template <class T> Pattern op(std::vector<Pattern> operands, std::function<bool(const T&)> accepts = nullptr) {
  if (!accepts) return op_pattern(T::def, std::move(operands));
  return op_pattern(T::def, std::move(operands), [accepts](const Op& each) { return accepts(*each.as<T>()); });
}
Pattern unary(UnaryFn fn, Pattern x);
// Commutative functions match either order. x * c also matches x / (1/c), x + c also x - (-c), and the reverse, for a
// constant c.
Pattern binary(BinaryFn fn, Pattern a, Pattern b);
Pattern operator+(Pattern a, Pattern b);
Pattern operator-(Pattern a, Pattern b);
Pattern operator*(Pattern a, Pattern b);
Pattern operator/(Pattern a, Pattern b);
inline Pattern pow(Pattern a, Pattern b) { return binary(BinaryFn::kPow, std::move(a), std::move(b)); }
// The factors multiplied in any order and grouping.
Pattern product(std::vector<Pattern> factors);
// The first that matches.
Pattern any_of(std::vector<Pattern> alternatives);
// x * x or pow(x, 2).
Pattern square(const Pattern& x);
// x, or a Cast of it.
Pattern maybe_cast(const Pattern& x);
// Any constant.
Pattern any_constant();

class Match {
 public:
  // The value that the pattern (or any part of it) matched; kNoValue for parts of alternatives not taken.
  ValueId operator[](const Pattern& pattern) const;
  // Nodes matched as operators, the root's included.
  const std::vector<NodeId>& nodes() const { return nodes_; }
  // Whether a value inside the pattern is also needed outside, so that replacing the root would not remove it.
  bool escapes(const Graph& graph) const;

 private:
  friend class Matcher;
  std::vector<std::pair<const PatternNode*, ValueId>> bound_;
  std::vector<NodeId> nodes_;
};

std::optional<Match> match(const Graph& graph, const Pattern& pattern, ValueId root);

// The one number that all elements of a constant equal, or empty.
std::optional<double> splat_value(const Tensor* constant);

}  // namespace ingot::ir
