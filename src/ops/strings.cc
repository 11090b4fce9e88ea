#include "ops/strings.h"

#include <set>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "ops/unicode_case.h"

namespace ingot {
namespace {

void require_strings(const InferContext& context, size_t index) {
  context.require(context.dtype(index) == DType::kString, "expected strings, got {}", dtype_name(context.dtype(index)));
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::vector<std::string> split_at_spaces(const std::string& text, int64_t max_splits) {
  std::vector<std::string> parts;
  size_t at = 0;
  for (;;) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (at == text.size()) return parts;
    if (max_splits >= 0 && static_cast<int64_t>(parts.size()) == max_splits) {
      parts.push_back(text.substr(at));
      return parts;
    }
    const size_t start = at;
    while (at < text.size() && !is_space(text[at])) ++at;
    parts.push_back(text.substr(start, at - start));
  }
}

std::vector<std::string> split_at(const std::string& text, const std::string& delimiter, int64_t max_splits) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (max_splits < 0 || static_cast<int64_t>(parts.size()) < max_splits) {
    const size_t end = text.find(delimiter, start);
    if (end == std::string::npos) break;
    parts.push_back(text.substr(start, end - start));
    start = end + delimiter.size();
  }
  parts.push_back(text.substr(start));
  return parts;
}

}  // namespace

static void infer(const StringConcat&, InferContext& context) {
  require_strings(context, 0);
  require_strings(context, 1);
  context.set_output(0, DType::kString, broadcast_dims(context.shape(0), context.shape(1)));
}

static void eval(const StringConcat&, EvalContext& context) {
  const Tensor &a = context.tensor(0), &b = context.tensor(1);
  const Shape shape = broadcast_shapes(a.shape(), b.shape());
  Tensor& y = context.output(0, DType::kString, shape);
  StridedWalk<2> walk(shape, {broadcast_strides(a.shape(), shape), broadcast_strides(b.shape(), shape)});
  for (int64_t i = 0; i < y.count(); ++i, walk.next()) {
    y.mutable_data<std::string>()[i] = a.data<std::string>()[walk.offset(0)] + b.data<std::string>()[walk.offset(1)];
  }
}

const OpDef StringConcat::def = define_op<StringConcat, infer, eval>({"string_concat", "a followed by b", 2, 2, 1});

static void infer(const StringSplit&, InferContext& context) {
  require_strings(context, 0);
  std::optional<DimShape> parts = context.shape(0);
  if (parts) parts->push_back(context.fresh_dim());
  context.set_output(0, DType::kString, std::move(parts));
  context.set_output(1, DType::kI64, context.shape(0));
}

static void eval(const StringSplit& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  Tensor counts(DType::kI64, x.shape());
  std::vector<std::vector<std::string>> parts;
  size_t most = 0;
  for (int64_t i = 0; i < x.count(); ++i) {
    const std::string& text = x.data<std::string>()[i];
    parts.push_back(op.delimiter.empty() ? split_at_spaces(text, op.max_splits)
                                         : split_at(text, op.delimiter, op.max_splits));
    counts.mutable_data<int64_t>()[i] = static_cast<int64_t>(parts.back().size());
    most = std::max(most, parts.back().size());
  }
  Shape shape = x.shape();
  shape.push_back(static_cast<int64_t>(most));
  Tensor& y = context.output(0, DType::kString, shape);
  for (size_t i = 0; i < parts.size(); ++i) {
    std::move(parts[i].begin(), parts[i].end(), y.mutable_data<std::string>() + i * most);
  }
  context.set_output(1, std::move(counts));
}

const OpDef StringSplit::def =
    define_op<StringSplit, infer, eval>({"string_split", "parts of each string, and how many", 1, 1, 2});

static void infer(const StringNormalizer&, InferContext& context) {
  require_strings(context, 0);
  const Fact& x = context.input(0);
  if (!x.has_rank()) return context.set_output(0, DType::kString, std::nullopt);
  context.require(x.rank() == 1 || x.rank() == 2, "string_normalizer takes [c] or [1, c], got {}", x.text());
  DimShape shape{context.fresh_dim()};
  if (x.rank() == 2) shape.insert(shape.begin(), 1);
  context.set_output(0, DType::kString, std::move(shape));
}

static void eval(const StringNormalizer& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 1 || x.rank() > 2 || (x.rank() == 2 && x.dim(0) != 1)) {
    fail(Code::kInvalidArgument, "string_normalizer takes [c] or [1, c], got {}", x.type_text());
  }
  const auto folded = [&](const std::string& text) { return op.case_sensitive ? text : to_lower(text); };
  std::set<std::string> stop_words;
  for (const std::string& word : op.stop_words) stop_words.insert(folded(word));
  std::vector<std::string> kept;
  for (const std::string& text : x.span<std::string>()) {
    if (stop_words.contains(folded(text))) continue;
    kept.push_back(op.change == CaseChange::kLower   ? to_lower(text)
                   : op.change == CaseChange::kUpper ? to_upper(text)
                                                     : text);
  }
  if (kept.empty()) kept.emplace_back();
  Shape shape{static_cast<int64_t>(kept.size())};
  if (x.rank() == 2) shape.insert(shape.begin(), 1);
  std::move(kept.begin(), kept.end(), context.output(0, DType::kString, shape).mutable_data<std::string>());
}

const OpDef StringNormalizer::def = define_op<StringNormalizer, infer, eval>(
    {"string_normalizer", "the strings without stop words, in another case", 1, 1, 1});

}  // namespace ingot
