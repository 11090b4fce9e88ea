// Strings.
#include "onnx/convert/converters.h"
#include "ops/strings.h"
#include "ops/tf_idf_vectorizer.h"

namespace ingot::onnx {
namespace {

void convert_concat(Conversion& c) { c.set_output(0, c.add(StringConcat{}, {c.input(0), c.input(1)})); }

void convert_split(Conversion& c) {
  const StringSplit op{c.get_string("delimiter", ""), c.get_int("maxsplit", -1)};
  c.set_outputs(c.add_node(op, {c.input(0)}));
}

void convert_normalizer(Conversion& c) {
  StringNormalizer op;
  const std::string change = c.get_string("case_change_action", "NONE");
  if (change == "LOWER") {
    op.change = CaseChange::kLower;
  } else if (change == "UPPER") {
    op.change = CaseChange::kUpper;
  } else if (change != "NONE") {
    fail(Code::kInvalidModel, "case_change_action '{}' is unknown", change);
  }
  op.case_sensitive = c.get_int("is_case_sensitive", 0) != 0;
  op.stop_words = c.get_strings("stopwords");
  c.set_output(0, c.add(std::move(op), {c.input(0)}));
}

void convert_regex_full_match(Conversion& c) {
  c.set_output(0, c.add(RegexFullMatch{c.get_string("pattern", "")}, {c.input(0)}));
}

void convert_tf_idf_vectorizer(Conversion& c) {
  TfIdfVectorizer op;
  const std::string mode = c.get_string("mode", "");
  if (mode == "IDF") {
    op.mode = TermWeighting::kIdf;
  } else if (mode == "TFIDF") {
    op.mode = TermWeighting::kTfIdf;
  } else if (mode != "TF") {
    fail(Code::kInvalidModel, "mode '{}' of TfIdfVectorizer is unknown", mode);
  }
  op.max_skips = c.get_int("max_skip_count", 0);
  op.min_length = c.get_int("min_gram_length", 1);
  op.max_length = c.get_int("max_gram_length", 1);
  op.counts = c.get_ints("ngram_counts");
  op.indexes = c.get_ints("ngram_indexes");
  op.int_pool = c.get_ints("pool_int64s");
  op.string_pool = c.get_strings("pool_strings");
  op.weights = c.get_floats("weights");
  c.set_output(0, c.add(std::move(op), {c.input(0)}));
}

constexpr Converter kTable[] = {
    {"", "StringConcat", convert_concat},
    {"", "StringSplit", convert_split},
    {"", "StringNormalizer", convert_normalizer},
    {"", "RegexFullMatch", convert_regex_full_match},
    {"", "TfIdfVectorizer", convert_tf_idf_vectorizer},
};

}  // namespace

std::span<const Converter> text_converters() { return kTable; }

}  // namespace ingot::onnx
