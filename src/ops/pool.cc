#include "ops/pool.h"

#include <cmath>
#include <limits>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

std::vector<WindowAxis> axes_of(const Pool& pool) {
  if (pool.kernel.empty()) fail(Code::kInvalidArgument, "pooling needs a kernel size per spatial axis");
  return window_axes(to_dims(pool.kernel), pool.strides, pool.dilations, pool.pads, pool.auto_pad);
}

// Running result of one window.
struct Window {
  double value = 0;
  int64_t best = -1;      // flat spatial index of the maximum
  int64_t inside = 0;     // positions inside the data
  int64_t in_padded = 0;  // positions inside data or declared padding
};

class Pooling {
 public:
  Pooling(const Pool& pool, const Shape& spatial)
      : pool_(pool), ranges_(window_ranges(spatial, axes_of(pool), pool.auto_pad, pool.ceil_mode)) {
    strides_ = row_major_strides(spatial);
  }
  const std::vector<WindowRange>& ranges() const { return ranges_; }

  Window run(const double* x, const Shape& output) const {
    Window window;
    if (pool_.fn == PoolFn::kMax) window.value = -std::numeric_limits<double>::infinity();
    scan(x, output, 0, 0, true, window);
    return window;
  }

 private:
  void scan(const double* x, const Shape& output, size_t axis, int64_t offset, bool inside, Window& window) const {
    if (axis == ranges_.size()) {
      ++window.in_padded;
      if (inside) add(x[offset], offset, window);
      return;
    }
    const WindowRange& range = ranges_[axis];
    for (int64_t k = 0; k < range.kernel; ++k) {
      const int64_t position = range.start(output[axis]) + k * range.dilation;
      if (position >= range.size + range.pad_end) break;
      const bool here = position >= 0 && position < range.size;
      if (!here && !pool_.count_include_pad) continue;
      scan(x, output, axis + 1, offset + position * strides_[axis], inside && here, window);
    }
  }

  void add(double value, int64_t offset, Window& window) const {
    ++window.inside;
    switch (pool_.fn) {
      case PoolFn::kMax:
        if (window.best < 0 || value > window.value || (std::isnan(value) && !std::isnan(window.value))) {
          window.value = value;
          window.best = offset;
        }
        break;
      case PoolFn::kAverage: window.value += value; break;
      case PoolFn::kLp: window.value += std::pow(std::fabs(value), pool_.p); break;
    }
  }

  const Pool& pool_;
  std::vector<WindowRange> ranges_;
  Shape strides_;
};

double finish(const Pool& pool, const Window& window) {
  switch (pool.fn) {
    case PoolFn::kMax: return window.value;
    case PoolFn::kAverage:
      return window.value / static_cast<double>(pool.count_include_pad ? window.in_padded : window.inside);
    case PoolFn::kLp: return std::pow(window.value, 1 / pool.p);
  }
  return 0;
}

// Flat spatial index in row-major order -> the same position in column-major order.
int64_t column_major_index(int64_t index, const Shape& spatial) {
  int64_t result = 0;
  Shape position(spatial.size());
  for (size_t axis = spatial.size(); axis-- > 0;) {
    position[axis] = index % spatial[axis];
    index /= spatial[axis];
  }
  for (size_t axis = spatial.size(); axis-- > 0;) result = result * spatial[axis] + position[axis];
  return result;
}

}  // namespace

static void infer(const Pool& pool, InferContext& context) {
  const Fact& x = context.input(0);
  const auto axes = axes_of(pool);
  const size_t rank = axes.size() + 2;
  context.require(is_float(x.dtype()) || (pool.fn == PoolFn::kMax && is_int(x.dtype())), "pooling of {} elements",
                  dtype_name(x.dtype()));
  context.require(!x.has_rank() || x.shape->size() == rank, "pooling over {} axes of {}", axes.size(), x.text());
  context.require(pool.p > 0, "pooling with p = {}", pool.p);
  DimShape shape = x.has_rank() ? *x.shape : context.fresh_shape(rank);
  const size_t spatial = pool.channels_last ? 1 : 2;
  for (size_t i = 0; x.has_rank() && i < axes.size(); ++i) {
    shape[spatial + i] = window_output_size(shape[spatial + i], axes[i], pool.auto_pad, pool.ceil_mode);
  }
  context.set_output(0, x.dtype(), shape);
  if (pool.with_indices) context.set_output(1, DType::kI64, shape);
}

static void eval(const Pool& pool, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 3) fail(Code::kInvalidArgument, "pooling takes data of rank 3 or more, got {}", x.type_text());
  std::vector<double> data = to_doubles(x);
  if (pool.channels_last) data = to_channels_first(data, x.shape());
  Shape shape = pool.channels_last ? channels_first_shape(x.shape()) : x.shape();
  const Shape spatial(shape.begin() + 2, shape.end());
  const Pooling pooling(pool, spatial);
  const Shape outputs = output_sizes(pooling.ranges());
  const int64_t planes = shape[0] * shape[1], in_size = element_count(spatial), out_size = element_count(outputs);
  std::vector<double> y(static_cast<size_t>(planes * out_size)), indices(pool.with_indices ? y.size() : 0);
  for (int64_t plane = 0; plane < planes; ++plane) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    StridedWalk<1> walk(outputs, {row_major_strides(outputs)});
    for (int64_t o = 0; o < out_size; ++o, walk.next()) {
      const Window window = pooling.run(data.data() + plane * in_size, walk.index());
      const auto index = static_cast<size_t>(plane * out_size + o);
      y[index] = finish(pool, window);
      if (!pool.with_indices) continue;
      const int64_t best =
          pool.column_major && window.best >= 0 ? column_major_index(window.best, spatial) : window.best;
      indices[index] = static_cast<double>(plane * in_size + best);
    }
  }
  std::copy(outputs.begin(), outputs.end(), shape.begin() + 2);
  if (pool.channels_last) {
    y = to_channels_last(y, shape);
    indices = to_channels_last(indices, shape);
    shape = channels_last_shape(shape);
  }
  write_doubles(context.output(0, x.dtype(), shape), y);
  if (pool.with_indices) write_doubles(context.output(1, DType::kI64, shape), indices);
}

const OpDef Pool::def =
    define_op<Pool, infer, eval>({"pool", "maximum, average or p-norm of each window", 1, 1, -1, kNoTraits, {2, 1}});

}  // namespace ingot
