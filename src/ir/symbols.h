// Sizes by name in the fields of operators.
#pragma once
#include <map>
#include <string>

#include "ops/op.h"
#include "tensor/dim.h"

namespace ingot::ir {

using SymbolDims = std::map<std::string, Dim>;

// The operator with every symbol in its fields that `dims` has replaced; bodies keep theirs.
Op with_symbols(const Op& op, const SymbolDims& dims);
// Where `before` names a size that `dims` has not and `after` tells it in another way, keeps that. Shapes of one value.
void learn_symbols(const DimShape& before, const DimShape& after, SymbolDims& dims);

}  // namespace ingot::ir
