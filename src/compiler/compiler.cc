#include "compiler/compiler.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "kernels/kernel.h"
#include "lower/lower.h"

namespace ingot::compiler {
namespace {

using nlohmann::json;

// Times stages and gives errors the frame of the stage they left.
class Stages {
 public:
  template <class Body> decltype(auto) run(const char* name, Body&& body) {
    const auto begin = std::chrono::steady_clock::now();
    struct Record {
      json& list;
      const char* name;
      std::chrono::steady_clock::time_point begin;
      ~Record() {
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
        list.push_back({{"name", name}, {"seconds", taken.count()}});
      }
    } record{list, name, begin};
    return with_frame([&] { return std::string("stage ") + name; }, body);
  }
  json list = json::array();
};

kernels::Target target_of(const BuildOptions& options) {
  kernels::Target target = kernels::this_machine(options.threads > 0 ? options.threads : cpu_features().cores);
  if (!options.isa.empty()) target.isa = parse_isa(options.isa);
  return target;
}

onnx::LoadOptions load_options(const BuildOptions& options, const std::vector<onnx::CustomOperator>& custom) {
  onnx::LoadOptions load;
  load.free_dimensions = options.free_dimensions;
  load.custom_operators = custom;
  return load;
}

// The sizes that --optShapes gives to the symbols of the inputs.
SymbolValues typical_sizes(const ir::Graph& graph, const BuildOptions& options) {
  SymbolValues sizes;
  for (const plan::ShapeRange& range : options.shapes) {
    const Shape& shape = range.opt.empty() ? range.max : range.opt;
    bool found = false;
    for (const ir::ValueId input : graph.inputs()) {
      if (graph.value(input).name != range.input) continue;
      found = true;
      const auto& dims = graph.fact(input).shape;
      if (!dims) continue;
      for (const Shape* each : {&range.min, &range.opt, &range.max}) {
        if (!each->empty() && each->size() != dims->size()) {
          fail(Code::kInvalidArgument, "input {} has rank {}, the given shape {} has {}", range.input, dims->size(),
               shape_text(*each), each->size());
        }
      }
      for (size_t axis = 0; axis < shape.size(); ++axis) {
        if (const std::string symbol = (*dims)[axis].symbol_name(); !symbol.empty()) sizes[symbol] = shape[axis];
      }
    }
    if (!found) fail(Code::kInvalidArgument, "shapes are given for {}, which is no input of the model", range.input);
  }
  return sizes;
}

json step_report(const plan::Program& program) {
  std::map<std::string, int64_t> kinds, evaluations;
  for (const plan::Step& step : program.steps) {
    static constexpr const char* kKinds[] = {"kernel", "evaluation", "view"};
    ++kinds[kKinds[static_cast<int>(step.kind)]];
    if (step.kind == plan::StepKind::kEvaluate) ++evaluations[std::string(step.op.name()) + ": " + step.reason];
  }
  return {{"steps", program.steps.size()}, {"kinds", kinds}, {"evaluations", evaluations}};
}

void describe(plan::Plan& plan, const BuildOptions& options, const kernels::Target& target) {
  plan.info.library_version = INGOT_LIBRARY_VERSION;
  plan.info.kernel_abi = plan::kernel_abi();
  plan.info.target_isa = isa_name(target.isa);
  plan.info.target_cpu = cpu_features().model;
  plan.info.shapes = options.shapes;
  plan.info.options = {{"precision", options.precision}, {"device", options.device}};
  for (const auto& [name, size] : options.free_dimensions)
    plan.info.options["free-dimension " + name] = std::to_string(size);
  for (const auto& pass : options.disabled_passes) plan.info.options["disable-pass " + pass] = "true";
  if (options.max_patches >= 0) plan.info.options["max-patches"] = std::to_string(options.max_patches);
}

plan::Plan finish(ir::Graph graph, const BuildOptions& options, const Progress& progress, Stages& stages, json& report,
                  BuildResult* result) {
  const kernels::Target target = target_of(options);
  const ir::Graph portable = graph.clone();
  lower::LowerOptions lowering;
  lowering.target = target;
  lowering.typical = typical_sizes(graph, options);
  lowering.keep_portable = options.keep_portable;
  (void)result;
  plan::Plan plan = stages.run("lower", [&] { return lower::lower(graph, portable, lowering, progress); });
  describe(plan, options, target);
  report["program"] = step_report(plan.program);
  return plan;
}

}  // namespace

BuildResult build(const onnx::Model& model, const std::string& model_name, const std::string& model_hash,
                  const BuildOptions& options, const std::vector<onnx::CustomOperator>& custom,
                  const Progress& progress) {
  BuildResult result;
  Stages stages;
  json report;
  ir::Graph graph = stages.run("load", [&] { return onnx::load(model, load_options(options, custom), progress); });
  result.plan = finish(std::move(graph), options, progress, stages, report, &result);
  result.plan.info.model_name = model_name;
  result.plan.info.model_hash = model_hash;
  for (const auto& pair : model.metadata_props) result.plan.info.metadata[pair.key] = pair.value;
  report["stages"] = stages.list;
  result.report_json = report.dump();
  return result;
}

plan::Plan respecialize(const plan::Plan& plan, const Progress& progress) {
  Stages stages;
  json report;
  BuildOptions options;
  options.shapes = plan.info.shapes;
  plan::Plan made = finish(lower::portable_graph(plan), options, progress, stages, report, nullptr);
  made.info.model_name = plan.info.model_name;
  made.info.model_hash = plan.info.model_hash;
  made.info.metadata = plan.info.metadata;
  made.info.options = plan.info.options;
  return made;
}

}  // namespace ingot::compiler
