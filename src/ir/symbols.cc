#include "ir/symbols.h"

#include "ops/field_ignorer.h"

namespace ingot::ir {
namespace {

class Substitution : public FieldIgnorer {
 public:
  explicit Substitution(const SymbolDims& dims) : dims_(dims) {}
  using FieldIgnorer::visit;
  void visit(const char*, DimShape& field) override {
    for (Dim& dim : field) {
      dim = dim.substitute([&](const std::string& name) -> std::optional<Dim> {
        const auto found = dims_.find(name);
        return found == dims_.end() ? std::nullopt : std::optional(found->second);
      });
    }
  }

 private:
  const SymbolDims& dims_;
};

}  // namespace

Op with_symbols(const Op& op, const SymbolDims& dims) {
  if (dims.empty()) return op;
  auto fields = op.def().copy(op.fields());
  Substitution substitution(dims);
  op.def().visit(fields.get(), substitution);
  return Op(&op.def(), std::move(fields));
}

void learn_symbols(const DimShape& before, const DimShape& after, SymbolDims& dims) {
  if (before.size() != after.size()) return;
  for (size_t i = 0; i < before.size(); ++i) {
    const std::string name = before[i].symbol_name();
    if (!name.empty() && after[i].symbol_name() != name) dims.emplace(name, after[i]);
  }
}

}  // namespace ingot::ir
