// Concrete shapes: sizes of each axis, outermost first.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ingot {

using Shape = std::vector<int64_t>;

// Product of the sizes; throws kInvalidArgument on a negative size or overflow. 1 for a scalar.
int64_t element_count(std::span<const int64_t> shape);
// Row-major strides in elements.
Shape row_major_strides(std::span<const int64_t> shape);
// "[2,3]"
std::string shape_text(std::span<const int64_t> shape);
// NumPy broadcasting of two shapes; throws kInvalidArgument when they don't fit.
Shape broadcast_shapes(std::span<const int64_t> a, std::span<const int64_t> b);
// `axis` in [-rank, rank) made non-negative; throws kInvalidArgument naming the value otherwise.
int64_t normalize_axis(int64_t axis, int64_t rank);

}  // namespace ingot
