// ONNX's declared types as types and facts.
#pragma once
#include <unordered_map>
#include <unordered_set>

#include "onnx/load.h"
#include "ops/infer.h"

namespace ingot::onnx {

// Throws kInvalidModel or kUnsupported naming `what`.
Type type_of(const TypeProto& proto, const std::string& what);

// Facts of the main graph's inputs. Equal dim_params are one symbol, unnamed unknown dims get one of their own
// ("x.0"); overrides of the options apply first.
class InputFacts {
 public:
  InputFacts(const Graph& graph, const LoadOptions& options);
  Fact fact(const ValueInfo& input);

 private:
  Dim dim(const std::vector<Dimension>& shape, const std::string& input, size_t axis);
  std::string unused(std::string name);
  const LoadOptions& options_;
  std::unordered_set<std::string> used_;                    // symbols given out, and every dim_param
  std::unordered_map<std::string, std::string> of_params_;  // dim_param -> symbol
};

// Adds to an inferred fact what only the declaration knows: the rank. Sizes are inference's alone, for declared ones
// are often stale; a contradiction is logged and the inferred fact kept.
Fact refine(Fact inferred, const ValueInfo& declared, const FreshDim& fresh);

}  // namespace ingot::onnx
