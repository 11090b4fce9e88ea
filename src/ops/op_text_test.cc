#include <gtest/gtest.h>

#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/conv.h"
#include "ops/fused.h"
#include "ops/ops.h"
#include "ops/reshape.h"
#include "ops/unary.h"

namespace ingot {
namespace {

TEST(OpText, PrintedOperatorsParseToTheSame) {
  const Op ops[] = {
      Binary{BinaryFn::kPow},
      Unary{UnaryFn::kLeakyRelu, 0.1, 0},
      Cast{DType::kBF16},
      Reshape{{Dim::symbol("n"), Dim::symbol("h") * Dim(2) + Dim(1), Dim(64)}, true},
      Conv{2, {2, 2}, {}, {1, 1, 1, 1}, AutoPad::kNone, true, {{Unary{UnaryFn::kRelu}, {0}}, {Binary{}, {2, 1}}}},
      Fused{{{Unary{UnaryFn::kSilu, 1.702}, {0}}, {Binary{BinaryFn::kMul}, {1, 2}}}, {3}},
  };
  for (const Op& op : ops) EXPECT_EQ(parse_op(op.text()).text(), op.text());
  for (const Op& op : ops) EXPECT_TRUE(parse_op(op.text()) == op) << op.text();
}

TEST(OpText, EveryOperatorOfTheListParsesByName) {
  for (const OpDef* def : all_ops()) EXPECT_EQ(parse_op(def->name).name(), std::string(def->name));
}

TEST(OpText, WrongTextIsNamedInTheError) {
  const auto message = [](const char* text) {
    try {
      parse_op(text);
      return std::string("parsed");
    } catch (const Error& error) {
      return error.message();
    }
  };
  EXPECT_EQ(message("frobnicate"), "there is no operator 'frobnicate'");
  EXPECT_EQ(message("softmax{axe=1}"), "operator softmax: field 'axe' is no field of it");
  EXPECT_EQ(message("softmax{axis=1.5}"), "operator softmax: field 'axis' is no integer: 1.5");
  EXPECT_EQ(message("binary{fn=plus}"), "operator binary: field 'fn' has no value 'plus'");
  EXPECT_EQ(message("softmax{axis=1, axis=2}"), "operator softmax: field 'axis' stands twice");
  EXPECT_EQ(message("softmax{axis=1"), "operator softmax: the fields do not end in }");
}

}  // namespace
}  // namespace ingot
