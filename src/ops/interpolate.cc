#include "ops/interpolate.h"

#include <cmath>

namespace ingot {
namespace {

double sample_from(const double* plane, const Shape& sizes, std::span<const double> position, size_t axis,
                   int64_t offset) {
  if (axis == sizes.size()) return plane[offset];
  const double floor = std::floor(position[axis]);
  const double fraction = position[axis] - floor;
  const auto low = static_cast<int64_t>(floor);
  double sum = 0;
  for (const int64_t side : {0, 1}) {
    const double weight = side == 0 ? 1 - fraction : fraction;
    const int64_t index = low + side;
    if (index < 0 || index >= sizes[axis] || weight == 0) continue;
    sum += weight * sample_from(plane, sizes, position, axis + 1, offset * sizes[axis] + index);
  }
  return sum;
}

}  // namespace

double sample_linear(const double* plane, const Shape& sizes, std::span<const double> position) {
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    if (!(position[axis] > -1 && position[axis] < static_cast<double>(sizes[axis]))) return 0;
  }
  return sample_from(plane, sizes, position, 0, 0);
}

std::array<double, 4> cubic_weights(double fraction, double a) {
  const auto near = [&](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto far = [&](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  return {far(fraction + 1), near(fraction), near(1 - fraction), far(2 - fraction)};
}

}  // namespace ingot
