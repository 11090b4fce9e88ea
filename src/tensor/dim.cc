#include "tensor/dim.h"

#include <algorithm>
#include <cctype>

#include "base/checked.h"

namespace ingot {
namespace {

constexpr const char* kFunctionNames[] = {"", "floor", "min", "max", "bcast"};

int64_t floor_divide(int64_t a, int64_t b) {
  if (b == 0) fail(Code::kInvalidArgument, "division of a size by zero");
  if (b == -1) return checked_mul(a, -1);
  const int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

[[noreturn]] void too_complex() { fail(Code::kUnsupported, "a symbolic size grows too complex"); }

bool plain_in_text(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("_./:?").find(c) != std::string_view::npos;
}

std::string encode_name(const std::string& name) {
  if (name.empty()) return "%";
  if (name == "?") return "%3F";  // "[?]" is a shape of unknown rank
  std::string text;
  for (const char c : name) {
    const bool leading_digit = text.empty() && std::isdigit(static_cast<unsigned char>(c));
    text += plain_in_text(c) && !leading_digit ? std::string(1, c) : fmt::format("%{:02X}", static_cast<uint8_t>(c));
  }
  return text;
}

int64_t broadcast_sizes(int64_t a, int64_t b) {
  if (a == b || b == 1) return a;
  if (a == 1) return b;
  fail(Code::kInvalidArgument, "sizes {} and {} do not broadcast", a, b);
}

}  // namespace

struct Dim::Atom {
  enum Kind { kSymbol, kFloorDiv, kMin, kMax, kBroadcast };
  Kind kind;
  std::string name;  // of a symbol
  Dim a, b;          // of a function
  std::string text;
  int depth = 0;  // functions around the innermost symbol
};

Dim::Dim(int64_t value) {
  if (value != 0) terms_.push_back({value, {}, ""});
}

Dim Dim::symbol(std::string name) {
  std::string text = encode_name(name);
  return from_atom(std::make_shared<const Atom>(Atom{Atom::kSymbol, std::move(name), {}, {}, std::move(text)}));
}

Dim Dim::from_atom(AtomRef atom) {
  Dim dim;
  std::string key = atom->text;
  dim.terms_.push_back({1, {std::move(atom)}, std::move(key)});
  return dim;
}

Dim Dim::function(int kind, const Dim& a, const Dim& b) {
  std::string text = std::string(kFunctionNames[kind]) + "(" + a.text() + "," + b.text() + ")";
  int depth = 0;
  for (const Dim* side : {&a, &b}) {
    for (const Term& term : side->terms_) {
      for (const AtomRef& factor : term.factors) depth = std::max(depth, factor->depth);
    }
  }
  if (depth + 1 > kMaxDepth || text.size() > kMaxText) too_complex();
  return from_atom(
      std::make_shared<const Atom>(Atom{static_cast<Atom::Kind>(kind), "", a, b, std::move(text), depth + 1}));
}

Dim Dim::from_terms(std::vector<Term> terms) {
  std::sort(terms.begin(), terms.end(), [](const Term& x, const Term& y) { return x.key < y.key; });
  Dim dim;
  for (auto& term : terms) {
    if (!dim.terms_.empty() && dim.terms_.back().key == term.key) {
      dim.terms_.back().coefficient = checked_add(dim.terms_.back().coefficient, term.coefficient);
    } else {
      dim.terms_.push_back(std::move(term));
    }
  }
  std::erase_if(dim.terms_, [](const Term& term) { return term.coefficient == 0; });
  if (dim.terms_.size() > kMaxTerms) too_complex();
  return dim;
}

Dim::Term Dim::multiply(const Term& a, const Term& b) {
  Term term{checked_mul(a.coefficient, b.coefficient), a.factors, ""};
  term.factors.insert(term.factors.end(), b.factors.begin(), b.factors.end());
  std::sort(term.factors.begin(), term.factors.end(),
            [](const AtomRef& x, const AtomRef& y) { return x->text < y->text; });
  for (const auto& factor : term.factors) {
    term.key += (term.key.empty() ? "" : "*") + factor->text;
    if (term.key.size() > kMaxText) too_complex();
  }
  return term;
}

bool Dim::is_constant() const { return terms_.empty() || (terms_.size() == 1 && terms_[0].factors.empty()); }

std::optional<int64_t> Dim::constant() const {
  if (terms_.empty()) return 0;
  if (!is_constant()) return std::nullopt;
  return terms_[0].coefficient;
}

std::string Dim::symbol_name() const {
  if (terms_.size() != 1 || terms_[0].coefficient != 1 || terms_[0].factors.size() != 1) return "";
  return terms_[0].factors[0]->name;
}

Dim operator+(const Dim& a, const Dim& b) {
  auto terms = a.terms_;
  terms.insert(terms.end(), b.terms_.begin(), b.terms_.end());
  return Dim::from_terms(std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + b * Dim(-1); }

Dim operator*(const Dim& a, const Dim& b) {
  if (a.terms_.size() * b.terms_.size() > 64 * Dim::kMaxTerms) too_complex();
  std::vector<Dim::Term> terms;
  for (const auto& x : a.terms_) {
    for (const auto& y : b.terms_) terms.push_back(Dim::multiply(x, y));
  }
  return Dim::from_terms(std::move(terms));
}

bool Dim::operator==(const Dim& other) const {
  return std::equal(terms_.begin(), terms_.end(), other.terms_.begin(), other.terms_.end(),
                    [](const Term& x, const Term& y) { return x.coefficient == y.coefficient && x.key == y.key; });
}

bool Dim::known_non_negative() const {
  return std::all_of(terms_.begin(), terms_.end(), [](const Term& term) {
    return term.coefficient >= 0 && std::all_of(term.factors.begin(), term.factors.end(), [](const AtomRef& factor) {
             if (factor->kind == Atom::kSymbol) return true;
             const bool a = factor->a.known_non_negative(), b = factor->b.known_non_negative();
             return factor->kind == Atom::kMax ? a || b : a && b;
           });
  });
}

// floor(a/d) for d > 1: whole multiples of d leave the floor, constants inside are reduced to [0, d), and
// floor((floor(x/e) + c)/d) is floor((x + c*e)/(d*e)). So equal sizes reached by different ways look equal.
Dim Dim::floor_div_by_constant(const Dim& a, int64_t divisor) {
  std::vector<Term> quotient, rest;
  for (const Term& term : a.terms_) {
    const int64_t whole = term.factors.empty()              ? floor_divide(term.coefficient, divisor)
                          : term.coefficient % divisor == 0 ? term.coefficient / divisor
                                                            : 0;
    if (whole != 0) quotient.push_back({whole, term.factors, term.key});
    const int64_t left = term.coefficient - whole * divisor;
    if (left != 0) rest.push_back({left, term.factors, term.key});
  }
  const Dim outside = from_terms(std::move(quotient));
  Dim inside = from_terms(std::move(rest));
  if (inside.is_constant()) return outside;
  const Term& last = inside.terms_.back();  // a constant, if any, stands first
  const bool beside_constant = inside.terms_.size() == 2 && inside.terms_.front().factors.empty();
  if ((inside.terms_.size() == 1 || beside_constant) && last.coefficient == 1 && last.factors.size() == 1) {
    const Atom& inner = *last.factors[0];
    if (inner.kind == Atom::kFloorDiv && inner.b.is_constant() && *inner.b.constant() > 0) {
      const Dim offset = beside_constant ? Dim(inside.terms_.front().coefficient) : Dim(0);
      return outside + floor_div(inner.a + offset * inner.b, inner.b * Dim(divisor));
    }
  }
  return outside + function(Atom::kFloorDiv, inside, Dim(divisor));
}

Dim Dim::floor_div(const Dim& a, const Dim& b) {
  if (b.is(1) || a.is(0)) return a;
  if (b.is(-1)) return a * b;
  if (a.is_constant() && b.is_constant()) return Dim(floor_divide(*a.constant(), *b.constant()));
  if (a == b) return Dim(1);
  if (b.is_constant() && *b.constant() > 1) return floor_div_by_constant(a, *b.constant());
  if (b.terms_.size() == 1) {
    // Exact when every term of a holds b's factors and a multiple of its coefficient.
    const Term& divisor = b.terms_[0];
    const auto by_text = [](const AtomRef& x, const AtomRef& y) { return x->text < y->text; };
    std::vector<Term> quotient;
    for (const Term& term : a.terms_) {
      Term left{0, {}, ""};
      std::set_difference(term.factors.begin(), term.factors.end(), divisor.factors.begin(), divisor.factors.end(),
                          std::back_inserter(left.factors), by_text);
      const bool minus_one = divisor.coefficient == -1;
      if (left.factors.size() + divisor.factors.size() != term.factors.size() ||
          (!minus_one && term.coefficient % divisor.coefficient != 0)) {
        return function(Atom::kFloorDiv, a, b);
      }
      left.coefficient = floor_divide(term.coefficient, divisor.coefficient);
      quotient.push_back(multiply(left, {1, {}, ""}));
    }
    return from_terms(std::move(quotient));
  }
  return function(Atom::kFloorDiv, a, b);
}

Dim Dim::min(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.is_constant()) return *difference.constant() <= 0 ? a : b;
  return a.text() < b.text() ? function(Atom::kMin, a, b) : function(Atom::kMin, b, a);
}

Dim Dim::max(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.is_constant()) return *difference.constant() >= 0 ? a : b;
  return a.text() < b.text() ? function(Atom::kMax, a, b) : function(Atom::kMax, b, a);
}

bool Dim::broadcasts(const Dim& part) const {
  if (terms_.size() != 1 || terms_[0].coefficient != 1 || terms_[0].factors.size() != 1) return false;
  const Atom& atom = *terms_[0].factors[0];
  if (atom.kind != Atom::kBroadcast) return false;
  return atom.a == part || atom.b == part || atom.a.broadcasts(part) || atom.b.broadcasts(part);
}

Dim Dim::broadcast(const Dim& a, const Dim& b) {
  if (a == b || b.is(1)) return a;
  if (a.is(1)) return b;
  if (a.is_constant() && b.is_constant()) return Dim(broadcast_sizes(*a.constant(), *b.constant()));
  // A constant other than 1 is the result whatever the other side turns out to be (1 or the same).
  if (a.is_constant()) return a;
  if (b.is_constant()) return b;
  if (a.broadcasts(b)) return a;
  if (b.broadcasts(a)) return b;
  // min(c, n) with c over 1 is 1 only where n is, so beside n it is n wherever both broadcast.
  const auto clips = [](const Dim& part, const Dim& whole) {
    if (part.terms_.size() != 1 || part.terms_[0].coefficient != 1 || part.terms_[0].factors.size() != 1) return false;
    const Atom& atom = *part.terms_[0].factors[0];
    if (atom.kind != Atom::kMin) return false;
    const auto over_one = [](const Dim& dim) { return dim.is_constant() && *dim.constant() > 1; };
    return (over_one(atom.a) && atom.b == whole) || (over_one(atom.b) && atom.a == whole);
  };
  if (clips(b, a)) return a;
  if (clips(a, b)) return b;
  return a.text() < b.text() ? function(Atom::kBroadcast, a, b) : function(Atom::kBroadcast, b, a);
}

std::optional<int64_t> Dim::eval(const SymbolValues& symbols) const {
  int64_t sum = 0;
  for (const auto& term : terms_) {
    int64_t value = term.coefficient;
    for (const auto& factor : term.factors) {
      int64_t factor_value;
      if (factor->kind == Atom::kSymbol) {
        const auto found = symbols.find(factor->name);
        if (found == symbols.end()) return std::nullopt;
        factor_value = found->second;
      } else {
        const auto a = factor->a.eval(symbols), b = factor->b.eval(symbols);
        if (!a || !b) return std::nullopt;
        switch (factor->kind) {
          case Atom::kFloorDiv: factor_value = floor_divide(*a, *b); break;
          case Atom::kMin: factor_value = std::min(*a, *b); break;
          case Atom::kMax: factor_value = std::max(*a, *b); break;
          default: factor_value = broadcast_sizes(*a, *b); break;
        }
      }
      value = checked_mul(value, factor_value);
    }
    sum = checked_add(sum, value);
  }
  return sum;
}

Dim Dim::substitute(const std::function<std::optional<Dim>(const std::string&)>& replace) const {
  Dim sum;
  for (const auto& term : terms_) {
    Dim value(term.coefficient);
    for (const auto& factor : term.factors) {
      if (factor->kind == Atom::kSymbol) {
        const auto replacement = replace(factor->name);
        value = value * (replacement ? *replacement : from_atom(factor));
        continue;
      }
      const Dim a = factor->a.substitute(replace), b = factor->b.substitute(replace);
      switch (factor->kind) {
        case Atom::kFloorDiv: value = value * floor_div(a, b); break;
        case Atom::kMin: value = value * min(a, b); break;
        case Atom::kMax: value = value * max(a, b); break;
        default: value = value * broadcast(a, b); break;
      }
    }
    sum = sum + value;
  }
  return sum;
}

void Dim::collect_symbols(std::set<std::string>& into) const {
  for (const auto& term : terms_) {
    for (const auto& factor : term.factors) {
      if (factor->kind == Atom::kSymbol) {
        into.insert(factor->name);
      } else {
        factor->a.collect_symbols(into);
        factor->b.collect_symbols(into);
      }
    }
  }
}

std::string Dim::text() const {
  if (terms_.empty()) return "0";
  std::string text;
  for (const auto& term : terms_) {
    int64_t coefficient = term.coefficient;
    if (!text.empty()) text += coefficient < 0 ? "-" : "+";
    if (text.empty() && coefficient < 0) text += "-";
    const std::string magnitude = coefficient < 0 ? std::to_string(coefficient).substr(1) : std::to_string(coefficient);
    if (term.key.empty()) {
      text += magnitude;
    } else {
      text += (magnitude == "1" ? "" : magnitude + "*") + term.key;
    }
  }
  return text;
}

std::string dims_text(const DimShape& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? "," : "") + dims[i].text();
  return text + "]";
}

DimShape to_dims(const std::vector<int64_t>& shape) { return {shape.begin(), shape.end()}; }

std::optional<std::vector<int64_t>> constant_shape(const DimShape& dims) {
  std::vector<int64_t> shape;
  for (const Dim& dim : dims) {
    if (!dim.is_constant()) return std::nullopt;
    shape.push_back(*dim.constant());
  }
  return shape;
}

Dim product(const DimShape& dims) {
  Dim result(1);
  for (const Dim& dim : dims) result = result * dim;
  return result;
}

}  // namespace ingot
