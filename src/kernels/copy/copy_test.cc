#include "kernels/copy/copy.h"

#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/gather_elements.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/scatter_elements.h"
#include "ops/slice.h"
#include "ops/squeeze.h"
#include "ops/tile.h"

namespace ingot::kernels {
namespace {

constexpr DType kTypes[] = {DType::kU8, DType::kBF16, DType::kF32, DType::kI64};

Tensor counted(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) write_int(tensor, i, 1 + i % 120);
  return tensor;
}
DimShape dims(const std::vector<int64_t>& sizes) { return {sizes.begin(), sizes.end()}; }
void check(const Op& op, const std::vector<Tensor>& inputs) { expect_rows_match(kCopyFamily, {op, inputs}, {}); }

TEST(CopyKernels, JoinAlongAnyAxis) {
  for (const DType dtype : kTypes) {
    check(Concat{0}, {counted(dtype, {3, 4}), counted(dtype, {1, 4}), counted(dtype, {0, 4})});
    check(Concat{1}, {counted(dtype, {3, 4}), counted(dtype, {3, 1}), counted(dtype, {3, 2})});
    check(Concat{-1}, {counted(dtype, {2, 3, 1}), counted(dtype, {2, 3, 1})});
    check(Concat{1}, {counted(dtype, {2, 30, 50, 7}), counted(dtype, {2, 80, 50, 7})});
  }
  check(Concat{0}, {counted(DType::kF32, {5})});
}

// Pieces of every width that has code of its own, rows longer than a task, and tasks that end between rows.
TEST(CopyKernels, JoinAndSliceRowsOfAnyWidth) {
  for (const int64_t width : {1, 2, 4, 8, 15, 16, 17, 32, 33, 64, 100, 128, 256, 511, 512, 513, 20000}) {
    for (const int64_t rows : {1, 3, 200}) {
      const Tensor a = counted(DType::kU8, {rows, width}), b = counted(DType::kU8, {rows, 31});
      check(Concat{1}, {a, b, a});
      check(Slice{dims({1}), dims({1 + width}), {1}, {}}, {counted(DType::kU8, {rows, width + 2})});
    }
  }
  check(Concat{1}, {counted(DType::kF32, {9, 70, 64}), counted(DType::kF32, {9, 1, 64})});
}

TEST(CopyKernels, SliceWithFieldsOfEverySign) {
  const auto slice = [](std::vector<int64_t> starts, std::vector<int64_t> ends, std::vector<int64_t> axes,
                        std::vector<int64_t> steps) {
    return Slice{dims(starts), dims(ends), axes, steps};
  };
  for (const DType dtype : kTypes) {
    const Tensor x = counted(dtype, {5, 6, 7});
    check(slice({1, 0, 2}, {4, 6, 7}, {}, {}), {x});
    check(slice({-3}, {INT64_MAX}, {1}, {}), {x});
    check(slice({0, 1}, {7, 6}, {2, 1}, {2, 3}), {x});
    check(slice({-1}, {INT64_MIN}, {2}, {-1}), {x});
    check(slice({-1, 4}, {-100, 0}, {1, 0}, {-2, -1}), {x});
    check(slice({3}, {3}, {1}, {}), {x});
    check(slice({100}, {200}, {1}, {}), {x});
    check(slice({0}, {1}, {0}, {INT64_MAX}), {x});
    check(slice({}, {}, {}, {}), {x});
  }
  check(slice({0}, {3}, {0}, {}), {counted(DType::kF32, {0, 4})});
}

TEST(CopyKernels, SliceWithBoundsFromInputs) {
  const Tensor x = counted(DType::kF32, {5, 6, 7});
  const auto ints = [](std::vector<int64_t> values) {
    return Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values);
  };
  check(Slice{}, {x, ints({1, 2}), ints({4, 6})});
  check(Slice{}, {x, ints({1, 2}), ints({4, 6}), ints({2, 0})});
  check(Slice{}, {x, ints({-1}), ints({-9}), ints({-1}), ints({-2})});
  check(Slice{}, {x, Tensor::of<int32_t>({1}, {1}), Tensor::of<int32_t>({1}, {4})});
}

TEST(CopyKernels, SliceReportsBoundsThatDontFit) {
  const Problem problem{Slice{}, {{DType::kF32, {8}}, {DType::kI64, {1}}, {DType::kI64, {1}}}, {{DType::kF32, {4}}}};
  const auto bound = kCopyFamily.rows[0].bind(problem, this_machine(1));
  const Tensor x = counted(DType::kF32, {8});
  Tensor y(DType::kF32, {4});
  const int64_t start = 6, end = 10;
  const void* inputs[] = {x.raw(), &start, &end};
  void* outputs[] = {y.mutable_raw()};
  std::atomic<const char*> error = nullptr;
  bound->run({inputs, outputs, nullptr, Parallel{}, &error});
  EXPECT_NE(error.load(), nullptr);
}

TEST(CopyKernels, GatherRowsAndElements) {
  for (const DType dtype : kTypes) {
    for (const int64_t axis : {0, 1, -1}) {
      const Tensor x = counted(dtype, {6, 5, 7});
      check(Gather{axis}, {x, Tensor::of<int64_t>({2, 3}, {0, -1, 2, 4, -5, 1})});
      check(Gather{axis}, {x, Tensor::of<int32_t>({}, {3})});
      check(Gather{axis}, {x, Tensor(DType::kI64, {0})});
    }
  }
  check(Gather{0}, {counted(DType::kF32, {1000, 64}), Tensor::of<int64_t>({700}, std::vector<int64_t>(700, 999))});
  check(Gather{1}, {counted(DType::kF32, {0, 4}), Tensor::of<int64_t>({2}, {1, 2})});
}

TEST(CopyKernels, GatherReportsIndicesOutsideTheAxis) {
  const Tensor x = counted(DType::kF32, {4, 3});
  for (const int64_t index : {int64_t{4}, int64_t{-5}, INT64_MIN, INT64_MAX}) {
    const Problem problem{Gather{0}, {{DType::kF32, {4, 3}}, {DType::kI64, {1}}}, {{DType::kF32, {1, 3}}}};
    const auto bound = kCopyFamily.rows[0].bind(problem, this_machine(1));
    Tensor y(DType::kF32, {1, 3});
    const void* inputs[] = {x.raw(), &index};
    void* outputs[] = {y.mutable_raw()};
    std::atomic<const char*> error = nullptr;
    bound->run({inputs, outputs, nullptr, Parallel{}, &error});
    EXPECT_NE(error.load(), nullptr) << index;
  }
}

TEST(CopyKernels, GatherElementsAlongAnyAxis) {
  for (const DType dtype : kTypes) {
    for (const int64_t axis : {0, 1, -1}) {
      const Tensor x = counted(dtype, {4, 3, 5});
      check(GatherElements{axis}, {x, Tensor::of<int64_t>({2, 3, 2}, {0, -1, 2, 1, -3, 1, 0, 2, 1, 1, 2, -2})});
      check(GatherElements{axis}, {x, Tensor::of<int32_t>({1, 1, 1}, {2})});
      check(GatherElements{axis}, {x, Tensor(DType::kI64, {0, 3, 5})});
    }
  }
  check(GatherElements{0}, {counted(DType::kF32, {7}), Tensor::of<int64_t>({9}, {0, 6, 5, 4, -1, -7, 2, 2, 1})});
  check(GatherElements{2},
        {counted(DType::kF32, {1, 300, 4}), Tensor::of<int64_t>({1, 300, 70}, std::vector<int64_t>(300 * 70, -2))});
}

TEST(CopyKernels, ScatterElementsAlongAnyAxisTheLastOfOnePlaceCounts) {
  const Tensor places = Tensor::of<int64_t>({2, 3, 2}, {0, -1, 2, 1, -3, 1, 0, 2, 1, 1, 2, -2});
  for (const DType dtype : kTypes) {
    for (const int64_t axis : {0, 1, -1}) {
      const Tensor x = counted(dtype, {4, 3, 5});
      check(ScatterElements{axis}, {x, places, counted(dtype, {2, 3, 2})});
      check(ScatterElements{axis}, {x, Tensor::of<int32_t>({1, 1, 1}, {2}), counted(dtype, {1, 1, 1})});
      check(ScatterElements{axis}, {x, Tensor(DType::kI64, {0, 3, 5}), counted(dtype, {0, 3, 5})});
    }
  }
  check(ScatterElements{0},
        {counted(DType::kF32, {5}), Tensor::of<int64_t>({9}, {0, 4, 0, 0, -1, 2, 2, 1, 1}), counted(DType::kF32, {9})});
  const Problem sums{ScatterElements{0, ScatterReduction::kAdd},
                     {{DType::kF32, {5}}, {DType::kI64, {9}}, {DType::kF32, {9}}},
                     {{DType::kF32, {5}}}};
  EXPECT_STREQ(kCopyFamily.rows[0].refuse(sums), "updates that are combined with what is there");
}

TEST(CopyKernels, GatherElementsReportsIndicesOutsideTheAxis) {
  const Tensor x = counted(DType::kF32, {2, 3});
  for (const int64_t index : {int64_t{3}, int64_t{-4}, INT64_MIN, INT64_MAX}) {
    const Problem problem{GatherElements{1}, {{DType::kF32, {2, 3}}, {DType::kI64, {1, 1}}}, {{DType::kF32, {1, 1}}}};
    const auto bound = kCopyFamily.rows[0].bind(problem, this_machine(1));
    Tensor y(DType::kF32, {1, 1});
    const void* inputs[] = {x.raw(), &index};
    void* outputs[] = {y.mutable_raw()};
    std::atomic<const char*> error = nullptr;
    bound->run({inputs, outputs, nullptr, Parallel{}, &error});
    EXPECT_NE(error.load(), nullptr) << index;
  }
}

TEST(CopyKernels, ExpandLikeNumPy) {
  for (const DType dtype : kTypes) {
    check(Expand{dims({4, 3, 5})}, {counted(dtype, {3, 1})});
    check(Expand{dims({2, 3})}, {counted(dtype, {})});
    check(Expand{dims({1, 1})}, {counted(dtype, {4, 1, 3})});
    check(Expand{dims({6, 1, 300, 4})}, {counted(dtype, {1, 300, 1})});
    check(Expand{dims({0, 3})}, {counted(dtype, {1, 3})});
  }
  check(Expand{}, {counted(DType::kF32, {3, 1}), Tensor::of<int64_t>({2}, {3, 7})});
}

TEST(CopyKernels, RepeatTiles) {
  for (const DType dtype : kTypes) {
    check(Tile{dims({2, 3})}, {counted(dtype, {3, 2})});
    check(Tile{dims({1, 4, 1})}, {counted(dtype, {2, 1, 30})});
    check(Tile{dims({0, 2})}, {counted(dtype, {3, 2})});
  }
  check(Tile{}, {counted(DType::kF32, {3, 1}), Tensor::of<int64_t>({2}, {3, 7})});
}

TEST(CopyKernels, PadInEveryMode) {
  for (const DType dtype : kTypes) {
    for (const PadMode mode : {PadMode::kConstant, PadMode::kReflect, PadMode::kEdge, PadMode::kWrap}) {
      const Tensor x = counted(dtype, {2, 5, 6, 3});
      check(Pad{mode, dims({0, 1, 2, 0, 0, 3, 1, 0})}, {x});
      check(Pad{mode, dims({0, 0, 0, 2, 0, 0, 0, 1})}, {x});
      check(Pad{mode, dims({1, 0, 0, 0, 0, 0, 0, 0})}, {x});
      check(Pad{mode, dims({0, -1, -2, 1, 0, 1, -1, -1})}, {x});
      check(Pad{mode, dims({0, 0, 0, 0, 0, 0, 0, 0})}, {x});
    }
    Tensor value(dtype, {});
    write_int(value, 0, 77);
    check(Pad{PadMode::kConstant, dims({2, 0, 0, 1})}, {counted(dtype, {3, 4}), Tensor(), value});
  }
  check(Pad{PadMode::kConstant, dims({2, 1})}, {counted(DType::kF32, {0})});
}

TEST(CopyKernels, ReshapeCopiesOrSharesMemory) {
  check(Reshape{dims({6, 2})}, {counted(DType::kF32, {3, 4})});
  check(Reshape{}, {counted(DType::kU8, {3, 400, 500}), Tensor::of<int64_t>({2}, {-1, 10})});
  check(Squeeze{{1}}, {counted(DType::kI64, {3, 1, 4})});
  check(Unsqueeze{{0, 2}}, {counted(DType::kBF16, {3, 4})});
  const Problem problem{Reshape{}, {{DType::kF32, {4}}}, {{DType::kF32, {2, 2}}}};
  EXPECT_TRUE(kCopyFamily.rows[0].in_place(problem, 0));
}

}  // namespace
}  // namespace ingot::kernels
