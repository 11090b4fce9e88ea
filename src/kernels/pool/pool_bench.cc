#include "ops/pool.h"

#include "kernels/families.h"
#include "kernels/kernel_benching.h"

namespace ingot::kernels {
namespace {

void add(PoolFn fn, int64_t size, int64_t channels, int64_t window, int64_t stride, bool channels_last) {
  Pool pool;
  pool.fn = fn;
  pool.kernel = {window, window};
  pool.strides = {stride, stride};
  pool.channels_last = channels_last;
  const int64_t to = (size - window) / stride + 1;
  const Shape x = channels_last ? Shape{1, size, size, channels} : Shape{1, channels, size, size};
  const Shape y = channels_last ? Shape{1, to, to, channels} : Shape{1, channels, to, to};
  const Problem problem{pool, {{DType::kF32, x}}, {{DType::kF32, y}}};
  bench_rows(kPoolFamily, kPoolFamily.text(problem), problem, 0,
             4.0 * static_cast<double>(element_count(x) + element_count(y)));
}

const int kRegistered = [] {
  for (const bool channels_last : {true, false}) {
    add(PoolFn::kMax, 113, 64, 3, 2, channels_last);
    add(PoolFn::kMax, 20, 128, 5, 1, channels_last);
    add(PoolFn::kAverage, 56, 128, 2, 2, channels_last);
    add(PoolFn::kAverage, 7, 2048, 7, 1, channels_last);
  }
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
