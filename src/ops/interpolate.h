// Reading a grid between its points.
#pragma once
#include <array>
#include <span>

#include "tensor/shape.h"

namespace ingot {

// Multilinear interpolation of one plane of shape `sizes` at `position` (in elements); zero outside, not-a-number
// positions read zero.
double sample_linear(const double* plane, const Shape& sizes, std::span<const double> position);
// Weights of the four neighbours -1, 0, 1, 2 of a point at `fraction` in [0, 1] after neighbour 0 (Keys 1981).
std::array<double, 4> cubic_weights(double fraction, double a);

}  // namespace ingot
