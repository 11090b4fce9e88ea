// Operators whose fields hold expressions of a run's symbols.
#pragma once
#include <set>

#include "ops/op.h"

namespace ingot {

// The symbols that the operator's fields name.
std::set<std::string> symbols_of(const Op& op);
// The operator with every expression replaced by its value. Throws kInvalidArgument when one has none.
Op at_sizes(const Op& op, const SymbolValues& symbols);

}  // namespace ingot
