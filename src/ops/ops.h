// The explicit list of every operator.
#pragma once
#include <span>
#include <string_view>

#include "ops/op.h"

namespace ingot {

std::span<const OpDef* const> all_ops();
// Null when there is none of that name.
const OpDef* find_op(std::string_view name);

}  // namespace ingot
