#include "ops/grid_sample.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/interpolate.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Mirrors `x` at both borders until it lies between them.
double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0 || std::isinf(x)) return low;
  const double distance = x < low ? low - x : x > high ? x - high : 0;
  if (distance == 0) return x;
  const double times = std::floor(distance / range), rest = distance - times * range;
  const bool even = std::fmod(times, 2) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

class Sampler {
 public:
  Sampler(const GridSample& fields, Shape sizes) : fields_(fields), sizes_(std::move(sizes)) {}

  // `position`: in elements, one per axis.
  double run(const double* plane, std::span<const double> position) const { return read(plane, position, 0, 0); }

  // A grid coordinate in elements, moved inside as the padding says.
  template <class Real> double to_position(Real coordinate, size_t axis) const {
    const auto length = static_cast<Real>(sizes_[axis]);
    if (std::isnan(coordinate)) coordinate = -1;
    double x = fields_.align_corners ? static_cast<double>((coordinate + 1) / 2 * (length - 1))
                                     : static_cast<double>(((coordinate + 1) * length - 1) / 2);
    if (fields_.mode == SampleMode::kNearest) x = std::nearbyint(x);
    if (x < low(axis) || x > high(axis)) {
      const bool moves = fields_.mode != SampleMode::kCubic;  // a cubic's taps are clamped one by one
      if (fields_.padding == SamplePadding::kBorder && moves)
        x = std::clamp(x, 0.0, static_cast<double>(sizes_[axis] - 1));
      if (fields_.padding == SamplePadding::kReflection) x = reflect(x, low(axis), high(axis));
    }
    // Farther out everything reads the same; keeps the conversion to integers defined.
    return std::clamp(x, -8.0, static_cast<double>(sizes_[axis]) + 8);
  }

 private:
  double low(size_t) const { return fields_.align_corners ? 0 : -0.5; }
  double high(size_t axis) const { return static_cast<double>(sizes_[axis]) - (fields_.align_corners ? 1 : 0.5); }

  // The element that stands at `index`; -1 for zero.
  int64_t place(int64_t index, size_t axis) const {
    const int64_t size = sizes_[axis];
    if (index >= 0 && index < size) return index;
    switch (fields_.padding) {
      case SamplePadding::kZeros: return -1;
      case SamplePadding::kBorder: return std::clamp<int64_t>(index, 0, size - 1);
      case SamplePadding::kReflection: break;
    }
    const auto mirrored = static_cast<int64_t>(reflect(static_cast<double>(index), low(axis), high(axis)));
    return std::clamp<int64_t>(mirrored, 0, size - 1);
  }

  double read(const double* plane, std::span<const double> position, size_t axis, int64_t offset) const {
    if (axis == sizes_.size()) return plane[offset];
    const auto tap = [&](int64_t index) {
      const int64_t at = place(index, axis);
      return at < 0 ? 0 : read(plane, position, axis + 1, offset * sizes_[axis] + at);
    };
    const double x = position[axis], floor = std::floor(x), fraction = x - floor;
    const auto base = static_cast<int64_t>(floor);
    if (fields_.mode == SampleMode::kNearest) return tap(static_cast<int64_t>(x));
    if (fields_.mode == SampleMode::kLinear) return (1 - fraction) * tap(base) + fraction * tap(base + 1);
    const auto weights = cubic_weights(fraction, -0.75);
    double sum = 0;
    for (int64_t i = 0; i < 4; ++i) sum += weights[static_cast<size_t>(i)] * tap(base - 1 + i);
    return sum;
  }

  const GridSample& fields_;
  Shape sizes_;
};

}  // namespace

static void infer(const GridSample&, InferContext& context) {
  const Fact &x = context.input(0), &grid = context.input(1);
  context.require(is_float(grid.dtype()), "the grid of grid_sample has type {}", dtype_name(grid.dtype()));
  context.require(!x.has_rank() || x.rank() >= 3, "grid_sample takes [n, c, ...], got {}", x.text());
  context.require(!x.has_rank() || !grid.has_rank() || x.rank() == grid.rank(), "grid_sample of {} at {}", x.text(),
                  grid.text());
  if (!x.has_rank() && !grid.has_rank()) return context.set_output(0, x.dtype(), std::nullopt);
  const size_t rank = x.has_rank() ? x.shape->size() : grid.shape->size();
  context.require(rank >= 3, "grid_sample of rank {}", rank);
  DimShape shape = context.fresh_shape(rank);
  if (x.has_rank()) {
    shape[0] = (*x.shape)[0];
    shape[1] = (*x.shape)[1];
  }
  if (grid.has_rank()) {
    unify(grid.shape->back(), static_cast<int64_t>(rank) - 2, "coordinates of a grid position and spatial axes");
    shape[0] = x.has_rank() ? unify(shape[0], (*grid.shape)[0], "images and grids") : (*grid.shape)[0];
    std::copy(grid.shape->begin() + 1, grid.shape->end() - 1, shape.begin() + 2);
  }
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const GridSample& sample, EvalContext& context) {
  const Tensor &x = context.tensor(0), &grid = context.tensor(1);
  const int64_t axes = x.rank() - 2;
  if (axes < 1 || grid.rank() != x.rank() || grid.dim(0) != x.dim(0) || grid.dim(-1) != axes) {
    fail(Code::kInvalidArgument, "grid_sample of {} at {}", x.type_text(), grid.type_text());
  }
  const Shape sizes(x.shape().begin() + 2, x.shape().end());
  Shape shape{x.dim(0), x.dim(1)};
  shape.insert(shape.end(), grid.shape().begin() + 1, grid.shape().end() - 1);
  Tensor& result = context.output(0, x.dtype(), shape);
  const int64_t in_size = element_count(sizes), channels = x.dim(1);
  const int64_t out_size = element_count(Shape(shape.begin() + 2, shape.end()));
  const Sampler sampler(sample, sizes);
  const auto data = to_doubles(x), coordinates = to_doubles(grid);
  std::vector<double> y(static_cast<size_t>(result.count()), 0.0), position(static_cast<size_t>(axes));
  for (int64_t i = 0; in_size > 0 && i < x.dim(0) * out_size; ++i) {
    for (int64_t axis = 0; axis < axes; ++axis) {
      const double coordinate = coordinates[static_cast<size_t>(i * axes + axes - 1 - axis)];
      const auto at = static_cast<size_t>(axis);
      position[at] = grid.dtype() == DType::kF64 ? sampler.to_position(coordinate, at)
                                                 : sampler.to_position(static_cast<float>(coordinate), at);
    }
    const int64_t n = i / out_size, o = i % out_size;
    for (int64_t c = 0; c < channels; ++c) {
      y[static_cast<size_t>((n * channels + c) * out_size + o)] =
          sampler.run(data.data() + (n * channels + c) * in_size, position);
    }
  }
  write_doubles(result, y);
}

const OpDef GridSample::def = define_op<GridSample, infer, eval>(
    {"grid_sample", "x interpolated at each position of the grid", 2, 2, 1, kNoTraits, {16, 4}});

}  // namespace ingot
