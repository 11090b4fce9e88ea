#include "debug/explain.h"

#include <nlohmann/json.hpp>
#include <set>

#include "debug/step_facts.h"
#include "kernels/cuda/device_row.h"
#include "kernels/machine_peak.h"
#include "lower/lower.h"
#include "ops/cast.h"
#include "ops/fused.h"
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "tune/tuner.h"

namespace ingot::debug {
namespace {

using nlohmann::json;
using plan::Step;
using plan::StepKind;

// Whether a permutation takes channels from the second place to the last or back: [n, c, ...] and [n, ..., c].
bool moves_channels(const std::vector<int64_t>& permutation) {
  const auto rank = static_cast<int64_t>(permutation.size());
  if (rank < 3 || permutation[0] != 0) return false;
  bool to_last = permutation.back() == 1, to_second = permutation[1] == rank - 1;
  for (int64_t axis = 1; axis < rank; ++axis) {
    const int64_t from = permutation[static_cast<size_t>(axis)];
    if (axis + 1 < rank) to_last = to_last && from == axis + 1;
    if (axis > 1) to_second = to_second && from == axis - 1;
  }
  return to_last || to_second;
}

bool casts(const Op& op) {
  if (op.is<Cast>()) return true;
  const auto* fused = op.as<Fused>();
  if (fused == nullptr) return false;
  for (const TileInstruction& instruction : fused->body) {
    if (instruction.op.is<Cast>()) return true;
  }
  return false;
}

json counts_of(const plan::Plan& plan) {
  std::map<std::string, int64_t> counts = {{"kernels", 0},    {"evaluations", 0},        {"views", 0},
                                           {"transposes", 0}, {"layout_conversions", 0}, {"casts", 0}};
  for (const Step& step : plan.program.steps) {
    ++counts[step.kind == StepKind::kKernel ? "kernels" : step.kind == StepKind::kView ? "views" : "evaluations"];
    if (const auto* transpose = step.op.as<Transpose>(); transpose != nullptr && step.kind != StepKind::kView) {
      ++counts["transposes"];
      if (moves_channels(transpose->permutation)) ++counts["layout_conversions"];
    }
    if (casts(step.op)) ++counts["casts"];
  }
  json result = counts;
  result["steps"] = plan.program.steps.size();
  result["launches"] = counts["kernels"] + counts["evaluations"];
  if (const auto nodes = plan.info.metadata.find("onnx.nodes"); nodes != plan.info.metadata.end()) {
    result["onnx_nodes"] = std::stoll("0" + nodes->second);
  }
  if (!plan.portable_graph.empty()) {
    const ir::Graph graph = lower::portable_graph(plan);
    size_t operators = 0, launches = 0;
    for (const ir::NodeId id : graph.order()) {
      ++operators;
      if (!graph.node(id).op.is<Reshape>()) ++launches;
    }
    result["operators_before_fusion"] = operators;
    result["launches_before_fusion"] = launches;
  }
  return result;
}

std::string operand_text(const kernels::Operand& operand) {
  std::string text = std::string(dtype_name(operand.dtype)) + "[";
  for (size_t axis = 0; axis < operand.shape.size(); ++axis) {
    text += (axis > 0 ? "," : "") + (operand.shape[axis] < 0 ? "?" : std::to_string(operand.shape[axis]));
  }
  return text + "]";
}

json candidates_json(const Step& step, const std::vector<kernels::Candidate>& all) {
  json list = json::array();
  for (const kernels::Candidate& candidate : all) {
    json row = {{"kernel", candidate.row->name}, {"family", candidate.family->name}};
    if (candidate.refused != nullptr) {
      row["refused"] = candidate.refused;
    } else {
      row["estimated_ns"] = candidate.cost;
    }
    if (candidate.row->name == step.row) row["chosen"] = true;
    list.push_back(std::move(row));
  }
  return list;
}

// As the device keeps it.
kernels::Problem stored(kernels::Problem problem, DType storage) {
  for (auto* operands : {&problem.inputs, &problem.outputs}) {
    for (kernels::Operand& each : *operands) {
      each.dtype = kernels::cuda::stored(each.dtype, storage);
    }
  }
  return problem;
}

bool in_bf16(const kernels::Problem& problem) {
  for (const kernels::Operand& input : problem.inputs) {
    if (input.constant && input.dtype == DType::kBF16) return true;
  }
  return false;
}

class Explainer {
 public:
  Explainer(runtime::Session& session, const Measured& measured, const kernels::MachinePeak* peak)
      : plan_(session.plan()), measured_(measured), peak_(peak), target_(kernels::this_machine(session.threads())) {
    target_.isa = std::min(target_.isa, parse_isa(plan_.info.target_isa));
    on_device_ = session.device() != nullptr;
    if (on_device_) storage_ = session.device()->storage();
  }

  json step(size_t index) const {
    static constexpr const char* kKinds[] = {"kernel", "evaluation", "view"};
    const Step& step = plan_.program.steps[index];
    const kernels::Problem problem = problem_of(plan_.program, index, measured_);
    json row = {{"step", index},
                {"operator", step.op.name()},
                {"text", step.op.text()},
                // Passes put the node that a step ends with first; people read the other way.
                {"nodes", std::vector<std::string>(step.origin.rbegin(), step.origin.rend())},
                {"kind", kKinds[static_cast<int>(step.kind)]},
                {"results", json::array()}};
    for (const kernels::Operand& output : problem.outputs) {
      row["results"].push_back(output.present() ? operand_text(output) : "");
    }
    if (step.kind == StepKind::kKernel) {
      row["kernel"] = step.row;
      row["chosen_by"] = step.reason.empty() ? "cost model" : step.reason;
    } else if (!step.reason.empty()) {
      row["reason"] = step.reason;
    }
    if (step.kind != StepKind::kView) {
      add_candidates(problem, step, row);
      add_rates(problem, index, row);
    }
    return row;
  }

 private:
  void add_candidates(const kernels::Problem& problem, const Step& step, json& row) const {
    if (plan_.info.option("device", "cpu") != "cpu") return;  // one row per operator there
    for (const plan::ValueIndex input : step.inputs) {
      if (input != plan::kNoValue && !known_rank(input)) return;
    }
    const auto all = kernels::candidates(problem, target_);
    row["candidates"] = candidates_json(step, all);
    for (const kernels::Candidate& candidate : all) {
      if (candidate.row->name != step.row || candidate.refused != nullptr) continue;
      row["estimated_ns"] = candidate.cost;
      row["problem"] = tune::problem_text(problem);
    }
  }

  bool known_rank(plan::ValueIndex value) const {
    const plan::ValueDef& def = plan_.program.values[static_cast<size_t>(value)];
    return def.type.is_tensor() && (def.shape.has_value() || measured_.seen[static_cast<size_t>(value)]);
  }

  void add_rates(const kernels::Problem& problem, size_t index, json& row) const {
    const bool timed = index < measured_.steps.size() && (!on_device_ || measured_.steps[index].median_ns > 0);
    if (timed) {
      row["median_ns"] = measured_.steps[index].median_ns;
      row["least_ns"] = measured_.steps[index].least_ns;
    }
    for (const auto* list : {&plan_.program.steps[index].inputs, &plan_.program.steps[index].outputs}) {
      for (const plan::ValueIndex value : *list) {
        if (value != plan::kNoValue && !known_rank(value)) return;
      }
    }
    const auto work = kernels::work_of(stored(problem, storage_));
    if (!work) return;
    row["flops"] = work->flops;
    row["bytes"] = work->bytes;
    if (!timed || peak_ == nullptr || measured_.steps[index].median_ns == 0) return;
    const double seconds = static_cast<double>(measured_.steps[index].median_ns) * 1e-9;
    row["gflops"] = work->flops * 1e-9 / seconds;
    row["gbps"] = work->bytes * 1e-9 / seconds;
    const kernels::Roof roof = kernels::roof_of(*work, in_bf16(problem), *peak_);
    row["bound"] = roof.compute ? "compute" : "memory";
    row["roofline"] = roof.seconds / seconds;
  }

  const plan::Plan& plan_;
  const Measured& measured_;
  const kernels::MachinePeak* peak_;
  kernels::Target target_;
  bool on_device_ = false;
  DType storage_ = DType::kF32;
};

kernels::MachinePeak peak_of(runtime::Session& session) {
  if (session.device() != nullptr) return session.device()->peak();
  ThreadPool pool(session.threads());
  return kernels::measure_peak(pool);
}

json peak_json(const kernels::MachinePeak& peak) {
  json levels = json::array();
  for (const auto& level : peak.levels) levels.push_back({{"bytes", level.bytes}, {"gbps", level.gbps}});
  return {{"gflops", peak.gflops}, {"bf16_gflops", peak.bf16_gflops}, {"bandwidth", levels}};
}

}  // namespace

std::string explain(runtime::Session& session, std::span<const Value> inputs, int rounds, const Progress& progress) {
  const plan::Plan& plan = session.plan();
  const Measured measured = measure(session, inputs, rounds, progress);
  const std::string device = plan.info.option("device", "cpu");
  json result = {
      {"model", plan.info.model_name},
      {"device", device},
      {"precision", plan.info.option("precision", "fp32")},
      {"target", {{"isa", plan.info.target_isa}, {"cpu", plan.info.target_cpu}, {"threads", session.threads()}}},
      {"counts", counts_of(plan)},
      {"steps", json::array()}};
  std::optional<kernels::MachinePeak> peak;
  if (!measured.steps.empty()) {
    progress.report("measure the machine", 0, 1);
    peak = peak_of(session);
    result["machine"] = peak_json(*peak);
  }
  if (measured.total_ns > 0) result["total_ns"] = measured.total_ns;
  const Explainer explainer(session, measured, peak ? &*peak : nullptr);
  for (size_t s = 0; s < plan.program.steps.size(); ++s) result["steps"].push_back(explainer.step(s));
  if (session.device() != nullptr) {
    const runtime::DeviceReport report = session.device()->report();
    result["counts"]["launches"] = report.operations + report.host_steps.size();
    result["counts"]["host_steps"] = report.host_steps.size();
    result["device_ns"] = report.milliseconds * 1e6;
    result["tf32"] = report.tf32;
    for (const auto& [step, choice] : report.choices) result["steps"][step]["choice"] = choice;
  }
  return result.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ingot::debug
