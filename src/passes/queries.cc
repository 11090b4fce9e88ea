#include "passes/queries.h"

#include <algorithm>

namespace ingot::passes {
namespace {

constexpr int64_t kSupposedSize = 32;  // of a symbol

int64_t supposed_size(const Dim& dim) {
  SymbolValues sizes;
  std::set<std::string> symbols;
  dim.collect_symbols(symbols);
  for (const auto& symbol : symbols) sizes[symbol] = kSupposedSize;
  try {
    return std::max<int64_t>(1, dim.eval(sizes).value_or(kSupposedSize));
  } catch (const Error&) {
    return kSupposedSize;  // the sizes supposed do not fit each other
  }
}

}  // namespace

int64_t supposed_elements(const Fact& fact) {
  double count = 1;
  for (const Dim& dim : *fact.shape) count *= static_cast<double>(supposed_size(dim));
  return static_cast<int64_t>(std::min(count, 1e12)) + 1;
}

}  // namespace ingot::passes
