#include "ops/symbolic_fields.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "ops/op.h"

namespace ingot {
namespace {

TEST(SymbolicFields, ExpressionsBecomeTheirValues) {
  const Op op = parse_op("slice{starts=[n-2], ends=[2*m], axes=[1]}");
  EXPECT_EQ(symbols_of(op), (std::set<std::string>{"m", "n"}));
  EXPECT_EQ(at_sizes(op, {{"n", 7}, {"m", 4}}), parse_op("slice{starts=[5], ends=[8], axes=[1]}"));
}

TEST(SymbolicFields, OperatorsOfNumbersStayAsTheyAre) {
  const Op op = parse_op("softmax{axis=1}");
  EXPECT_TRUE(symbols_of(op).empty());
  EXPECT_EQ(at_sizes(op, {}), op);
}

TEST(SymbolicFields, ASymbolWithoutValueIsAnError) {
  EXPECT_THROW(at_sizes(parse_op("pad{pads=[0,n]}"), {{"m", 1}}), Error);
}

}  // namespace
}  // namespace ingot
