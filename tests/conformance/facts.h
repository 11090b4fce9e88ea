// Inference against evaluation: every value of a run must be what its fact says.
#pragma once
#include <span>

#include "ir/graph.h"
#include "tensor/value.h"

namespace ingot::conformance {

// Follows one run of a graph. Sizes of symbols are taken from the first value that shows them.
class FactCheck {
 public:
  explicit FactCheck(const ir::Graph& graph) : graph_(graph) {}
  // Throws Error(kInternal) naming node and value when type, shape or known content differ.
  void check(ir::ValueId id, const Value& value);

 private:
  void check_content(const Fact& fact, const Tensor& tensor, const std::string& name) const;
  const ir::Graph& graph_;
  SymbolValues symbols_;
};

}  // namespace ingot::conformance
