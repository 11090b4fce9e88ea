// Symbolic sizes: integer expressions over named symbols, kept in a canonical form so that equality is structural.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ingot {

// The size that each symbol has in one run.
using SymbolValues = std::unordered_map<std::string, int64_t>;

// A sum of products of atoms (symbols, floor_div, min, max, broadcast). Immutable value; arithmetic throws
// kInvalidArgument on 64-bit overflow and kUnsupported when an expression grows past kMaxTerms, kMaxDepth or kMaxText.
class Dim {
 public:
  Dim() = default;  // 0
  Dim(int64_t value);
  Dim(int value) : Dim(static_cast<int64_t>(value)) {}
  // Any name; in text forms, characters outside [A-Za-z0-9_./:?] and a leading digit are written %XX, as in URLs.
  static Dim symbol(std::string name);
  static constexpr size_t kMaxTerms = 1024, kMaxText = 1 << 16;
  static constexpr int kMaxDepth = 64;

  bool is_constant() const;
  std::optional<int64_t> constant() const;
  bool is(int64_t value) const { return constant() == value; }
  // The name when the expression is one bare symbol, else empty.
  std::string symbol_name() const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  bool operator==(const Dim& other) const;
  // Whether the value is at least 0 for every assignment of non-negative sizes to the symbols; false when unsure.
  bool known_non_negative() const;

  // Rounds towards minus infinity; simplifies where the division is exact, and by constants.
  static Dim floor_div(const Dim& a, const Dim& b);
  static Dim ceil_div(const Dim& a, const Dim& b) { return floor_div(a + b - Dim(1), b); }
  static Dim min(const Dim& a, const Dim& b);
  static Dim max(const Dim& a, const Dim& b);
  // The size of a NumPy-broadcast axis: b where a is 1, a where b is 1, else the two must be equal when evaluated.
  static Dim broadcast(const Dim& a, const Dim& b);

  // Empty when a symbol has no value yet; throws kInvalidArgument on overflow, division by 0 or a failed broadcast.
  std::optional<int64_t> eval(const SymbolValues& symbols) const;
  Dim substitute(const std::function<std::optional<Dim>(const std::string&)>& replace) const;
  void collect_symbols(std::set<std::string>& into) const;

  // "1+2*batch+floor(h,2)"; parse reads what text prints and throws kInvalidArgument on anything else.
  std::string text() const;
  static Dim parse(std::string_view text);

 private:
  struct Atom;
  using AtomRef = std::shared_ptr<const Atom>;
  struct Term {
    int64_t coefficient;
    std::vector<AtomRef> factors;  // sorted by text
    std::string key;               // factors' texts joined: the sort key
  };
  static Dim from_atom(AtomRef atom);
  static Dim from_terms(std::vector<Term> terms);
  static Term multiply(const Term& a, const Term& b);
  bool broadcasts(const Dim& part) const;  // whether this is a broadcast with `part` in it
  static Dim function(int kind, const Dim& a, const Dim& b);
  static Dim floor_div_by_constant(const Dim& a, int64_t divisor);
  std::vector<Term> terms_;  // sorted by key, no zero coefficients; the empty key is the constant
};

using DimShape = std::vector<Dim>;
std::string dims_text(const DimShape& dims);
DimShape to_dims(const std::vector<int64_t>& shape);
// Empty when any dim is not constant.
std::optional<std::vector<int64_t>> constant_shape(const DimShape& dims);
Dim product(const DimShape& dims);

}  // namespace ingot
