#include "lower/lower.h"

#include <algorithm>
#include <set>

#include "ir/graph_io.h"
#include "kernels/cuda/device_row.h"
#include "lower/constants.h"
#include "ops/reshape.h"

namespace ingot::lower {
namespace {

using plan::Program;
using plan::Step;
using plan::StepKind;
using plan::ValueIndex;

class ProgramWriter {
 public:
  ProgramWriter(const ir::Graph& graph, const LowerOptions& options, ConstantTable& constants, const Progress& progress)
      : graph_(graph), options_(options), constants_(constants), progress_(progress) {
    indices_.assign(graph.value_count(), plan::kNoValue);
  }

  Program run() {
    program_.name = graph_.name;
    for (const auto& body : graph_.bodies()) {
      program_.bodies.push_back(
          std::make_unique<Program>(ProgramWriter(*body, host_options(), constants_, progress_).run()));
    }
    for (const ir::ValueId input : graph_.inputs()) {
      program_.inputs.push_back(define(input));
      learn_symbols(input);
    }
    size_t done = 0;
    for (const ir::NodeId id : graph_.order()) {
      progress_.report("lower", done++, graph_.order().size());
      emit(graph_.node(id));
    }
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      program_.outputs.push_back(use(graph_.outputs()[i]));
      program_.output_names.push_back(graph_.output_names()[i]);
    }
    return std::move(program_);
  }

 private:
  const LowerOptions& host_options() {
    if (options_.device == "cpu") return options_;
    host_options_ = options_;
    host_options_.device = "cpu";
    return host_options_;
  }

  ValueIndex add_value(plan::ValueDef def) {
    program_.values.push_back(std::move(def));
    return static_cast<ValueIndex>(program_.values.size() - 1);
  }

  ValueIndex define(ir::ValueId id) {
    const ir::ValueInfo& info = graph_.value(id);
    return indices_[static_cast<size_t>(id)] = add_value({info.name, info.fact.type, info.fact.shape, -1});
  }

  ValueIndex use(ir::ValueId id) {
    if (id == ir::kNoValue) return plan::kNoValue;
    ValueIndex& index = indices_[static_cast<size_t>(id)];
    if (const Tensor* constant = graph_.constant(id); constant != nullptr && !constant_defined_.contains(id)) {
      constant_defined_.insert(id);
      index = add_value({graph_.value(id).name, Type::tensor(constant->dtype()), to_dims(constant->shape()),
                         constants_.intern(*constant)});
    }
    return index;
  }

  // Symbols that some value's shape names bare are bound when that value exists; others cannot be evaluated.
  void learn_symbols(ir::ValueId id) {
    const Fact& fact = graph_.fact(id);
    if (!fact.shape) return;
    for (const Dim& dim : *fact.shape) {
      if (const std::string name = dim.symbol_name(); !name.empty()) symbols_.insert(name);
    }
  }

  bool computable(const Fact& fact) const {
    if (!fact.type.is_tensor() || !fact.shape) return false;
    std::set<std::string> used;
    for (const Dim& dim : *fact.shape) dim.collect_symbols(used);
    return std::includes(symbols_.begin(), symbols_.end(), used.begin(), used.end());
  }

  kernels::Operand operand(ir::ValueId id) const {
    if (id == ir::kNoValue) return {};
    const Fact& fact = graph_.fact(id);
    kernels::Operand operand{fact.dtype(), {}, graph_.constant(id) != nullptr};
    for (const Dim& dim : *fact.shape) operand.shape.push_back(dim.eval(options_.typical).value_or(-1));
    return operand;
  }

  // Null when the node may run as a kernel, else why not.
  const char* unsuitable(const ir::Node& node) const {
    for (const ir::ValueId input : node.inputs) {
      if (input == ir::kNoValue) continue;
      if (!graph_.fact(input).type.is_tensor()) return "an input is no tensor";
      if (!graph_.fact(input).shape) return "the rank of an input is not known";
    }
    for (const ir::ValueId output : node.outputs) {
      if (!computable(graph_.fact(output))) return "the result's shape depends on data";
    }
    return nullptr;
  }

  void emit(const ir::Node& node) {
    Step step;
    step.op = node.op;
    step.origin = node.origin;
    for (const ir::ValueId input : node.inputs) step.inputs.push_back(use(input));
    const bool view = node.op.is<Reshape>() && node.inputs.size() == 1 && computable(graph_.fact(node.outputs[0]));
    if (view) {
      step.kind = StepKind::kView;
    } else if (const char* reason = unsuitable(node); reason != nullptr) {
      step.reason = reason;
    } else {
      choose_kernel(node, step);
    }
    for (const ir::ValueId output : node.outputs) {
      step.outputs.push_back(define(output));
      learn_symbols(output);
    }
    program_.steps.push_back(std::move(step));
  }

  void choose_kernel(const ir::Node& node, Step& step) {
    kernels::Problem problem{node.op, {}, {}};
    for (const ir::ValueId input : node.inputs) problem.inputs.push_back(operand(input));
    for (const ir::ValueId output : node.outputs) problem.outputs.push_back(operand(output));
    if (options_.device != "cpu") {
      const char* reason = nullptr;
      const auto* row = kernels::cuda::pick_device_row(problem, reason);
      step.kind = row != nullptr ? StepKind::kKernel : StepKind::kEvaluate;
      (row != nullptr ? step.row : step.reason) = row != nullptr ? row->name : reason;
      return;
    }
    const Choice choice = options_.choose ? options_.choose(problem, options_.target)
                                          : Choice{kernels::pick(problem, options_.target), ""};
    const kernels::Candidate& chosen = choice.candidate;
    if (chosen.row == nullptr) {
      const auto all = kernels::candidates(problem, options_.target);
      step.reason = all.empty()                      ? "no kernel family has this operator"
                    : all.front().refused != nullptr ? all.front().refused
                                                     : "no kernel was chosen";
      return;
    }
    step.kind = StepKind::kKernel;
    step.row = chosen.row->name;
    step.reason = choice.why;
    if (chosen.row->packing == nullptr) return;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!problem.inputs[i].constant) continue;
      const char* layout = chosen.row->packing(problem, i);
      if (layout == nullptr) continue;
      const Tensor& weights = *graph_.constant(node.inputs[i]);
      const Tensor packed = chosen.row->pack(problem, i, weights);
      step.packed.push_back({static_cast<int32_t>(i), layout, weights.dtype(), weights.shape()});
      step.inputs[i] =
          add_value({graph_.value(node.inputs[i]).name + " packed as " + layout, Type::tensor(packed.dtype()),
                     to_dims(packed.shape()), constants_.intern_packed(packed)});
    }
  }

  const ir::Graph& graph_;
  const LowerOptions& options_;
  ConstantTable& constants_;
  const Progress& progress_;
  LowerOptions host_options_;
  Program program_;
  std::vector<ValueIndex> indices_;
  std::set<ir::ValueId> constant_defined_;
  std::set<std::string> symbols_;
};

// Values that packing left without a reader.
void drop_unused_constants(Program& program) {
  std::vector<bool> used(program.values.size(), false);
  const auto mark = [&](const std::vector<ValueIndex>& values) {
    for (const ValueIndex value : values) {
      if (value != plan::kNoValue) used[static_cast<size_t>(value)] = true;
    }
  };
  mark(program.inputs);
  mark(program.outputs);
  for (const Step& step : program.steps) {
    mark(step.inputs);
    mark(step.outputs);
  }
  std::vector<ValueIndex> renamed(program.values.size(), plan::kNoValue);
  std::vector<plan::ValueDef> kept;
  for (size_t i = 0; i < program.values.size(); ++i) {
    if (!used[i]) continue;
    renamed[i] = static_cast<ValueIndex>(kept.size());
    kept.push_back(std::move(program.values[i]));
  }
  program.values = std::move(kept);
  const auto rename = [&](std::vector<ValueIndex>& values) {
    for (ValueIndex& value : values) {
      if (value != plan::kNoValue) value = renamed[static_cast<size_t>(value)];
    }
  };
  rename(program.inputs);
  rename(program.outputs);
  for (Step& step : program.steps) {
    rename(step.inputs);
    rename(step.outputs);
  }
  for (auto& body : program.bodies) drop_unused_constants(*body);
}

// Renumbers the table to what programs and portable graph use.
void collect_constants(const Program& program, std::vector<bool>& used) {
  for (const auto& value : program.values) {
    if (value.constant >= 0) used[static_cast<size_t>(value.constant)] = true;
  }
  for (const auto& body : program.bodies) collect_constants(*body, used);
}

void renumber_constants(Program& program, const std::vector<int32_t>& renamed) {
  for (auto& value : program.values) {
    if (value.constant >= 0) value.constant = renamed[static_cast<size_t>(value.constant)];
  }
  for (auto& body : program.bodies) renumber_constants(*body, renamed);
}

}  // namespace

plan::Plan lower(const ir::Graph& graph, const ir::Graph& portable, const LowerOptions& options,
                 const Progress& progress) {
  plan::Plan plan;
  ConstantTable table;
  plan.program = ProgramWriter(graph, options, table, progress).run();
  drop_unused_constants(plan.program);
  auto constants = table.release();
  std::vector<bool> used(constants.size(), false);
  collect_constants(plan.program, used);
  ConstantTable kept;
  std::vector<int32_t> renamed(constants.size(), -1);
  for (size_t i = 0; i < constants.size(); ++i) {
    if (used[i]) renamed[i] = kept.intern(constants[i]);
  }
  renumber_constants(plan.program, renamed);
  if (options.keep_portable) {
    ByteWriter writer;
    ir::write_graph(writer, portable, [&](const Tensor& tensor) { return static_cast<uint32_t>(kept.intern(tensor)); });
    auto bytes = std::make_shared<std::vector<std::byte>>(writer.release());
    plan.portable_graph = *bytes;
    plan.owner = bytes;
  }
  plan.constants = kept.release();
  return plan;
}

ir::Graph portable_graph(const plan::Plan& plan) {
  if (plan.portable_graph.empty())
    fail(Code::kForeignPlan, "the plan carries no portable graph (built with --no-portable)");
  ByteReader reader(plan.portable_graph, Code::kInvalidPlan, "plan section portable graph");
  return ir::read_graph(reader, [&](uint32_t index) {
    if (index >= plan.constants.size()) reader.reject("a constant out of range");
    return plan.constants[index];
  });
}

}  // namespace ingot::lower
