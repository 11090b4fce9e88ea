#include "kernels/reduce/reduce.h"

#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/arg_reduce.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(17);
Tensor random_of(const Shape& shape, DType dtype = DType::kF32, float low = -2, float high = 3) {
  return convert(random_tensor(random_numbers, shape, low, high), dtype);
}
constexpr ReduceFn kFns[] = {ReduceFn::kSum, ReduceFn::kMean, ReduceFn::kProd,      ReduceFn::kMin,   ReduceFn::kMax,
                             ReduceFn::kL1,  ReduceFn::kL2,   ReduceFn::kSumSquare, ReduceFn::kLogSum};

Tensor input_of(ReduceFn fn, const Shape& shape, DType dtype = DType::kF32) {
  // Products stay within range, logarithms defined.
  if (fn == ReduceFn::kProd) return random_of(shape, dtype, 0.99f, 1.01f);
  return random_of(shape, dtype, fn == ReduceFn::kLogSum ? 0.5f : -2.0f, 3);
}

TEST(ReduceKernel, ReducesAnyAxes) {
  const std::vector<std::pair<Shape, std::vector<int64_t>>> cases = {
      {{7, 100}, {1}},
      {{100, 7}, {0}},
      {{3, 50, 70}, {1}},
      {{2, 64, 7, 7}, {2, 3}},
      {{2, 7, 7, 64}, {1, 2}},
      {{4, 5, 6, 7}, {0, 2}},
      {{4, 5, 6, 7}, {1, 3}},
      {{4, 5, 6}, {}},
      {{5}, {0}},
      {{1, 1, 9}, {1}},
      {{3, 1, 4}, {0, 2}},
      {{}, {}},
      {{5, 300}, {-2}},
      {{33, 17, 3, 5, 2}, {0, 2, 4}},
  };
  for (const ReduceFn fn : kFns) {
    for (const auto& [shape, axes] : cases) {
      const Tensor x = input_of(fn, shape);
      const bool extreme = fn == ReduceFn::kMin || fn == ReduceFn::kMax;
      // A sum of opposite signs loses digits in proportion to its addends.
      const double addends = static_cast<double>(x.count());
      const Tolerance tolerance =
          extreme ? Tolerance{} : Tolerance{4e-6, fn == ReduceFn::kProd ? 1e-5 : 3e-7 * addends, 0};
      for (const bool keep : {false, true}) {
        expect_rows_match(kReduceFamily, {Reduce{fn, axes, keep, false}, {x}}, tolerance);
      }
    }
  }
}

TEST(ReduceKernel, SumsLongAxesAccurately) {
  const Tolerance tolerance = {2e-6, 0, 0};
  for (const auto& [shape, axes] : std::vector<std::pair<Shape, std::vector<int64_t>>>{
           {{100000}, {0}}, {{3, 50021}, {1}}, {{50000, 3}, {0}}, {{2, 3000, 40}, {0, 1}}, {{1000, 300}, {0}}}) {
    const Tensor x = random_of(shape, DType::kF32, 0, 1);
    expect_rows_match(kReduceFamily, {Reduce{ReduceFn::kSum, axes}, {x}}, tolerance);
    expect_rows_match(kReduceFamily, {Reduce{ReduceFn::kMean, axes}, {x}}, tolerance);
    expect_rows_match(kReduceFamily, {Reduce{ReduceFn::kMax, axes}, {x}}, {});
  }
}

TEST(ReduceKernel, ReducesNothingAndOfNothing) {
  for (const ReduceFn fn : kFns) {
    expect_rows_match(kReduceFamily, {Reduce{fn, {}, true, true}, {input_of(fn, {3, 40})}}, {2e-6, 0, 0});
    expect_rows_match(kReduceFamily, {Reduce{fn, {1}}, {Tensor(DType::kF32, {0, 4})}}, {});
    expect_rows_match(kReduceFamily, {Reduce{fn, {0}}, {Tensor(DType::kF32, {0, 4})}}, {});
    expect_rows_match(kReduceFamily, {Reduce{fn, {1}}, {Tensor(DType::kF32, {20, 0})}}, {});
  }
}

TEST(ReduceKernel, LetsNanWin) {
  for (const ReduceFn fn : {ReduceFn::kMin, ReduceFn::kMax, ReduceFn::kSum}) {
    for (const int64_t at : {0, 5, 99, 100}) {
      Tensor x = random_of({101, 3});
      x.mutable_data<float>()[at * 3 + 1] = NAN;
      expect_rows_match(kReduceFamily, {Reduce{fn, {0}}, {x}}, {2e-6, 1e-5, 0});
      expect_rows_match(kReduceFamily, {Reduce{fn, {0, 1}}, {x}}, {2e-6, 1e-5, 0});
    }
  }
}

TEST(ReduceKernel, ReducesOtherTypes) {
  for (const DType dtype : {DType::kI32, DType::kI64, DType::kF64, DType::kF16, DType::kBF16}) {
    for (const ReduceFn fn : kFns) {
      const bool leaves = fn == ReduceFn::kMean || fn == ReduceFn::kL2 || fn == ReduceFn::kLogSum;
      if (is_int(dtype) && leaves) continue;
      const Tolerance tolerance = {dtype_bits(dtype) == 16 ? 8e-3 : 1e-13, dtype_bits(dtype) == 16 ? 1e-3 : 1e-13, 0};
      for (const std::vector<int64_t>& axes : {std::vector<int64_t>{1}, std::vector<int64_t>{0, 2}}) {
        expect_rows_match(kReduceFamily, {Reduce{fn, axes}, {input_of(fn, {4, 20, 7}, dtype)}}, tolerance);
      }
    }
  }
}

TEST(ReduceKernel, FindsPositionsOfExtremes) {
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kI32, DType::kI64, DType::kU8}) {
    for (const ArgFn fn : {ArgFn::kMax, ArgFn::kMin}) {
      for (const bool last : {false, true}) {
        for (const int64_t axis : {0, 1, 2}) {
          const Tensor x = random_of({5, 9, 130}, dtype, 0, 5);  // integers with many equals
          expect_rows_match(kReduceFamily, {ArgReduce{fn, axis, false, last}, {x}}, {});
        }
      }
    }
  }
  const Tensor x = Tensor::of<float>({6}, {1, NAN, 3, NAN, INFINITY, 0});
  expect_rows_match(kReduceFamily, {ArgReduce{ArgFn::kMax, 0, true, false}, {x}}, {});
  expect_rows_match(kReduceFamily, {ArgReduce{ArgFn::kMin, 0, true, true}, {x}}, {});
}

}  // namespace
}  // namespace ingot::kernels
