// Counts of known n-grams.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class TermWeighting : uint8_t { kTf, kIdf, kTfIdf };
template <> struct EnumNames<TermWeighting> { static constexpr const char* kNames[] = {"tf", "idf", "tf_idf"}; };

// Of each row of x ([c] or [n, c], integers or strings): how often each n-gram of the pool occurs with 0 to max_skips
// tokens left out between its tokens (f32 [size] or [n, size]). The pool holds all 1-grams, then all 2-grams and so on;
// group k starts at counts[k]; the i-th n-gram of the pool counts in coordinate indexes[i]. idf: 1 where it occurs,
// times weights[coordinate]; tf_idf: the count times that.
struct TfIdfVectorizer {
  TermWeighting mode = TermWeighting::kTf;
  int64_t max_skips = 0, min_length = 1, max_length = 1;
  std::vector<int64_t> counts, indexes, int_pool;
  std::vector<std::string> string_pool;
  std::vector<double> weights;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("mode", &TfIdfVectorizer::mode), field("max_skips", &TfIdfVectorizer::max_skips),
                           field("min_length", &TfIdfVectorizer::min_length),
                           field("max_length", &TfIdfVectorizer::max_length), field("counts", &TfIdfVectorizer::counts),
                           field("indexes", &TfIdfVectorizer::indexes), field("int_pool", &TfIdfVectorizer::int_pool),
                           field("string_pool", &TfIdfVectorizer::string_pool),
                           field("weights", &TfIdfVectorizer::weights));
  }
};

}  // namespace ingot
