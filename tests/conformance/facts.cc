#include "conformance/facts.h"

#include "tensor/compare.h"
#include "tensor/elements.h"

namespace ingot::conformance {

void FactCheck::check(ir::ValueId id, const Value& value) {
  const Fact& fact = graph_.fact(id);
  if (!value.is_tensor() || !fact.type.is_tensor()) return;
  const Tensor& tensor = value.tensor();
  const ir::Node* producer = graph_.producer(id);
  const std::string name =
      graph_.value(id).name + (producer != nullptr ? " of " + producer->op.text() : std::string(" (input)"));
  bool fits = fact.dtype() == tensor.dtype();
  if (fact.shape) {
    fits = fits && fact.shape->size() == tensor.shape().size();
    for (size_t axis = 0; fits && axis < tensor.shape().size(); ++axis) {
      const Dim& dim = (*fact.shape)[axis];
      if (const std::string symbol = dim.symbol_name(); !symbol.empty()) {
        symbols_.try_emplace(symbol, tensor.shape()[axis]);
      }
      fits = dim.eval(symbols_).value_or(tensor.shape()[axis]) == tensor.shape()[axis];
    }
  }
  if (!fits) fail(Code::kInternal, "{} is {} where inference said {}", name, tensor.type_text(), fact.text());
  check_content(fact, tensor, name);
}

void FactCheck::check_content(const Fact& fact, const Tensor& tensor, const std::string& name) const {
  if (fact.value && !compare(tensor, *fact.value, {1e-5, 1e-6}).equal) {
    fail(Code::kInternal, "{} has other content than inference said", name);
  }
  if (!fact.elements) return;
  const auto numbers = to_ints(tensor);
  bool fits = numbers.size() == fact.elements->size();
  for (size_t i = 0; fits && i < numbers.size(); ++i) {
    fits = (*fact.elements)[i].eval(symbols_).value_or(numbers[i]) == numbers[i];
  }
  if (!fits) {
    fail(Code::kInternal, "{} is {} where inference said {}", name, shape_text(numbers), dims_text(*fact.elements));
  }
}

}  // namespace ingot::conformance
