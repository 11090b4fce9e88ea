// Reshapes taken apart: which axes of the operand make up which axes of the result.
#pragma once
#include <optional>
#include <vector>

#include "tensor/dim.h"

namespace ingot::passes {

// The elements of axes [from, from + from_count) of the operand are those of [to, to + to_count) of the result.
struct AxisGroup {
  size_t from, from_count, to, to_count;
};
// The finest grouping, in order, or nothing when the sizes cannot be told apart.
std::optional<std::vector<AxisGroup>> reshape_groups(const DimShape& from, const DimShape& to);

struct ReshapeBefore {
  DimShape shape;
  std::vector<int64_t> permutation;
};
// reshape(transpose(x, permutation), to) = transpose(reshape(x, shape), permutation'): `operand` is the transposed
// shape. Nothing when the reshape joins axes that the transpose took apart.
std::optional<ReshapeBefore> reshape_before(const DimShape& operand, const DimShape& to,
                                            const std::vector<int64_t>& permutation);

}  // namespace ingot::passes
