#include "ops/pool.h"

#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(19);

struct Window {
  std::vector<int64_t> kernel, strides, dilations, pads;
  bool ceil_mode = false;
};

void check(const Window& window, const Shape& spatial, int64_t channels, DType dtype = DType::kF32,
           AutoPad auto_pad = AutoPad::kNone) {
  for (const PoolFn fn : {PoolFn::kMax, PoolFn::kAverage}) {
    for (const bool last : {false, true}) {
      for (const bool include : {false, true}) {
        if (fn == PoolFn::kMax && include) continue;
        Pool pool;
        pool.fn = fn;
        pool.kernel = window.kernel;
        pool.strides = window.strides;
        pool.dilations = window.dilations;
        pool.pads = window.pads;
        pool.auto_pad = auto_pad;
        pool.ceil_mode = window.ceil_mode;
        pool.count_include_pad = include;
        pool.channels_last = last;
        Shape shape = {2};
        if (!last) shape.push_back(channels);
        shape.insert(shape.end(), spatial.begin(), spatial.end());
        if (last) shape.push_back(channels);
        const Tensor x = convert(random_tensor(random_numbers, shape, -2, 3), dtype);
        const double rounding = dtype == DType::kF32 ? 2e-6 : dtype == DType::kF16 ? 2e-3 : 1.6e-2;
        expect_rows_match(kPoolFamily, {pool, {x}},
                          fn == PoolFn::kMax ? Tolerance{} : Tolerance{rounding, rounding, 0});
      }
    }
  }
}

TEST(PoolKernel, PoolsWindowsOfEveryKind) {
  for (const int64_t channels : {1, 3, 16, 37, 64, 100}) {
    check({{3, 3}, {2, 2}, {}, {1, 1, 1, 1}}, {11, 14}, channels);
    check({{2, 2}, {2, 2}, {}, {}}, {9, 8}, channels);
    check({{2, 3}, {1, 2}, {}, {0, 1, 1, 2}}, {7, 9}, channels);
  }
  check({{3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}}, {9, 13}, 20);
  check({{3, 3}, {1, 1}, {}, {1, 1, 1, 1}}, {5, 43}, 3);
  check({{3, 3}, {2, 2}, {}, {1, 1, 1, 1}, true}, {10, 12}, 20);
  check({{5, 5}, {3, 3}, {}, {2, 2, 2, 2}, true}, {12, 11}, 5);
  check({{7, 9}, {}, {}, {}}, {7, 9}, 33);
  check({{2, 2}, {3, 3}, {}, {}}, {10, 10}, 4);
}

TEST(PoolKernel, PoolsOneAxisAndLongRows) {
  check({{3}, {2}, {}, {1, 1}}, {50}, 9);
  check({{5}, {1}, {3}, {6, 6}}, {40}, 9);
  check({{1, 3}, {1, 2}, {}, {0, 1, 0, 1}}, {2, 2600}, 2);
  check({{2, 1500}, {1, 1}, {}, {}}, {3, 1510}, 1);
  check({{1, 3}, {1, 1}, {1, 1100}, {}}, {1, 2300}, 1);
}

TEST(PoolKernel, PadsAutomatically) {
  for (const AutoPad pad : {AutoPad::kSameUpper, AutoPad::kSameLower}) {
    check({{3, 2}, {2, 2}, {}, {}}, {8, 9}, 20, DType::kF32, pad);
  }
}

TEST(PoolKernel, ComputesInHalfPrecisionTypes) {
  for (const DType dtype : {DType::kF16, DType::kBF16}) check({{3, 3}, {2, 2}, {}, {1, 1, 1, 1}}, {9, 9}, 21, dtype);
}

TEST(PoolKernel, LetsNanWin) {
  for (const bool last : {false, true}) {
    Pool pool;
    pool.kernel = {3, 3};
    pool.channels_last = last;
    Tensor x = random_tensor(random_numbers, {1, 6, 6, 6});
    for (const int64_t at : {7, 50, 100, 215}) x.mutable_data<float>()[at] = NAN;
    expect_rows_match(kPoolFamily, {pool, {x}}, {});
  }
}

TEST(PoolKernel, RefusesIndicesAndNorms) {
  Pool indices, norm;
  indices.kernel = norm.kernel = {2, 2};
  indices.with_indices = true;
  norm.fn = PoolFn::kLp;
  for (const Pool& pool : {indices, norm}) {
    const Problem problem{pool, {{DType::kF32, {1, 2, 4, 4}}}, {{DType::kF32, {1, 2, 3, 3}}}};
    for (const Row& row : kPoolFamily.rows) EXPECT_NE(row.refuse(problem), nullptr) << row.name;
  }
}

}  // namespace
}  // namespace ingot::kernels
