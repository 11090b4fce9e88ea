#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/pad.h"
#include "ops/slice.h"

namespace ingot::kernels {
namespace {

void add(const Op& op, const std::vector<Shape>& from, const Shape& to) {
  Problem problem{op, {}, {{DType::kF32, to}}};
  for (const Shape& shape : from) problem.inputs.push_back({DType::kF32, shape});
  bench_rows(kCopyFamily, kCopyFamily.text(problem), problem, 0, 8.0 * static_cast<double>(element_count(to)));
}

const int kRegistered = [] {
  add(Concat{3}, {{1, 28, 28, 64}, {1, 28, 28, 64}}, {1, 28, 28, 128});
  add(Concat{3}, std::vector<Shape>(8, {1, 28, 28, 32}), {1, 28, 28, 256});
  add(Concat{1}, {{1, 64, 28, 28}, {1, 64, 28, 28}}, {1, 128, 28, 28});
  add(Slice{{0}, {64}, {3}, {}}, {{1, 28, 28, 128}}, {1, 28, 28, 64});
  add(Slice{{0}, {224}, {2}, {2}}, {{1, 3, 224, 224}}, {1, 3, 112, 224});
  add(Slice{{0}, {224}, {3}, {2}}, {{1, 3, 224, 224}}, {1, 3, 224, 112});
  add(Expand{{1, 12, 128, 128}}, {{1, 1, 1, 128}}, {1, 12, 128, 128});
  add(Pad{PadMode::kConstant, {0, 0, 1, 1, 0, 0, 1, 1}}, {{1, 64, 56, 56}}, {1, 64, 58, 58});
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
