#include "tensor/dim.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/error.h"

namespace ingot {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();

Dim sym(const char* name) { return Dim::symbol(name); }

Code code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return Code{};
}

TEST(Dim, EqualPolynomialsAreEqualHoweverTheyWereBuilt) {
  const Dim h = sym("h"), w = sym("w");
  EXPECT_EQ((h + w) * (h - w), h * h - w * w);
  EXPECT_EQ(h * w * Dim(2), w + w * h - w + h * w);
  EXPECT_EQ(h - h, Dim(0));
  EXPECT_TRUE((h - h + Dim(3)).is(3));
  EXPECT_NE(h, w);
  EXPECT_EQ((Dim(2) * h + Dim(1)).text(), "1+2*h");
}

TEST(Dim, ConstantsFold) {
  EXPECT_TRUE(Dim::floor_div(Dim(-7), Dim(2)).is(-4));
  EXPECT_TRUE(Dim::ceil_div(Dim(7), Dim(2)).is(4));
  EXPECT_TRUE(Dim::min(Dim(3), Dim(5)).is(3));
  EXPECT_TRUE(Dim::max(Dim(3), Dim(5)).is(5));
  EXPECT_TRUE(Dim::broadcast(Dim(1), Dim(5)).is(5));
  EXPECT_TRUE(Dim::broadcast(Dim(0), Dim(1)).is(0));
  EXPECT_FALSE(sym("n").is_constant());
  EXPECT_EQ(sym("n").symbol_name(), "n");
  EXPECT_EQ((sym("n") * Dim(2)).symbol_name(), "");
}

TEST(Dim, ExactDivisionCancelsFactors) {
  const Dim n = sym("n"), h = sym("h");
  EXPECT_EQ(Dim::floor_div(n * h * Dim(6), h * Dim(2)), n * Dim(3));
  EXPECT_EQ(Dim::floor_div(n * h + h, h), n + Dim(1));
  EXPECT_EQ(Dim::floor_div(n, n), Dim(1));
  EXPECT_EQ(Dim::floor_div(n * Dim(4) + Dim(8), Dim(4)), n + Dim(2));
  EXPECT_EQ(Dim::floor_div(Dim(0) - n, Dim(-1)), n);
  EXPECT_EQ(Dim::floor_div(n * h, h * Dim(-1)), Dim(0) - n);
}

TEST(Dim, DivisionByConstantsIsCanonical) {
  const Dim h = sym("h");
  // A 3x3 convolution of stride 2 and padding 1 halves, rounding up, as ceil_div does.
  EXPECT_EQ(Dim::floor_div(h + Dim(2) - Dim(3), Dim(2)) + Dim(1), Dim::ceil_div(h, Dim(2)));
  EXPECT_EQ(Dim::floor_div(Dim::floor_div(h, Dim(2)), Dim(3)), Dim::floor_div(h, Dim(6)));
  EXPECT_EQ(Dim::ceil_div(Dim::ceil_div(h, Dim(2)), Dim(2)), Dim::ceil_div(h, Dim(4)));
  EXPECT_EQ(Dim::floor_div(h * Dim(2) + Dim(3), Dim(2)), h + Dim(1));
}

TEST(Dim, MinAndMaxOfAKnownDifferenceFold) {
  const Dim h = sym("h");
  EXPECT_EQ(Dim::min(h, h + Dim(1)), h);
  EXPECT_EQ(Dim::max(h, h + Dim(1)), h + Dim(1));
  EXPECT_EQ(Dim::min(h, sym("w")), Dim::min(sym("w"), h));
}

TEST(Dim, BroadcastTakesAConstantAboveOneAsTheResult) {
  EXPECT_TRUE(Dim::broadcast(sym("n"), Dim(5)).is(5));
  EXPECT_EQ(Dim::broadcast(sym("n"), Dim(1)), sym("n"));
  const Dim both = Dim::broadcast(sym("n"), sym("m"));
  EXPECT_EQ(Dim::broadcast(Dim::min(sym("n"), Dim(1024)), sym("n")), sym("n"))
      << "a slice of a table beside what it is cut to";
  EXPECT_EQ(Dim::broadcast(both, sym("n")), both) << "n is in it already";
  EXPECT_EQ(Dim::broadcast(sym("m"), Dim::broadcast(both, sym("k"))), Dim::broadcast(both, sym("k")));
  EXPECT_EQ(both.eval({{"n", 1}, {"m", 4}}), 4);
  EXPECT_EQ(both.eval({{"n", 4}, {"m", 4}}), 4);
  EXPECT_EQ(code_of([&] { both.eval({{"n", 3}, {"m", 4}}); }), Code::kInvalidArgument);
}

TEST(Dim, EvalIsEmptyUntilEverySymbolHasAValue) {
  const Dim d = sym("n") * sym("m") + Dim(1);
  EXPECT_EQ(d.eval({{"n", 2}}), std::nullopt);
  EXPECT_EQ(d.eval({{"n", 2}, {"m", 5}}), 11);
  std::set<std::string> symbols;
  Dim::floor_div(d, sym("k")).collect_symbols(symbols);
  EXPECT_EQ(symbols, (std::set<std::string>{"k", "m", "n"}));
}

TEST(Dim, OverflowAndDivisionByZeroAreErrors) {
  const Dim n = sym("n");
  EXPECT_EQ(code_of([&] { (n * Dim(kMax)) * Dim(2); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { (n * n).eval({{"n", kMax}}); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { Dim::floor_div(Dim(1), Dim(0)); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { Dim::floor_div(Dim(1), n).eval({{"n", 0}}); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { Dim::floor_div(n * Dim(kMin), Dim(-1)); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { Dim::floor_div(n * Dim(kMin), n * Dim(-1)); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { Dim::floor_div(Dim(kMin), Dim(-1)); }), Code::kInvalidArgument);
}

TEST(Dim, HostileExpressionsEndInAnErrorNotInMemory) {
  EXPECT_EQ(code_of([] {
              Dim d(1);
              for (int i = 0; i < 30; ++i) {
                d = d * (sym(("a" + std::to_string(i)).c_str()) + sym(("b" + std::to_string(i)).c_str()));
              }
            }),
            Code::kUnsupported);
  EXPECT_EQ(code_of([] {
              Dim d = sym("n");
              for (int i = 0; i < 1000; ++i) d = Dim::floor_div(d + sym("m"), Dim(2));
            }),
            Code::kUnsupported);
  EXPECT_EQ(code_of([] {
              Dim d = sym("n");
              for (int i = 0; i < 60; ++i) d = Dim::min(d * d, d + sym("m"));
            }),
            Code::kUnsupported);
}

TEST(Dim, SubstitutionSimplifiesAgain) {
  const Dim d = Dim::floor_div(sym("h") + sym("p"), Dim(2)) + Dim::max(sym("h"), sym("p"));
  const Dim result = d.substitute([](const std::string& name) -> std::optional<Dim> {
    if (name == "p") return sym("h");
    return std::nullopt;
  });
  EXPECT_EQ(result, sym("h") * Dim(2));
}

TEST(Dim, NamesOfAnyKindSurviveTheTextForm) {
  for (const std::string name : {"batch", "past_sequence_length + 1", "a*b", "2", "floor(x,2)", "", "%", "[n]", "größe",
                                 "x\n\"", "min", "unk__12", "-1", "3d", "?", "?7"}) {
    const Dim d = Dim::symbol(name) * Dim(3) + Dim(1);
    EXPECT_EQ(Dim::parse(d.text()), d) << name;
    EXPECT_EQ(Dim::parse(Dim::symbol(name).text()).symbol_name(), name);
  }
  EXPECT_NE(Dim::symbol("a*b"), sym("a") * sym("b"));
  EXPECT_EQ(Dim::symbol("a b").text(), "a%20b");
  EXPECT_EQ(Dim::symbol("?0").text(), "?0");
}

TEST(Dim, ParseRefusesWhatIsNoExpression) {
  for (const char* text : {"", "1+", "*2", "floor(2)", "foo(1,2)", "(1", "1)", "2x", "99999999999999999999", "%4",
                           "%zz", "min(1,2", "a b"}) {
    EXPECT_EQ(code_of([&] { Dim::parse(text); }), Code::kInvalidArgument) << text;
  }
  EXPECT_EQ(code_of([&] { Dim::parse(std::string(10000, '(')); }), Code::kInvalidArgument);
}

// A random expression and the same computed on numbers.
struct Random {
  std::mt19937 engine;
  SymbolValues values;

  Dim dim(int depth) {
    const int choice = static_cast<int>(engine() % (depth == 0 ? 2 : 7));
    const char* names[] = {"a", "b", "c"};
    if (choice == 0) return Dim(static_cast<int64_t>(engine() % 9) - 3);
    if (choice == 1) return sym(names[engine() % 3]);
    const Dim x = dim(depth - 1), y = dim(depth - 1);
    switch (choice) {
      case 2: return x + y;
      case 3: return x - y;
      case 4: return x * y;
      case 5: return Dim::min(x, y);
      default: return Dim::floor_div(x, Dim(static_cast<int64_t>(engine() % 5) + 1));
    }
  }
};

TEST(Dim, RandomExpressionsKeepTheirValueThroughTextAndSubstitution) {
  Random random{std::mt19937(7), {}};
  for (int i = 0; i < 3000; ++i) {
    random.values = {{"a", random.engine() % 20 + 1}, {"b", random.engine() % 20 + 1}, {"c", random.engine() % 5 + 1}};
    const Dim d = random.dim(4);
    const auto expected = d.eval(random.values);
    ASSERT_TRUE(expected.has_value());
    EXPECT_EQ(Dim::parse(d.text()), d) << d.text();
    const Dim constant = d.substitute([&](const std::string& name) { return Dim(random.values.at(name)); });
    EXPECT_EQ(constant.constant(), expected) << d.text();
  }
}

TEST(Dim, RandomDivisionsAgreeWithIntegerDivision) {
  Random random{std::mt19937(11), {}};
  for (int i = 0; i < 3000; ++i) {
    random.values = {{"a", random.engine() % 40}, {"b", random.engine() % 40}, {"c", random.engine() % 40}};
    const Dim d = random.dim(3);
    const int64_t divisor = static_cast<int64_t>(random.engine() % 7) + 1;
    const int64_t value = *d.eval(random.values);
    const int64_t expected = value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor);
    EXPECT_EQ(Dim::floor_div(d, Dim(divisor)).eval(random.values), expected) << d.text() << " / " << divisor;
  }
}

TEST(DimShape, ConvertsFromAndToConcreteShapes) {
  const DimShape dims = {sym("n"), Dim(3)};
  EXPECT_EQ(dims_text(dims), "[n,3]");
  EXPECT_EQ(constant_shape(dims), std::nullopt);
  EXPECT_EQ(constant_shape(to_dims({2, 3})), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(product(dims), sym("n") * Dim(3));
  EXPECT_TRUE(product({}).is(1));
}

}  // namespace
}  // namespace ingot
