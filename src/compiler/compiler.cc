#include "compiler/compiler.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "ir/text.h"
#include "kernels/kernel.h"
#include "lower/lower.h"
#include "ops/attention.h"
#include "ops/cast.h"
#include "ops/matmul.h"
#include "ops/matmul_integer.h"
#include "passes/pipeline.h"
#include "precision/narrow_floats.h"
#include "runtime/streams.h"

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
  const runtime::ThreadOptions threads{options.threads, options.streams};
  kernels::Target target = kernels::this_machine(runtime::threads_per_stream(threads));
  if (!options.isa.empty()) target.isa = parse_isa(options.isa);
  return target;
}

void check_device(const BuildOptions& options) {
  if (options.device == "cpu" && options.precision == "fp16") {
    fail(Code::kUnsupported, "precision fp16 is for GPUs; the CPU computes in fp32 or bf16");
  }
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

// Steps whose kernel was chosen by the shipped measurements.
size_t shipped_steps(const plan::Program& program) {
  return static_cast<size_t>(std::count_if(program.steps.begin(), program.steps.end(), [](const plan::Step& step) {
    return step.reason.starts_with("shipped, ");
  }));
}

json tuning_report(const tune::TuneReport& tuning) {
  return {{"database", tuning.database}, {"problems", tuning.problems},         {"found", tuning.found},
          {"measured", tuning.measured}, {"unmeasured", tuning.unmeasured},     {"unknown", tuning.unknown},
          {"changed", tuning.changed},   {"budget_spent", tuning.budget_spent}, {"seconds", tuning.seconds},
          {"ignored", tuning.ignored}};
}

void describe(plan::Plan& plan, const BuildOptions& options, const kernels::Target& target) {
  plan.info.library_version = INGOT_LIBRARY_VERSION;
  plan.info.kernel_abi = plan::kernel_abi();
  plan.info.target_isa = isa_name(target.isa);
  plan.info.target_cpu = cpu_features().model;
  plan.info.shapes = options.shapes;
  plan.info.options = {{"precision", options.precision}, {"device", options.device}};
  if (options.tf32) plan.info.options["tf32"] = "true";
  if (options.fallback) plan.info.options["fallback"] = "true";
  for (const auto& [name, size] : options.free_dimensions)
    plan.info.options["free-dimension " + name] = std::to_string(size);
  for (const auto& pass : options.disabled_passes) plan.info.options["disable-pass " + pass] = "true";
  if (options.max_patches >= 0) plan.info.options["max-patches"] = std::to_string(options.max_patches);
}

bool has_attention(const kernels::Target& target) {
  const kernels::Operand heads{DType::kF32, {-1, -1, -1, -1}};
  return kernels::pick({Attention{}, {heads, heads, heads}, {heads}}, target).row != nullptr;
}

bool has_integer_products(const kernels::Target& target) {
  const MatMulInteger scaled{{{Cast{DType::kF32}, {0}}}};
  const kernels::Problem problem{
      scaled, {{DType::kU8, {-1, 64}}, {DType::kI8, {64, 64}, true}}, {{DType::kF32, {-1, 64}}}};
  return kernels::pick(problem, target).row != nullptr;
}

// Runs pass stages, honouring the options that name passes of other stages too.
class PassStages {
 public:
  PassStages(const BuildOptions& options, const kernels::Target& target, const Progress& progress, json& report)
      : options_(options), report_(report), patches_left_(options.max_patches < 0 ? INT64_MAX : options.max_patches) {
    base_.progress = progress;
    const bool cpu = options.device == "cpu";
    if (cpu && options.precision == "bf16") {
      base_.target.pointwise_types.push_back(DType::kBF16);
      base_.target.mixed_epilogue_types.push_back(DType::kBF16);
    }
    base_.target.merge_siblings = cpu;
    base_.target.chains = cpu;
    base_.target.half_floats = !cpu;
    base_.target.join_products = !cpu;
    if (!cpu) base_.target.max_joined = 0;  // sessions find them, see runtime/device_views.h
    // The CPU has it in f32, GPUs in 16 bits, where it pays.
    base_.target.integer_products = cpu && has_integer_products(target);
    base_.target.attention = cpu ? has_attention(target) : options.precision != "fp32";
    check_names();
  }

  // Whether the build stops here: a pass of these stages was named by stop-after.
  bool run(ir::Graph& graph, const std::vector<passes::Stage>& stages) {
    passes::PassOptions options = base_;
    options.max_patches = patches_left_;
    bool stops = false;
    for (const passes::Stage& stage : stages) {
      for (const passes::Pass& pass : stage.passes) {
        if (std::find(options_.disabled_passes.begin(), options_.disabled_passes.end(), pass.name) !=
            options_.disabled_passes.end()) {
          options.disabled.emplace_back(pass.name);
        }
        stops = stops || options_.stop_after == pass.name;
      }
    }
    if (stops) options.stop_after = options_.stop_after;
    const passes::PassReport done = passes::run_passes(graph, stages, options);
    patches_left_ = std::max<int64_t>(0, patches_left_ - done.patches);
    add(done);
    return stops;
  }

 private:
  void check_names() const {
    std::string valid;
    const auto known = [&](const std::string& name) {
      for (const auto& stages : {passes::portable_stages(), precision::bf16_stages(), passes::target_stages()}) {
        for (const passes::Stage& stage : stages) {
          for (const passes::Pass& pass : stage.passes) {
            if (name == pass.name) return true;
            valid += std::string(valid.empty() ? "" : ", ") + pass.name;
          }
        }
      }
      return false;
    };
    for (const auto& name : options_.disabled_passes) {
      if (!known(name)) fail(Code::kInvalidArgument, "there is no pass '{}'; valid: {}", name, valid);
    }
    const std::string& stop = options_.stop_after;
    if (!stop.empty() && stop != "load" && stop != "passes" && !known(stop)) {
      fail(Code::kInvalidArgument, "there is no stage or pass '{}'; valid: load, passes, {}", stop, valid);
    }
  }

  void add(const passes::PassReport& done) {
    for (const passes::PassRecord& record : done.passes) {
      report_["passes"].push_back({{"name", record.name},
                                   {"seconds", record.seconds},
                                   {"patches", record.patches},
                                   {"nodes_before", record.nodes_before},
                                   {"nodes_after", record.nodes_after}});
    }
    for (const passes::Refusal& refusal : done.refusals) {
      report_["refusals"].push_back(
          {{"pass", refusal.pass}, {"rule", refusal.rule}, {"node", refusal.node}, {"reason", refusal.reason}});
    }
    for (const auto& [what, count] : done.counts) report_["counts"][what] = count;
  }

  const BuildOptions& options_;
  json& report_;
  int64_t patches_left_;
  passes::PassOptions base_;
};

// How `target` multiplies matrices of bf16; null when no kernel does.
const char* bf16_products(const kernels::Target& target) {
  const kernels::Operand matrix{DType::kBF16, {-1, 64}}, weights{DType::kBF16, {64, 64}, true};
  const kernels::Candidate row = kernels::pick({MatMul{}, {matrix, weights}, {matrix}}, target);
  if (row.row == nullptr) return nullptr;
  if (row.row->isa == IsaLevel::kAmx) return "amx";
  return row.row->isa == IsaLevel::kAvx512Bf16 ? "avx512_bf16" : "widened: no faster than fp32 on this CPU";
}

// The precision that the plan gets: the one asked for, unless no kernel computes in it.
std::string precision_of(const BuildOptions& options, const kernels::Target& target, json& report) {
  report["precision"] = {{"asked", options.precision}, {"built", options.precision}};
  if (options.device != "cpu" || options.precision != "bf16") return options.precision;
  const char* products = bf16_products(target);
  if (products != nullptr) {
    report["precision"]["products"] = products;
    return options.precision;
  }
  report["precision"]["built"] = "fp32";
  report["precision"]["reason"] = std::string("no kernel multiplies bf16 at the ISA level ") + isa_name(target.isa);
  log(LogLevel::kWarning, "precision bf16: no kernel multiplies bf16 at the ISA level {}; the plan computes in fp32",
      isa_name(target.isa));
  return "fp32";
}

void add_device_code(plan::Plan& plan, const BuildOptions& options, Stages& stages, json& report) {
  if (options.device_code.empty()) return;
  if (options.device == "cpu") {
    log(LogLevel::kWarning, "embed-device-code: a plan for the CPU has no device code");
    return;
  }
  stages.run("device code", [&] { embed_device_code(plan, options.device_code); });
  for (const auto& each : plan::device_code_sizes(plan)) {
    report["device_code"].push_back({{"architecture", each.architecture}, {"sources", each.sources}});
  }
}

// From a loaded graph to the plan, or to the dump where the build was told to stop.
void finish(ir::Graph graph, const BuildOptions& asked, const Progress& progress, Stages& stages, json& report,
            BuildResult& result) {
  check_device(asked);
  const kernels::Target target = target_of(asked);
  BuildOptions options = asked;
  options.precision = precision_of(asked, target, report);
  PassStages pass_stages(options, target, progress, report);
  const auto dump = [&] { result.dump = ir::print_graph(graph); };
  if (options.stop_after == "load") return dump();
  if (stages.run("simplify", [&] { return pass_stages.run(graph, passes::portable_stages()); })) return dump();
  if (options.device == "cpu" && options.precision == "bf16" &&
      stages.run("precision", [&] { return pass_stages.run(graph, precision::bf16_stages()); })) {
    return dump();
  }
  const ir::Graph portable = graph.clone();
  if (stages.run("optimize", [&] { return pass_stages.run(graph, passes::target_stages()); })) return dump();
  if (options.stop_after == "passes") return dump();
  lower::LowerOptions lowering;
  lowering.target = target;
  lowering.device = options.device == "cpu" ? "cpu" : "cuda";
  lowering.typical = typical_sizes(graph, options);
  lowering.keep_portable = options.keep_portable;
  std::optional<tune::Tuner> tuner;
  const bool measures = lowering.device == "cpu" && options.tune.measures_or_remembers();
  if (measures || (lowering.device == "cpu" && !options.tune.shipped.empty())) {
    stages.run("tune", [&] {
      tuner.emplace(options.tune, target);
      if (measures) tuner->measure(graph, lowering, progress);
    });
    lowering.choose = tuner->chooser();
    if (measures) report["tuning"] = tuning_report(tuner->report());
  }
  result.plan = stages.run("lower", [&] { return lower::lower(graph, portable, lowering, progress); });
  describe(result.plan, options, target);
  add_device_code(result.plan, options, stages, report);
  report["program"] = step_report(result.plan.program);
  report["shipped_tuning"] = {{"database", options.tune.shipped.string()},
                              {"steps", shipped_steps(result.plan.program)}};
}

// Initializers that are inputs too, [name, ONNX's number of the type, sizes]: defaults, which a caller may override.
json overridable_initializers(const onnx::Model& model) {
  json result = json::array();
  if (model.ir_version < 4) return result;  // every initializer is an input there
  std::map<std::string, const onnx::TensorProto*> initializers;
  for (const auto& tensor : model.graph.initializers) initializers[tensor.name] = &tensor;
  for (const auto& input : model.graph.inputs) {
    const auto found = initializers.find(input.name);
    if (found != initializers.end()) {
      result.push_back({input.name, found->second->data_type, found->second->dims});
    }
  }
  return result;
}

// The model's own metadata; what ONNX keeps outside of metadata_props comes under the prefix "onnx.".
std::map<std::string, std::string> model_metadata(const onnx::Model& model) {
  const int64_t version = model.model_version != 0 ? model.model_version : INT64_MAX;  // as ONNX Runtime says "none"
  std::map<std::string, std::string> metadata = {{"onnx.producer_name", model.producer_name},
                                                 {"onnx.graph_name", model.graph.name},
                                                 {"onnx.domain", model.domain},
                                                 {"onnx.description", model.doc_string},
                                                 {"onnx.version", std::to_string(version)},
                                                 {"onnx.nodes", std::to_string(model.graph.nodes.size())}};
  if (!model.graph.doc_string.empty()) metadata["onnx.graph_description"] = model.graph.doc_string;
  if (const json overridable = overridable_initializers(model); !overridable.empty()) {
    metadata["onnx.overridable_initializers"] = overridable.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  for (const auto& pair : model.metadata_props) metadata[pair.key] = pair.value;
  return metadata;
}

}  // namespace

BuildResult build(const onnx::Model& model, const std::string& model_name, const std::string& model_hash,
                  const BuildOptions& options, const std::vector<onnx::CustomOperator>& custom,
                  const Progress& progress) {
  BuildResult result;
  Stages stages;
  json report;
  ir::Graph graph = stages.run("load", [&] { return onnx::load(model, load_options(options, custom), progress); });
  finish(std::move(graph), options, progress, stages, report, result);
  result.plan.info.model_name = model_name;
  result.plan.info.model_hash = model_hash;
  result.plan.info.metadata = model_metadata(model);
  report["stages"] = stages.list;
  result.report_json = report.dump(-1, ' ', false, json::error_handler_t::replace);
  return result;
}

plan::Plan respecialize(const plan::Plan& plan, const Progress& progress) {
  BuildOptions options;
  options.shapes = plan.info.shapes;
  options.device = plan.info.option("device", "cpu");
  options.precision = plan.info.option("precision", "fp32");
  options.tf32 = plan.info.option("tf32", "false") == "true";
  return respecialize(plan, options, progress);
}

plan::Plan respecialize(const plan::Plan& plan, const BuildOptions& options, const Progress& progress) {
  Stages stages;
  json report;
  BuildResult result;
  finish(lower::portable_graph(plan), options, progress, stages, report, result);
  result.plan.info.model_name = plan.info.model_name;
  result.plan.info.model_hash = plan.info.model_hash;
  result.plan.info.metadata = plan.info.metadata;
  result.plan.info.options = plan.info.options;
  return std::move(result.plan);
}

}  // namespace ingot::compiler
