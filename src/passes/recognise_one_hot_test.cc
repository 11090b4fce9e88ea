// Products with one-hot matrices.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

Rewritten picked(const std::string& lines, const std::string& range = "{0, 1, 2, 3}") {
  return rewrite(recognise_one_hot(), R"(graph g(%x: i32[n,5,1], %a: f32[n,5,4]) {
    %few: i32[6,1] = const {-7, -1, 0, 3, 4, 9}
    %range: i32[1,4] = const )" + range +
                                          R"(
    %w: f32[4,3] = const random(1)
    %open: f32[4,3] = const {1, 2, inf, 4, 5, 6, 7, 8, 9, 10, 11, 12}
    %b: f32[3] = const random(2)
    )" + lines + "\n return %y\n}");
}

TEST(RecogniseOneHot, TheProductPicksRowsAndZerosOutside) {
  for (const char* indices : {"%x", "%few"}) {
    for (const char* operands : {"(%range, ", "("}) {
      const bool first = operands[1] != '\0';
      const std::string equal = std::string("%e = binary{fn=equal}") + operands + indices + (first ? ")" : ", %range)");
      for (const char* product : {"%y = matmul(%o, %w)", "%y = matmul(%o, %w, %b)"}) {
        const auto result = picked(equal + "\n %o = cast{to=f32}(%e)\n " + product);
        EXPECT_NE(result.ops().find("gather"), std::string::npos) << result.text();
        EXPECT_EQ(result.ops().find("matmul"), std::string::npos) << result.text();
        expect_same_numbers(result, 0);
      }
    }
  }
}

TEST(RecogniseOneHot, ComparisonsWithOtherNumbersStayProducts) {
  const char* lines = "%e = binary{fn=equal}(%x, %range)\n %o = cast{to=f32}(%e)\n %y = matmul(%o, %w)";
  EXPECT_EQ(picked(lines, "{0, 1, 3, 2}").patches(), 0);
  EXPECT_EQ(picked(lines, "{1, 2, 3, 4}").patches(), 0);
  EXPECT_EQ(picked("%y = matmul(%a, %w)").patches(), 0);
}

TEST(RecogniseOneHot, RowsThatAreNotFiniteStay) {
  const auto result = picked("%e = binary{fn=equal}(%x, %range)\n %o = cast{to=f32}(%e)\n %y = matmul(%o, %open)");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the product of zero and a row that is not finite is no zero");
}

}  // namespace
}  // namespace ingot::passes
