#include "ops/tf_idf_vectorizer.h"

#include <algorithm>
#include <map>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int64_t kMaxCoordinates = int64_t{1} << 28;

int64_t output_size(const TfIdfVectorizer& op) {
  int64_t size = 0;
  for (const int64_t index : op.indexes) {
    if (index < 0 || index >= kMaxCoordinates) fail(Code::kInvalidModel, "an n-gram counts in coordinate {}", index);
    size = std::max(size, index + 1);
  }
  if (!op.weights.empty() && static_cast<int64_t>(op.weights.size()) < size) {
    fail(Code::kInvalidModel, "{} weights for {} coordinates", op.weights.size(), size);
  }
  return size;
}

// Coordinates of the pool's n-grams.
template <class Token>
std::map<std::vector<Token>, int64_t> read_pool(const TfIdfVectorizer& op, const std::vector<Token>& pool) {
  std::map<std::vector<Token>, int64_t> ngrams;
  size_t ngram = 0;
  for (size_t group = 0; group < op.counts.size(); ++group) {
    const size_t length = group + 1;
    const int64_t first = op.counts[group];
    const int64_t last = group + 1 < op.counts.size() ? op.counts[group + 1] : static_cast<int64_t>(pool.size());
    if (first < 0 || last < first || last > static_cast<int64_t>(pool.size()) ||
        (last - first) % static_cast<int64_t>(length) != 0) {
      fail(Code::kInvalidModel, "{}-grams at [{}, {}) of a pool of {} tokens", length, first, last, pool.size());
    }
    for (int64_t at = first; at < last; at += static_cast<int64_t>(length), ++ngram) {
      if (ngram >= op.indexes.size()) fail(Code::kInvalidModel, "the pool has more n-grams than coordinates");
      ngrams.emplace(std::vector<Token>(pool.begin() + at, pool.begin() + at + static_cast<int64_t>(length)),
                     op.indexes[ngram]);
    }
  }
  return ngrams;
}

template <class Token>
void count_ngrams(const TfIdfVectorizer& op, const std::map<std::vector<Token>, int64_t>& ngrams,
                  std::span<const Token> row, std::span<float> counts) {
  const auto size = static_cast<int64_t>(row.size());
  int64_t shortest = op.min_length;
  // A gap longer than the row leaves at most single tokens.
  for (int64_t distance = 1; distance <= std::min(op.max_skips + 1, std::max<int64_t>(size, 1)); ++distance) {
    for (int64_t start = 0; start < size; ++start) {
      std::vector<Token> ngram;
      for (int64_t at = start; at < size && static_cast<int64_t>(ngram.size()) < op.max_length; at += distance) {
        ngram.push_back(row[static_cast<size_t>(at)]);
        if (static_cast<int64_t>(ngram.size()) < shortest) continue;
        const auto found = ngrams.find(ngram);
        if (found != ngrams.end()) ++counts[static_cast<size_t>(found->second)];
      }
    }
    // Single tokens have no gaps: they count once.
    if (shortest == 1 && ++shortest > op.max_length) break;
  }
}

template <class Token>
void count_rows(const TfIdfVectorizer& op, const EvalContext& context, const std::vector<Token>& pool,
                std::span<const Token> tokens, int64_t rows, std::span<float> y) {
  const auto ngrams = read_pool(op, pool);
  const auto columns = tokens.size() / static_cast<size_t>(std::max<int64_t>(rows, 1));
  const size_t size = y.size() / static_cast<size_t>(std::max<int64_t>(rows, 1));
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    count_ngrams(op, ngrams, tokens.subspan(row * columns, columns), y.subspan(row * size, size));
  }
}

}  // namespace

static void infer(const TfIdfVectorizer& op, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.dtype() == DType::kString || x.dtype() == DType::kI32 || x.dtype() == DType::kI64, "n-grams of {}",
                  dtype_name(x.dtype()));
  const bool strings = x.dtype() == DType::kString;
  context.require(strings ? op.int_pool.empty() : op.string_pool.empty(), "n-grams of {} in a pool of another type",
                  dtype_name(x.dtype()));
  context.require(op.min_length >= 1 && op.max_length >= op.min_length && op.max_skips >= 0 &&
                      op.max_skips < INT32_MAX && op.max_length <= static_cast<int64_t>(op.counts.size()),
                  "{}- to {}-grams with {} skips and {} groups in the pool", op.min_length, op.max_length, op.max_skips,
                  op.counts.size());
  const int64_t size = output_size(op);
  if (!x.has_rank()) return context.set_output(0, DType::kF32, std::nullopt);
  context.require(x.rank() == 1 || x.rank() == 2, "n-grams of {}", x.text());
  DimShape shape{size};
  if (x.rank() == 2) shape.insert(shape.begin(), (*x.shape)[0]);
  context.set_output(0, DType::kF32, std::move(shape));
}

static void eval(const TfIdfVectorizer& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 1 || x.rank() > 2) fail(Code::kInvalidArgument, "n-grams of {}", x.type_text());
  const int64_t size = output_size(op), rows = x.rank() == 2 ? x.dim(0) : 1;
  Tensor& y = context.output(0, DType::kF32, x.rank() == 2 ? Shape{rows, size} : Shape{size});
  const std::span<float> counts(y.mutable_data<float>(), static_cast<size_t>(y.count()));
  std::fill(counts.begin(), counts.end(), 0.0f);
  if (x.dtype() == DType::kString) {
    count_rows<std::string>(op, context, op.string_pool, x.span<std::string>(), rows, counts);
  } else {
    const auto tokens = to_ints(x);
    count_rows<int64_t>(op, context, op.int_pool, tokens, rows, counts);
  }
  if (op.mode == TermWeighting::kTf) return;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double weight = op.weights.empty() ? 1 : op.weights[i % static_cast<size_t>(size)];
    const double count = op.mode == TermWeighting::kIdf ? std::min(counts[i], 1.0f) : counts[i];
    counts[i] = static_cast<float>(count * weight);
  }
}

const OpDef TfIdfVectorizer::def = define_op<TfIdfVectorizer, infer, eval>(
    {"tf_idf_vectorizer", "weighted counts of the n-grams of a pool in each row", 1, 1, 1});

}  // namespace ingot
