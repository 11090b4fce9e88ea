// Operators seen through a transpose of their operands: op(T(x)) = T'(op'(x)).
#pragma once
#include <optional>
#include <vector>

#include "ir/patch.h"

namespace ingot::passes {

// As of Transpose: axis i of the result is axis p[i] of the operand.
using Permutation = std::vector<int64_t>;

Permutation inverse(const Permutation& permutation);
// The one transpose that does what `first` and then `second` do.
Permutation then(const Permutation& first, const Permutation& second);
bool is_identity(const Permutation& permutation);
// Whether the axes longer than 1 keep their order, so that a reshape does the same.
bool keeps_order(const Permutation& permutation, const DimShape& operand);
Permutation to_channels_last(int64_t rank);
Permutation to_channels_first(int64_t rank);

// The permutation of a Transpose node (an empty field reverses the axes), or nothing for other nodes and unknown ranks.
std::optional<Permutation> permutation_of(const ir::Graph& graph, const ir::Node& node);
// The same of the node that gives `id`.
std::optional<Permutation> transposed_by(const ir::Graph& graph, ir::ValueId id);

struct Through {
  Op op;
  std::vector<ir::ValueId> inputs;
  Permutation result;  // of the transpose that then stands behind it
};
enum class OtherOperands : uint8_t {
  kOnlyFree,   // operands that are no transposes must cost nothing to bring along: constants, sizes of 1
  kTranspose,  // they are transposed
};
// `node`, whose operands of full rank are T(x) for the transpose T by `permutation`, in terms of the x. What it takes
// to bring other operands along is added to `patch`. Nothing when the operator or an operand does not allow it; `why`
// then holds a static reason, or null for operators that have nothing to do with transposes.
std::optional<Through> through_transpose(const ir::Graph& graph, const ir::Node& node, const Permutation& permutation,
                                         OtherOperands others, ir::Patch& patch, const char*& why);

}  // namespace ingot::passes
