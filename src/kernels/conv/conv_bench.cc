#include "kernels/conv/conv.h"
#include "kernels/families.h"
#include "kernels/kernel_benching.h"

namespace ingot::kernels {
namespace {

void add(int64_t size, int64_t channels, int64_t filters, int64_t kernel, int64_t stride, int64_t pad, int64_t group,
         bool channels_last, int threads = 1) {
  Conv op;
  op.group = group;
  op.strides = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  op.channels_last = channels_last;
  const int64_t out = (size + 2 * pad - kernel) / stride + 1;
  const Shape x = channels_last ? Shape{1, size, size, channels} : Shape{1, channels, size, size};
  const Shape y = channels_last ? Shape{1, out, out, filters} : Shape{1, filters, out, out};
  const Shape w = {filters, channels / group, kernel, kernel};
  const Problem problem{
      op, {{DType::kF32, x}, {DType::kF32, w, true}, {DType::kF32, {filters}, true}}, {{DType::kF32, y}}};
  const auto elements = [](const Shape& shape) { return static_cast<double>(element_count(shape)); };
  bench_rows(kConvFamily, kConvFamily.text(problem) + " t" + std::to_string(threads), problem,
             2 * elements(y) * static_cast<double>(channels / group * kernel * kernel),
             4 * (elements(x) + elements(w) + elements(y)), threads);
}

const int kRegistered = [] {
  for (const bool last : {true, false}) {
    add(224, 3, 64, 7, 2, 3, 1, last);
    add(56, 64, 64, 1, 1, 0, 1, last);
    add(56, 64, 256, 1, 1, 0, 1, last);
    add(28, 512, 128, 1, 1, 0, 1, last);
    add(14, 256, 1024, 1, 1, 0, 1, last);
    add(7, 512, 2048, 1, 1, 0, 1, last);
    add(56, 256, 512, 1, 2, 0, 1, last);
    add(56, 64, 64, 3, 1, 1, 1, last);
    add(28, 128, 128, 3, 1, 1, 1, last);
    add(14, 256, 256, 3, 1, 1, 1, last);
    add(7, 512, 512, 3, 1, 1, 1, last);
    add(56, 128, 128, 3, 2, 1, 1, last);
    add(112, 16, 16, 3, 1, 1, 1, last);
    add(14, 256, 256, 3, 1, 1, 8, last);
  }
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
