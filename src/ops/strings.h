// Operators on strings (UTF-8).
#pragma once
#include "ops/op.h"

namespace ingot {

// Element by element with NumPy broadcasting.
struct StringConcat {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

// Outputs: the parts of every string along a new last axis, filled up with "", and how many there are (i64, shape of
// the input). An empty delimiter splits at runs of white space and ignores it at both ends; max_splits < 0: no limit,
// else the rest after so many splits stays whole.
struct StringSplit {
  std::string delimiter;
  int64_t max_splits = -1;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("delimiter", &StringSplit::delimiter), field("max_splits", &StringSplit::max_splits));
  }
};

enum class CaseChange : uint8_t { kNone, kLower, kUpper };
template <> struct EnumNames<CaseChange> { static constexpr const char* kNames[] = {"none", "lower", "upper"}; };

// Elements of a [c] or [1, c] tensor that are no stop words, in another case. One "" when none is left.
struct StringNormalizer {
  CaseChange change = CaseChange::kNone;
  bool case_sensitive = false;  // of the comparison with stop words
  std::vector<std::string> stop_words;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("change", &StringNormalizer::change),
                           field("case_sensitive", &StringNormalizer::case_sensitive),
                           field("stop_words", &StringNormalizer::stop_words));
  }
};

// bool: whether the whole string matches the pattern (RE2 syntax).
struct RegexFullMatch {
  std::string pattern;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("pattern", &RegexFullMatch::pattern)); }
};

}  // namespace ingot
