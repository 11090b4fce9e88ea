// Operands read through movements that were not carried out: transposes, slices, concatenations, expansions, reshapes.
#pragma once
#include <optional>

#include "ops/op.h"

namespace ingot::kernels::cuda {

// Elements whose coordinate on the layer's axis is below `end` and not in an earlier piece. Element (i0, i1, ...) of
// the layer, counted from the layer's own first element, lies at base + sum of i * stride.
struct MovedPiece {
  int64_t end = 0;
  size_t root = 0;  // which memory, in a last layer; others have one source, the next layer
  std::vector<int64_t> strides;
  int64_t base = 0;
  bool operator==(const MovedPiece&) const = default;
};

// A value of `shape` in row-major order whose elements lie elsewhere, by pieces along `axis`.
struct MovedLayer {
  Shape shape;
  size_t axis = 0;
  std::vector<MovedPiece> pieces;
  bool operator==(const MovedLayer&) const = default;
};

// From a value's elements, layer by layer, to `roots` memories. Without layers the value lies densely in its own.
struct Moved {
  std::vector<MovedLayer> layers;
  size_t roots = 1;
  bool empty() const { return layers.empty(); }
};

// How an input of a movement lies in its root.
struct MovedSource {
  Shape shape;
  std::vector<int64_t> strides;
  int64_t base = 0;
};
std::vector<int64_t> dense_strides(const Shape& shape);
MovedSource dense_source(const Shape& shape);

// The movement as one layer, every input a root; nothing for operators that move by data.
std::optional<MovedLayer> moved_layer(const Op& op, std::span<const MovedSource> from, const Shape& to);

// The most elements n so that any n that start at a multiple of n lie side by side, and start at a multiple of n.
int64_t moved_run(const Moved& moved);

// C++ of the kernel's parameters for the memories: `name`, `name`_1, ...
std::string moved_parameters(const Moved& moved, const char* type, const std::string& name);
// C++ that declares `pointer`: where the element that `at` counts in row-major order lies.
std::string moved_lines(const Moved& moved, const char* type, const std::string& name, const std::string& at,
                        const std::string& pointer, const char* indent);

}  // namespace ingot::kernels::cuda
