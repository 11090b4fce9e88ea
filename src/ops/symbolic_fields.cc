#include "ops/symbolic_fields.h"

#include "base/error.h"
#include "ops/field_ignorer.h"

namespace ingot {
namespace {

class SymbolCollector final : public FieldIgnorer {
 public:
  using FieldIgnorer::visit;
  void visit(const char*, DimShape& dims) override {
    for (const Dim& dim : dims) dim.collect_symbols(symbols);
  }
  std::set<std::string> symbols;
};

class SymbolReplacer final : public FieldIgnorer {
 public:
  using FieldIgnorer::visit;
  explicit SymbolReplacer(const SymbolValues& symbols) : symbols_(symbols) {}
  void visit(const char* name, DimShape& dims) override {
    for (Dim& dim : dims) {
      const auto value = dim.eval(symbols_);
      if (!value) fail(Code::kInvalidArgument, "{}: the size {} is not known in this run", name, dim.text());
      dim = Dim(*value);
    }
  }

 private:
  const SymbolValues& symbols_;
};

}  // namespace

std::set<std::string> symbols_of(const Op& op) {
  SymbolCollector collector;
  op.def().visit(op.def().copy(op.fields()).get(), collector);
  return collector.symbols;
}

Op at_sizes(const Op& op, const SymbolValues& symbols) {
  if (symbols_of(op).empty()) return op;
  SymbolReplacer replacer(symbols);
  std::shared_ptr<void> fields = op.def().copy(op.fields());
  op.def().visit(fields.get(), replacer);
  return {&op.def(), std::move(fields)};
}

}  // namespace ingot
