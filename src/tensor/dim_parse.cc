// Recursive descent over the text form of Dim: sums of products of numbers, names and functions.
#include <cctype>
#include <charconv>

#include "base/error.h"
#include "tensor/dim.h"

namespace ingot {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Dim parse_all() {
    const Dim dim = sum(0);
    if (position_ != text_.size()) reject();
    return dim;
  }

 private:
  [[noreturn]] void reject() const {
    fail(Code::kInvalidArgument, "'{}' is no size expression (at character {})", text_, position_);
  }
  void skip_spaces() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
  }
  bool accept(char c) {
    skip_spaces();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    skip_spaces();
    return true;
  }
  static bool name_character(char c) {
    return c != '+' && c != '-' && c != '*' && c != '(' && c != ')' && c != ',' && c != ' ' && c != '[' && c != ']';
  }

  Dim sum(int depth) {
    if (depth > Dim::kMaxDepth) reject();
    Dim value = accept('-') ? Dim(0) - term(depth) : term(depth);
    while (true) {
      if (accept('+')) {
        value = value + term(depth);
      } else if (accept('-')) {
        value = value - term(depth);
      } else {
        return value;
      }
    }
  }

  Dim term(int depth) {
    Dim value = factor(depth);
    while (accept('*')) value = value * factor(depth);
    return value;
  }

  Dim factor(int depth) {
    skip_spaces();
    const size_t first = position_;
    while (position_ < text_.size() && name_character(text_[position_])) ++position_;
    const std::string_view word = text_.substr(first, position_ - first);
    if (word.empty()) {
      if (!accept('(')) reject();
      const Dim value = sum(depth + 1);
      if (!accept(')')) reject();
      return value;
    }
    if (std::isdigit(static_cast<unsigned char>(word[0]))) {
      int64_t value = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (error != std::errc() || end != word.data() + word.size()) reject();
      return Dim(value);
    }
    if (accept('(')) return function(word, depth);
    return Dim::symbol(decode_name(word));
  }

  std::string decode_name(std::string_view word) const {
    if (word == "%") return "";
    std::string name;
    for (size_t i = 0; i < word.size(); ++i) {
      if (word[i] != '%') {
        name += word[i];
        continue;
      }
      uint8_t code = 0;
      const char* first = word.data() + i + 1;
      if (i + 3 > word.size() || std::from_chars(first, first + 2, code, 16).ptr != first + 2) reject();
      name += static_cast<char>(code);
      i += 2;
    }
    return name;
  }

  Dim function(std::string_view name, int depth) {
    const Dim a = sum(depth + 1);
    if (!accept(',')) reject();
    const Dim b = sum(depth + 1);
    if (!accept(')')) reject();
    if (name == "floor") return Dim::floor_div(a, b);
    if (name == "min") return Dim::min(a, b);
    if (name == "max") return Dim::max(a, b);
    if (name == "bcast") return Dim::broadcast(a, b);
    reject();
  }

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

Dim Dim::parse(std::string_view text) { return Parser(text).parse_all(); }

}  // namespace ingot
