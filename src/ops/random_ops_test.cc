// Random small problems for every operator: where inference accepts and evaluation succeeds, inference must have
// described the outcome rightly, and must accept and describe it as well when it is told less.
#include <gtest/gtest.h>

#include <random>

#include "ops/fused.h"
#include "ops/op_testing.h"
#include "ops/ops.h"
#include "tensor/compare.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

using Generator = std::mt19937_64;

int64_t pick(Generator& generator, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(generator);
}

class FieldShuffler : public FieldVisitor {
 public:
  explicit FieldShuffler(Generator& generator) : generator_(generator) {}
  void visit(const char*, int64_t& v) override {
    if (changes()) v = pick(generator_, -2, 3);
  }
  void visit(const char*, double& v) override {
    if (changes()) v = static_cast<double>(pick(generator_, -2, 4)) / 2;
  }
  void visit(const char*, bool& v) override {
    if (changes()) v = !v;
  }
  void visit(const char*, std::string&) override {}
  void visit(const char*, DType& v) override {
    if (changes()) v = static_cast<DType>(pick(generator_, 1, kDTypeCount - 1));
  }
  void visit(const char*, std::vector<int64_t>& v) override {
    if (!changes()) return;
    v.assign(static_cast<size_t>(pick(generator_, 0, 4)), 0);
    for (auto& each : v) each = pick(generator_, -2, 3);
  }
  void visit(const char*, std::vector<double>&) override {}
  void visit(const char*, std::vector<std::string>&) override {}
  void visit(const char*, DimShape& v) override {
    v.assign(static_cast<size_t>(pick(generator_, 0, 3)), 0);
    for (auto& each : v) each = pick(generator_, -1, 4);
  }
  void visit(const char*, Tensor&) override {}
  void visit(const char*, Type&) override {}
  void visit(const char*, std::vector<TileInstruction>&) override {}
  void visit_enum(const char*, int64_t& value, std::span<const char* const> names) override {
    value = pick(generator_, 0, static_cast<int64_t>(names.size()) - 1);
  }

 private:
  bool changes() { return pick(generator_, 0, 2) == 0; }
  Generator& generator_;
};

Tensor random_tensor(Generator& generator, DType dtype) {
  constexpr int64_t kSizes[] = {0, 1, 1, 2, 2, 3, 4};
  Shape shape(static_cast<size_t>(pick(generator, 0, dtype == DType::kI64 ? 2 : 4)));
  for (auto& size : shape) size = kSizes[pick(generator, 0, 6)];
  Tensor tensor(dtype, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const int64_t number = pick(generator, -2, 4);
    if (dtype == DType::kString) {
      tensor.mutable_data<std::string>()[i] = std::to_string(number);
    } else if (!is_complex(dtype)) {
      write_int(tensor, i, number);
    }
  }
  return tensor;
}

std::vector<Tensor> random_inputs(Generator& generator, const OpDef& def) {
  constexpr DType kTypes[] = {DType::kF32, DType::kF32, DType::kF16,  DType::kI64,    DType::kI32,
                              DType::kU8,  DType::kI4,  DType::kBool, DType::kString, DType::kF64};
  const DType main = kTypes[pick(generator, 0, 9)];
  const int64_t most = def.max_inputs < 0 ? def.min_inputs + 2 : def.max_inputs;
  std::vector<Tensor> inputs(static_cast<size_t>(pick(generator, def.min_inputs, most)));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int64_t choice = pick(generator, 0, 9);
    if (static_cast<int>(i) >= def.min_inputs && choice == 9) continue;  // absent
    if (i > 0 && choice == 8 && inputs[0].defined()) {
      inputs[i] = inputs[0];
    } else {
      inputs[i] = random_tensor(generator, choice < 5   ? main
                                           : choice < 8 ? DType::kI64
                                                        : kTypes[pick(generator, 0, 9)]);
    }
  }
  while (!inputs.empty() && !inputs.back().defined()) inputs.pop_back();
  return inputs;
}

enum class Told { kValues, kShapes, kSymbols, kNothing };

Fact told_fact(const Tensor& tensor, Told told, size_t input, SymbolValues& symbols) {
  if (told == Told::kValues) return Fact::of(tensor);
  if (told == Told::kNothing) return Fact(tensor.dtype(), std::nullopt);
  Fact fact(tensor.dtype(), to_dims(tensor.shape()));
  for (size_t axis = 0; told == Told::kSymbols && axis < fact.shape->size(); ++axis) {
    const std::string name = "s" + std::to_string(input) + "_" + std::to_string(axis);
    symbols[name] = tensor.shape()[axis];
    (*fact.shape)[axis] = Dim::symbol(name);
  }
  return fact;
}

// Why the fact does not describe the value; empty when it does.
std::string contradiction(const Fact& fact, const Value& value, SymbolValues& symbols) {
  if (!value.is_tensor() || !fact.type.is_tensor()) return "";
  const Tensor& tensor = value.tensor();
  if (fact.dtype() != tensor.dtype()) return "type";
  for (size_t axis = 0; fact.shape && axis < tensor.shape().size(); ++axis) {
    if (fact.shape->size() != tensor.shape().size()) return "rank";
    const Dim& dim = (*fact.shape)[axis];
    if (!dim.symbol_name().empty()) symbols.try_emplace(dim.symbol_name(), tensor.shape()[axis]);
    if (dim.eval(symbols).value_or(tensor.shape()[axis]) != tensor.shape()[axis]) return "size";
  }
  if (fact.shape && fact.shape->size() != tensor.shape().size()) return "rank";
  if (fact.value && !compare(tensor, *fact.value, {1e-5, 1e-6}).equal) return "content";
  for (size_t i = 0; fact.elements && i < fact.elements->size(); ++i) {
    const int64_t element = read_int(tensor, static_cast<int64_t>(i));
    if ((*fact.elements)[i].eval(symbols).value_or(element) != element) return "elements";
  }
  return "";
}

std::string problem_text(const Op& op, const std::vector<Tensor>& inputs) {
  std::string text = op.text() + " of";
  for (const Tensor& input : inputs) {
    text += input.defined() ? " " + input.type_text() : std::string(" nothing");
    if (input.defined() && is_int(input.dtype())) text += shape_text(to_ints(input));
  }
  return text;
}

std::vector<Fact> infer_told(const Op& op, const std::vector<Tensor>& inputs, Told told, SymbolValues& symbols) {
  std::vector<std::optional<Fact>> facts;
  for (size_t i = 0; i < inputs.size(); ++i) {
    facts.push_back(inputs[i].defined() ? std::optional(told_fact(inputs[i], told, i, symbols)) : std::nullopt);
  }
  return infer_facts(op, facts);
}

void check_problem(const Op& op, const std::vector<Tensor>& inputs, const std::vector<Value>& outputs) {
  for (const Told told : {Told::kValues, Told::kShapes, Told::kSymbols, Told::kNothing}) {
    SymbolValues symbols;
    try {
      const auto inferred = infer_told(op, inputs, told, symbols);
      for (size_t i = 0; i < outputs.size() && i < inferred.size(); ++i) {
        const std::string fault = contradiction(inferred[i], outputs[i], symbols);
        EXPECT_EQ(fault, "") << problem_text(op, inputs) << ": output " << i << " is "
                             << outputs[i].tensor().type_text() << ", inferred " << inferred[i].text() << " told "
                             << static_cast<int>(told);
      }
    } catch (const Error& error) {
      ADD_FAILURE() << problem_text(op, inputs) << " evaluates, but told less (" << static_cast<int>(told)
                    << ") inference says: " << error.what();
    }
  }
}

// Outputs where inference accepts and evaluation succeeds, else nothing.
std::optional<std::vector<Value>> run(const Op& op, const std::vector<Tensor>& inputs) {
  std::vector<Value> values(inputs.begin(), inputs.end());
  std::vector<const Value*> pointers;
  for (size_t i = 0; i < inputs.size(); ++i) pointers.push_back(inputs[i].defined() ? &values[i] : nullptr);
  EvalHost host;
  host.memory_budget = 1 << 20;
  try {
    SymbolValues symbols;
    infer_told(op, inputs, Told::kValues, symbols);
    return evaluate(op, pointers, host);
  } catch (const Error& error) {
    EXPECT_NE(error.code(), Code::kInternal) << problem_text(op, inputs) << ": " << error.what();
    return std::nullopt;
  }
}

TEST(RandomOps, InferenceDescribesWhatEvaluationGives) {
  for (const OpDef* def : all_ops()) {
    if ((def->traits & kControlFlow) != 0) continue;
    Generator generator(std::hash<std::string_view>()(def->name));
    int evaluated = 0;
    for (int trial = 0; trial < 200 && !HasFailure(); ++trial) {
      const auto fields = def->create();
      FieldShuffler shuffler(generator);
      def->visit(fields.get(), shuffler);
      const Op op(def, fields);
      const auto inputs = random_inputs(generator, *def);
      if (const auto outputs = run(op, inputs)) {
        ++evaluated;
        check_problem(op, inputs, *outputs);
      }
    }
    RecordProperty(def->name, evaluated);
  }
}

}  // namespace
}  // namespace ingot
