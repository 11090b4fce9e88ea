#include "ir/pattern.h"

#include <algorithm>
#include <cmath>

#include "tensor/elements.h"

namespace ingot::ir {

struct PatternNode {
  enum class Kind { kAny, kConstant, kOperator, kProduct, kAlternatives };
  Kind kind = Kind::kAny;
  std::function<bool(const Graph&, ValueId)> accepts_value;
  std::function<bool(const Op&)> accepts_op;
  double value = 0;
  const OpDef* def = nullptr;
  std::optional<BinaryFn> fn;  // of a Binary
  std::vector<Pattern> operands;
};

namespace {

Pattern make(PatternNode node) { return Pattern(std::make_shared<const PatternNode>(std::move(node))); }

bool near(double actual, double wanted, DType dtype) {
  const double tolerance = dtype_bits(dtype) <= 16 ? 4e-3 : 1e-4;
  return actual == wanted || std::abs(actual - wanted) <= tolerance * std::abs(wanted);
}

// For constants: a*c = a/(1/c), a+c = a-(-c).
std::optional<BinaryFn> inverse(BinaryFn fn) {
  switch (fn) {
    case BinaryFn::kMul: return BinaryFn::kDiv;
    case BinaryFn::kDiv: return BinaryFn::kMul;
    case BinaryFn::kAdd: return BinaryFn::kSub;
    case BinaryFn::kSub: return BinaryFn::kAdd;
    default: return std::nullopt;
  }
}

double invert(BinaryFn fn, double value) { return fn == BinaryFn::kMul || fn == BinaryFn::kDiv ? 1 / value : -value; }

}  // namespace

Pattern::Pattern() : node_(std::make_shared<const PatternNode>()) {}
Pattern::Pattern(std::function<bool(const Graph&, ValueId)> accepts) {
  PatternNode node;
  node.accepts_value = std::move(accepts);
  node_ = std::make_shared<const PatternNode>(std::move(node));
}
Pattern::Pattern(double value) {
  PatternNode node;
  node.kind = PatternNode::Kind::kConstant;
  node.value = value;
  node_ = std::make_shared<const PatternNode>(std::move(node));
}

Pattern op_pattern(const OpDef& def, std::vector<Pattern> operands, std::function<bool(const Op&)> accepts) {
  PatternNode node;
  node.kind = PatternNode::Kind::kOperator;
  node.def = &def;
  node.operands = std::move(operands);
  node.accepts_op = std::move(accepts);
  return make(std::move(node));
}

Pattern unary(UnaryFn fn, Pattern x) {
  return op<Unary>({std::move(x)}, [fn](const Unary& each) { return each.fn == fn; });
}

Pattern binary(BinaryFn fn, Pattern a, Pattern b) {
  PatternNode node;
  node.kind = PatternNode::Kind::kOperator;
  node.def = &Binary::def;
  node.fn = fn;
  node.operands = {std::move(a), std::move(b)};
  return make(std::move(node));
}
Pattern operator+(Pattern a, Pattern b) { return binary(BinaryFn::kAdd, std::move(a), std::move(b)); }
Pattern operator-(Pattern a, Pattern b) { return binary(BinaryFn::kSub, std::move(a), std::move(b)); }
Pattern operator*(Pattern a, Pattern b) { return binary(BinaryFn::kMul, std::move(a), std::move(b)); }
Pattern operator/(Pattern a, Pattern b) { return binary(BinaryFn::kDiv, std::move(a), std::move(b)); }

Pattern product(std::vector<Pattern> factors) {
  PatternNode node;
  node.kind = PatternNode::Kind::kProduct;
  node.operands = std::move(factors);
  return make(std::move(node));
}

Pattern any_of(std::vector<Pattern> alternatives) {
  PatternNode node;
  node.kind = PatternNode::Kind::kAlternatives;
  node.operands = std::move(alternatives);
  return make(std::move(node));
}

Pattern square(const Pattern& x) { return any_of({x * x, pow(x, 2.0)}); }
Pattern maybe_cast(const Pattern& x) { return any_of({op<Cast>({x}), x}); }
Pattern any_constant() {
  return Pattern([](const Graph& graph, ValueId id) { return graph.constant(id) != nullptr; });
}

// Backtracking by continuations: each step calls `next` for every way in which it can succeed.
class Matcher {
 public:
  using Next = std::function<bool()>;
  explicit Matcher(const Graph& graph) : graph_(graph) {}

  bool step(const Pattern& pattern, ValueId id, const Next& next) {
    if (id == kNoValue) return false;
    const PatternNode* node = pattern.node();
    for (const auto& [bound, value] : match_.bound_) {
      if (bound == node) return value == id && next();
    }
    const size_t bound = match_.bound_.size(), nodes = match_.nodes_.size();
    match_.bound_.emplace_back(node, id);
    if (by_kind(*node, id, next)) return true;
    match_.bound_.resize(bound);
    match_.nodes_.resize(nodes);
    return false;
  }
  Match take() { return std::move(match_); }

 private:
  bool by_kind(const PatternNode& node, ValueId id, const Next& next) {
    switch (node.kind) {
      case PatternNode::Kind::kAny: return (!node.accepts_value || node.accepts_value(graph_, id)) && next();
      case PatternNode::Kind::kConstant: return is_constant(id, node.value) && next();
      case PatternNode::Kind::kAlternatives:
        return std::any_of(node.operands.begin(), node.operands.end(),
                           [&](const Pattern& each) { return step(each, id, next); });
      case PatternNode::Kind::kProduct: return product(node.operands, id, next);
      case PatternNode::Kind::kOperator: return operation(node, id, next);
    }
    return false;
  }

  bool is_constant(ValueId id, double wanted) const {
    const Tensor* constant = graph_.constant(id);
    const auto value = splat_value(constant);
    return value && near(*value, wanted, constant->dtype());
  }

  // Calls next with the node recorded; forgets it when that fails.
  bool with_node(ValueId id, const std::function<bool()>& body) {
    match_.nodes_.push_back(graph_.value(id).producer);
    const size_t bound = match_.bound_.size(), nodes = match_.nodes_.size();
    if (body()) return true;
    match_.bound_.resize(bound);
    match_.nodes_.resize(nodes - 1);
    return false;
  }

  bool operation(const PatternNode& pattern, ValueId id, const Next& next) {
    const Node* node = graph_.producer(id);
    if (node == nullptr || &node->op.def() != pattern.def || graph_.value(id).output != 0) return false;
    if (pattern.fn) return with_node(id, [&] { return arithmetic(pattern, *node, next); });
    if (node->inputs.size() != pattern.operands.size()) return false;
    if (pattern.accepts_op && !pattern.accepts_op(node->op)) return false;
    return with_node(id, [&] { return operands(pattern, *node, 0, next); });
  }

  bool operands(const PatternNode& pattern, const Node& node, size_t index, const Next& next) {
    if (index == pattern.operands.size()) return next();
    return step(pattern.operands[index], node.inputs[index], [&] { return operands(pattern, node, index + 1, next); });
  }

  bool pair(const Pattern& a, ValueId x, const Pattern& b, ValueId y, const Next& next) {
    return step(a, x, [&] { return step(b, y, next); });
  }

  bool arithmetic(const PatternNode& pattern, const Node& node, const Next& next) {
    const BinaryFn actual = node.op.as<Binary>()->fn;
    const Pattern &a = pattern.operands[0], &b = pattern.operands[1];
    const ValueId x = node.inputs[0], y = node.inputs[1];
    if (actual == *pattern.fn) {
      // The more specific operand first: a constant decides at once which side is which.
      if (b.node()->kind == PatternNode::Kind::kConstant) {
        if (pair(b, y, a, x, next)) return true;
        return is_commutative(actual) && pair(b, x, a, y, next);
      }
      return pair(a, x, b, y, next) || (is_commutative(actual) && pair(a, y, b, x, next));
    }
    if (inverse(*pattern.fn) != actual) return false;
    const bool constant_first = is_commutative(*pattern.fn) && a.node()->kind == PatternNode::Kind::kConstant;
    const Pattern &constant = constant_first ? a : b, &other = constant_first ? b : a;
    if (constant.node()->kind != PatternNode::Kind::kConstant) return false;
    const double wanted = invert(*pattern.fn, constant.node()->value);
    if (is_constant(y, wanted) && step(other, x, next)) return true;
    return is_commutative(actual) && is_constant(x, wanted) && step(other, y, next);
  }

  bool product(const std::vector<Pattern>& factors, ValueId id, const Next& next) {
    if (factors.size() == 1) return step(factors[0], id, next);
    const Node* node = graph_.producer(id);
    if (node == nullptr || !node->op.is<Binary>()) return false;
    const BinaryFn fn = node->op.as<Binary>()->fn;
    const ValueId x = node->inputs[0], y = node->inputs[1];
    if (fn == BinaryFn::kDiv) {
      return with_node(id, [&] { return divided(factors, x, y, next); });
    }
    if (fn != BinaryFn::kMul) return false;
    return with_node(id, [&] {
      for (uint32_t subset = 1; subset + 1 < 1u << factors.size(); ++subset) {
        std::vector<Pattern> left, right;
        for (size_t i = 0; i < factors.size(); ++i) (subset >> i & 1 ? left : right).push_back(factors[i]);
        if (product(left, x, [&] { return product(right, y, next); })) return true;
      }
      return false;
    });
  }

  // x / c where one factor is the constant 1/c.
  bool divided(const std::vector<Pattern>& factors, ValueId x, ValueId y, const Next& next) {
    for (size_t i = 0; i < factors.size(); ++i) {
      const PatternNode* factor = factors[i].node();
      if (factor->kind != PatternNode::Kind::kConstant || !is_constant(y, 1 / factor->value)) continue;
      auto rest = factors;
      rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
      if (product(rest, x, next)) return true;
    }
    return false;
  }

  const Graph& graph_;
  Match match_;
};

ValueId Match::operator[](const Pattern& pattern) const {
  for (const auto& [node, value] : bound_) {
    if (node == pattern.node()) return value;
  }
  return kNoValue;
}

bool Match::escapes(const Graph& graph) const {
  const auto inside = [&](NodeId id) { return std::find(nodes_.begin(), nodes_.end(), id) != nodes_.end(); };
  // The root was recorded first.
  for (size_t i = 1; i < nodes_.size(); ++i) {
    if (nodes_[i] == nodes_[0]) continue;
    for (const ValueId output : graph.node(nodes_[i]).outputs) {
      const auto& users = graph.users(output);
      if (graph.is_output(output) || !std::all_of(users.begin(), users.end(), inside)) return true;
    }
  }
  return false;
}

std::optional<Match> match(const Graph& graph, const Pattern& pattern, ValueId root) {
  Matcher matcher(graph);
  if (!matcher.step(pattern, root, [] { return true; })) return std::nullopt;
  return matcher.take();
}

std::optional<double> splat_value(const Tensor* constant) {
  if (constant == nullptr || constant->count() == 0 || constant->dtype() == DType::kString ||
      is_complex(constant->dtype())) {
    return std::nullopt;
  }
  const double first = read_double(*constant, 0);
  // Long constants are weights, not numbers spelt out.
  if (constant->count() > 4096) return std::nullopt;
  for (int64_t i = 1; i < constant->count(); ++i) {
    if (read_double(*constant, i) != first) return std::nullopt;
  }
  return first;
}

}  // namespace ingot::ir
