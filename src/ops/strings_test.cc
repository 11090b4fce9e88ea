#include "ops/strings.h"

#include <gtest/gtest.h>

#include "ops/op_testing.h"
#include "ops/tf_idf_vectorizer.h"
#include "ops/unicode_case.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

using Texts = std::vector<std::string>;

Tensor strings(Texts texts) {
  const auto count = static_cast<int64_t>(texts.size());
  return Tensor::of<std::string>({count}, texts);
}
Texts content(const Tensor& tensor) {
  const auto span = tensor.span<std::string>();
  return {span.begin(), span.end()};
}

TEST(UnicodeCase, MapsLettersOfManyScriptsAndKeepsOtherBytes) {
  EXPECT_EQ(to_upper("aé\xd1\x8fǆ\xf0\x90\x90\xa8!"), "AÉ\xd0\xafǄ\xf0\x90\x90\x80!");
  EXPECT_EQ(to_lower("ÀŒΣЖ×Ÿ"), "àœσж×ÿ");
  EXPECT_EQ(to_lower("A\xff\xc3"), "a\xff\xc3");
  EXPECT_EQ(to_lower("\xed\xa0\x80\xc0\x80Z"), "\xed\xa0\x80\xc0\x80z");
}

TEST(StringSplit, KeepsTheRestWholeAfterTheLastSplit) {
  EXPECT_EQ(content(eval_tensor(StringSplit{"", 1}, {strings({"  a  b c "})})), (Texts{"a", "b c "}));
  EXPECT_EQ(content(eval_tensor(StringSplit{",", 1}, {strings({"a,b,c", ""})})), (Texts{"a", "b,c", "", ""}));
  const auto none = eval_values(StringSplit{}, {strings({"", " "})});
  EXPECT_EQ(none[0].tensor().shape(), (Shape{2, 0}));
  EXPECT_EQ(to_ints(none[1].tensor()), (std::vector<int64_t>{0, 0}));
}

TEST(StringNormalizer, LeavesOneEmptyStringWhenAllAreStopWords) {
  StringNormalizer op;
  op.stop_words = {"THE"};
  EXPECT_EQ(content(eval_tensor(op, {strings({"the", "The"})})), Texts{""});
  op.case_sensitive = true;
  op.change = CaseChange::kUpper;
  EXPECT_EQ(content(eval_tensor(op, {strings({"the", "THE"})})), Texts{"THE"});
  EXPECT_THROW(eval_tensor(op, {Tensor(DType::kString, {2, 2})}), Error);
}

TfIdfVectorizer bigrams() {
  TfIdfVectorizer op;
  op.min_length = op.max_length = 2;
  op.counts = {0, 2};
  op.indexes = {0, 1, 2, 3};
  op.int_pool = {2, 3, 5, 4, 5, 6};
  return op;
}

TEST(TfIdfVectorizer, CountsWithSkips) {
  auto op = bigrams();
  const Tensor x = Tensor::of<int64_t>({4}, {5, 4, 6, 5});
  EXPECT_EQ(to_doubles(eval_tensor(op, {x})), (std::vector<double>{0, 0, 1, 0}));
  op.max_skips = 1;
  EXPECT_EQ(to_doubles(eval_tensor(op, {x})), (std::vector<double>{0, 0, 1, 1}));
  op.max_skips = INT32_MAX - 1;
  EXPECT_EQ(to_doubles(eval_tensor(op, {x})), (std::vector<double>{0, 0, 1, 1}));
}

TEST(TfIdfVectorizer, RefusesAPoolThatDoesNotFit) {
  auto op = bigrams();
  op.counts = {0, 3};
  EXPECT_THROW(eval_tensor(op, {Tensor::of<int64_t>({1}, {5})}), Error);
  op = bigrams();
  op.indexes = {0, -1, 2, 3};
  EXPECT_THROW(infer_text(op, {fact("i64[n]")}), Error);
  op = bigrams();
  op.weights = {1};
  EXPECT_THROW(infer_text(op, {fact("i64[n]")}), Error);
  op = bigrams();
  op.max_length = 3;
  EXPECT_THROW(infer_text(op, {fact("i64[n]")}), Error);
}

}  // namespace
}  // namespace ingot
