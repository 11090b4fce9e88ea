#include "ops/symbolic_fields.h"

#include "base/error.h"
#include "ops/fused.h"

namespace ingot {
namespace {

class DimVisitor : public FieldVisitor {
 public:
  void visit(const char*, int64_t&) override {}
  void visit(const char*, double&) override {}
  void visit(const char*, bool&) override {}
  void visit(const char*, std::string&) override {}
  void visit(const char*, DType&) override {}
  void visit(const char*, std::vector<int64_t>&) override {}
  void visit(const char*, std::vector<double>&) override {}
  void visit(const char*, std::vector<std::string>&) override {}
  void visit(const char*, Tensor&) override {}
  void visit(const char*, Type&) override {}
  void visit(const char*, std::vector<TileInstruction>&) override {}
  void visit_enum(const char*, int64_t&, std::span<const char* const>) override {}
};

class SymbolCollector final : public DimVisitor {
 public:
  using DimVisitor::visit;
  void visit(const char*, DimShape& dims) override {
    for (const Dim& dim : dims) dim.collect_symbols(symbols);
  }
  std::set<std::string> symbols;
};

class SymbolReplacer final : public DimVisitor {
 public:
  using DimVisitor::visit;
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
