#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "apps/cli/model_input.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

struct InspectCommand {
  std::string model, shapes;
  bool steps = false, text = false, verify = false;
  BuildFlags flags;
};

// Symbolic sizes without a given shape count as 1.
std::string all_shapes(const Session& session, const std::string& given) {
  const auto shapes = parse_shapes(given);
  std::string text;
  for (const auto& port : session.inputs()) {
    Shape shape;
    if (const auto found = shapes.find(port.name); found != shapes.end()) {
      shape = found->second;
    } else {
      const json declared = json::parse(port.shape);
      if (!declared.is_array()) return "";
      for (const auto& size : declared) shape.push_back(size.is_number() ? size.get<int64_t>() : 1);
    }
    std::string sizes;
    for (const int64_t size : shape) sizes += (sizes.empty() ? "" : "x") + std::to_string(size);
    text += (text.empty() ? "" : ",") + port.name + ":" + sizes;
  }
  return text;
}

void print_ports(const char* kind, const std::vector<Session::Port>& ports) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& port : ports) rows.push_back({port.name, port.type, port.shape});
  fmt::print("{}\n", table({kind, "type", "shape"}, rows));
}

void print_steps(const json& program) {
  std::vector<std::vector<std::string>> rows;
  size_t index = 0;
  for (const auto& step : program["steps"]) {
    std::string nodes;
    for (const auto& node : step["nodes"]) nodes += (nodes.empty() ? "" : " ") + node.get<std::string>();
    const std::string how = step.contains("kernel")   ? step["kernel"].get<std::string>()
                            : step.contains("reason") ? "evaluation: " + step["reason"].get<std::string>()
                                                      : "view";
    const auto& outputs = step["outputs"];
    const std::string shape = outputs.empty() || outputs[0].is_null() ? "" : outputs[0]["shape"].dump();
    rows.push_back({std::to_string(index++), step["operator"], shape, how, nodes});
  }
  fmt::print("{}\n", table({"step", "operator", "result", "how", "ONNX nodes"}, rows));
}

int inspect(InspectCommand& command, const Common& common) {
  if (command.verify && ingot_is_plan_file(command.model.c_str()) != 0) Plan::load(command.model, true);
  const Plan plan = load_or_build(command.model, command.flags, common);
  if (command.text) {
    fmt::print("{}", plan.text());
    return kOk;
  }
  json result = json::parse(plan.json());
  Session session(plan);
  const std::string shapes = all_shapes(session, command.shapes);
  if (!shapes.empty()) {
    result["memory"] = json::parse(session.memory_json(shapes));
    result["memory"]["shapes"] = shapes;
  }
  result["session"] = json::parse(session.json());
  if (common.json) {
    fmt::print("{}\n", result.dump());
    return kOk;
  }
  fmt::print("plan of {} ({})\nbuilt by {} for {} on {}\n\n", result["model"]["name"].get<std::string>(),
             result["model"]["hash"].get<std::string>(), result["library_version"].get<std::string>(),
             result["target"]["isa"].get<std::string>(), result["target"]["cpu"].get<std::string>());
  print_ports("input", session.inputs());
  print_ports("output", session.outputs());
  if (command.steps) print_steps(result["program"]);
  fmt::print("{} steps, {} of them allocate when run\n", result["program"]["steps"].size(),
             result["session"]["allocating_steps"].size());
  for (const auto& step : result["session"]["allocating_steps"]) {
    fmt::print("  step {} {}: {}\n", step["step"].get<int64_t>(), step["operator"].get<std::string>(),
               step["reason"].get<std::string>());
  }
  fmt::print("constants {} in {} tensors, portable graph {}\n", bytes_text(result["constants"]["bytes"].get<double>()),
             result["constants"]["count"].get<int64_t>(), bytes_text(result["portable_graph_bytes"].get<double>()));
  for (const auto& each : result["device_code"]) {
    fmt::print("device code {}: {} sources, {} of machine code, {} of PTX\n", each["architecture"].get<std::string>(),
               each["sources"].get<int64_t>(), bytes_text(each["machine_code_bytes"].get<double>()),
               bytes_text(each["ptx_bytes"].get<double>()));
  }
  if (result.contains("memory")) {
    const double arena = result["memory"]["arena_bytes"], live = result["memory"]["largest_live_set"];
    fmt::print("activations at {}: {} (largest live set {}, ratio {:.3f})\n", shapes, bytes_text(arena),
               bytes_text(live), live > 0 ? arena / live : 1.0);
  }
  return kOk;
}

struct DiffCommand {
  std::string before, after;
};

int diff(const DiffCommand& command, const Common& common) {
  const std::string text = Plan::load(command.before).diff(Plan::load(command.after));
  if (common.json) {
    fmt::print("{}\n", json({{"equal", text.empty()}, {"diff", text}}).dump());
  } else {
    fmt::print("{}", text);
  }
  return text.empty() ? kOk : kMismatch;
}

}  // namespace

void add_inspect(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<InspectCommand>();
  CLI::App* verb = app.add_subcommand("inspect", "Shows what a plan does: inputs, steps, kernels, memory");
  verb->add_option("model", command->model, "A plan or an .onnx file")->required();
  verb->add_option("--shapes", command->shapes,
                   "Shapes to plan the memory for, name:1x3x224x224,... (unknown sizes: 1)");
  verb->add_flag("--steps", command->steps, "List every step");
  verb->add_flag("--text", command->text, "Print the plan's text form");
  verb->add_flag("--verify", command->verify, "Hash every byte of the plan, weights included");
  command->flags.add_to(*verb);
  verb->callback([command, &common, &result] { result = inspect(*command, common); });
}

void add_diff(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<DiffCommand>();
  CLI::App* verb = app.add_subcommand("diff", "Compares two plans; exit code 3 when they differ");
  verb->add_option("before", command->before, "A plan")->required();
  verb->add_option("after", command->after, "A plan")->required();
  verb->callback([command, &common, &result] { result = diff(*command, common); });
}

}  // namespace ingot::cli
