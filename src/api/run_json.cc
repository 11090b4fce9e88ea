// Plans and sessions as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/handles.h"

namespace ingot::api {
namespace {

using nlohmann::json;

json shape_array(const plan::ValueDef& value) {
  if (!value.type.is_tensor() || !value.shape) return nullptr;
  json sizes = json::array();
  for (const Dim& dim : *value.shape) {
    if (dim.is_constant()) {
      sizes.push_back(*dim.constant());
    } else {
      sizes.push_back(dim.text());
    }
  }
  return sizes;
}

json value_json(const plan::Program& program, plan::ValueIndex index) {
  if (index == plan::kNoValue) return nullptr;
  const plan::ValueDef& value = program.values[static_cast<size_t>(index)];
  json result = {
      {"index", index}, {"name", value.name}, {"type", onnx_type_text(value.type)}, {"shape", shape_array(value)}};
  if (value.constant >= 0) result["constant"] = value.constant;
  return result;
}

json step_json(const plan::Program& program, const plan::Step& step) {
  static constexpr const char* kKinds[] = {"kernel", "evaluation", "view"};
  json result = {{"kind", kKinds[static_cast<int>(step.kind)]},
                 {"operator", step.op.name()},
                 {"text", step.op.text()},
                 {"nodes", step.origin},
                 {"inputs", json::array()},
                 {"outputs", json::array()}};
  if (!step.row.empty()) result["kernel"] = step.row;
  if (!step.reason.empty()) result["reason"] = step.reason;
  for (const auto input : step.inputs) result["inputs"].push_back(value_json(program, input));
  for (const auto output : step.outputs) result["outputs"].push_back(value_json(program, output));
  return result;
}

json program_json(const plan::Program& program) {
  json result = {{"name", program.name},
                 {"inputs", json::array()},
                 {"outputs", json::array()},
                 {"steps", json::array()},
                 {"bodies", json::array()}};
  for (const auto input : program.inputs) result["inputs"].push_back(value_json(program, input));
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    json output = value_json(program, program.outputs[i]);
    output["name"] = program.output_names[i];
    result["outputs"].push_back(std::move(output));
  }
  for (const auto& step : program.steps) result["steps"].push_back(step_json(program, step));
  for (const auto& body : program.bodies) result["bodies"].push_back(program_json(*body));
  return result;
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string onnx_type_text(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kTensor: return fmt::format("tensor({})", onnx_name(type.dtype));
    case Type::Kind::kSequence: return fmt::format("seq({})", onnx_type_text(*type.element));
    case Type::Kind::kOptional: return fmt::format("optional({})", onnx_type_text(*type.element));
    case Type::Kind::kMap: return fmt::format("map({},tensor({}))", onnx_name(type.key), onnx_name(type.dtype));
  }
  return "";
}

std::string shape_json(const plan::ValueDef& value) {
  json sizes = shape_array(value);
  if (sizes.is_array()) {
    for (json& size : sizes) {
      if (!size.is_string()) continue;
      const std::string name = size.get<std::string>();
      // Sizes that the model leaves unnamed have made-up names (with ? or .): null to the user. A name that several
      // axes of one input share is told apart by @axis.
      if (name.find_first_of("?.") != std::string::npos) {
        size = nullptr;
      } else {
        size = name.substr(0, name.find('@'));
      }
    }
  }
  return dump(sizes);
}

std::string plan_json(const plan::Plan& plan) {
  const plan::PlanInfo& info = plan.info;
  json result = {{"library_version", info.library_version},
                 {"kernel_abi", info.kernel_abi},
                 {"target", {{"isa", info.target_isa}, {"cpu", info.target_cpu}}},
                 {"model", {{"name", info.model_name}, {"hash", info.model_hash}}},
                 {"options", info.options},
                 {"metadata", info.metadata},
                 {"portable_graph_bytes", plan.portable_graph.size()},
                 {"device_code", json::array()},
                 {"shapes", json::array()},
                 {"program", program_json(plan.program)}};
  for (const auto& range : info.shapes) {
    result["shapes"].push_back({{"input", range.input}, {"min", range.min}, {"opt", range.opt}, {"max", range.max}});
  }
  for (const auto& each : plan::device_code_sizes(plan)) {
    result["device_code"].push_back({{"architecture", each.architecture},
                                     {"sources", each.sources},
                                     {"machine_code_bytes", each.machine_code},
                                     {"ptx_bytes", each.intermediate}});
  }
  int64_t bytes = 0;
  for (const Tensor& constant : plan.constants) bytes += constant.byte_size();
  result["constants"] = {{"count", plan.constants.size()}, {"bytes", bytes}};
  return dump(result);
}

namespace {

// Where the time to the first result went, in milliseconds; see docs/plan-cache.md.
json preparation_json(const runtime::DeviceReport& device) {
  const device::Effort& effort = device.effort;
  const runtime::Preparation& spent = device.spent;
  nlohmann::json recalled = nlohmann::json::object();
  for (const auto& [library, sum] : effort.recalled) {
    recalled[library] = {{"count", sum.count}, {"make_ms", sum.make_ms}, {"run_ms", sum.run_ms}};
  }
  const double rate = static_cast<double>(spent.weight_bytes) / 1e6 / std::max(spent.weights_ms, 1e-3);
  return {{"context_ms", effort.context_ms},
          {"libraries_ms", effort.libraries_ms},
          {"choices_ms", spent.choices_ms},
          {"measured", effort.measured},
          {"remembered", effort.remembered},
          {"modules_ms", spent.modules_ms},
          {"compiled", effort.compiled},
          {"code_found", effort.code_found},
          {"brought", effort.brought},
          {"translated", effort.translated},
          {"device_code", device.device_code},
          {"weights_ms", spent.weights_ms},
          {"weight_bytes", spent.weight_bytes},
          {"weights_gb_per_second", rate},
          {"capture_ms", spent.capture_ms},
          {"bind_ms", spent.bind_ms},
          {"recalled", recalled}};
}

}  // namespace

std::string session_json(runtime::Session& session) {
  json result = {{"threads", session.threads()},
                 {"streams", session.streams()},
                 {"metadata", session.plan().info.metadata},
                 {"allocating_steps", json::array()}};
  int64_t bytes = 0;
  for (const Tensor& constant : session.plan().constants) bytes += constant.byte_size();
  result["constant_bytes"] = bytes;
  runtime::DeviceReport device;
  if (session.device() != nullptr) {
    device = session.device()->report();
    result["device"] = {{"name", device.name},
                        {"milliseconds", device.milliseconds},
                        {"lower_milliseconds", device.lower_milliseconds},
                        {"upper_milliseconds", device.upper_milliseconds},
                        {"operations", device.operations},
                        {"graphs", device.graphs},
                        {"runs", session.devices()->runs()},
                        {"recordings", device.recordings},
                        {"tf32", device.tf32},
                        {"arena_bytes", device.arena_bytes},
                        {"largest_live_set", device.largest_live_set},
                        {"workspace_bytes", device.workspace_bytes},
                        {"constant_bytes", device.constant_bytes},
                        {"constant_sharers", device.constant_sharers},
                        {"preparation", preparation_json(device)},
                        {"choices", json::array()}};
    for (const auto& [step, choice] : device.choices) {
      result["device"]["choices"].push_back(
          {{"step", step}, {"operator", session.plan().program.steps[step].op.name()}, {"choice", choice}});
    }
  }
  for (const auto& [step, reason] :
       session.device() != nullptr ? device.host_steps : session.executor()->allocating_steps()) {
    const auto& info = session.plan().program.steps[step];
    result["allocating_steps"].push_back(
        {{"step", step}, {"operator", info.op.name()}, {"nodes", info.origin}, {"reason", reason}});
  }
  return dump(result);
}

}  // namespace ingot::api
