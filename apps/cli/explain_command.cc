#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/cli/explain_page.h"
#include "apps/cli/model_input.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

struct ExplainCommand {
  std::string model, page;
  InputFlags inputs;
  int rounds = 9;
  int64_t step = -1;
  bool slowest = false;
  BuildFlags flags;
};

// "Conv_0 Relu_1 +3": the first names of ONNX nodes, shortened to a width that leaves the table readable.
std::string nodes_text(const json& nodes) {
  constexpr size_t kWidth = 60;
  std::string text;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const std::string name = nodes[i];
    if (i > 0 && text.size() + name.size() > kWidth) return text + fmt::format(" +{}", nodes.size() - i);
    text += (i > 0 ? " " : "") + name;
  }
  return text;
}

std::string how_text(const json& step) {
  if (step.contains("kernel")) return step["kernel"];
  return step["kind"] == "view" ? "view" : "evaluation: " + step.value("reason", "");
}

std::string bounding_rate_text(const json& step) {
  if (!step.contains("roofline")) return "";
  return step["bound"] == "compute" ? rate_text(step["gflops"], "FLOP/s") : rate_text(step["gbps"], "B/s");
}

// "avx2_conv_f32_6x16 1.4x" of the next best kernel, by estimate.
std::string rival_text(const json& step) {
  const double own = step.value("estimated_ns", 0.0);
  for (const auto& candidate : step.value("candidates", json::array())) {
    if (candidate.value("chosen", false) || candidate.contains("refused") || own <= 0) continue;
    return fmt::format("{} {:.2g}x", candidate["kernel"].get<std::string>(),
                       candidate["estimated_ns"].get<double>() / own);
  }
  return "";
}

void print_steps(const json& explained, bool slowest) {
  const double total = explained.value("device_ns", explained.value("total_ns", 0.0));
  std::vector<const json*> order;
  for (const auto& step : explained["steps"]) order.push_back(&step);
  if (slowest) {
    std::stable_sort(order.begin(), order.end(), [](const json* a, const json* b) {
      return a->value("median_ns", 0.0) > b->value("median_ns", 0.0);
    });
  }
  std::vector<std::vector<std::string>> rows;
  for (const json* step : order) {
    const double median = step->value("median_ns", 0.0);
    const bool timed = step->contains("median_ns") && (*step)["kind"] != "view";
    rows.push_back({std::to_string((*step)["step"].get<int64_t>()), (*step)["operator"],
                    (*step)["results"].empty() ? "" : (*step)["results"][0].get<std::string>(), how_text(*step),
                    timed ? time_text(median / 1e9) : "",
                    timed && total > 0 ? fmt::format("{:.1f} %", median / total * 100) : "", bounding_rate_text(*step),
                    step->contains("roofline") ? fmt::format("{:.0f} %", (*step)["roofline"].get<double>() * 100) : "",
                    rival_text(*step), nodes_text((*step)["nodes"])});
  }
  fmt::print(
      "{}\n",
      table({"step", "operator", "result", "how", "time", "share", "rate", "roof", "next best", "ONNX nodes"}, rows));
}

void print_summary(const json& explained) {
  const json& counts = explained["counts"];
  const auto count = [&](const char* name) { return counts.value(name, int64_t{0}); };
  std::string line;
  if (counts.contains("onnx_nodes")) line += fmt::format("{} ONNX nodes -> ", count("onnx_nodes"));
  if (counts.contains("operators_before_fusion")) {
    line += fmt::format("{} operators -> ", count("operators_before_fusion"));
  }
  line += fmt::format("{} steps ({} kernels, {} evaluations, {} views)", count("steps"), count("kernels"),
                      count("evaluations"), count("views"));
  fmt::print("{}\n", line);
  const std::string before = counts.contains("launches_before_fusion")
                                 ? fmt::format(" ({} without fusion)", count("launches_before_fusion"))
                                 : "";
  fmt::print("launches per run: {}{}   layout conversions left: {}   other transposes: {}   precision casts: {}\n",
             count("launches"), before, count("layout_conversions"), count("transposes") - count("layout_conversions"),
             count("casts"));
  if (!explained.contains("machine")) return;
  const json& machine = explained["machine"];
  std::string bandwidth;
  for (const auto& level : machine["bandwidth"]) {
    bandwidth += fmt::format("{}{} up to {}", bandwidth.empty() ? "" : ", ", rate_text(level["gbps"], "B/s"),
                             bytes_text(level["bytes"].get<double>()));
  }
  const bool on_cpu = explained["device"] == "cpu";
  fmt::print(
      "{} at best{}: {} {}, {}\n", on_cpu ? "this machine" : "the device",
      on_cpu ? fmt::format(", {} threads", explained["target"]["threads"].get<int>()) : "",
      rate_text(machine["gflops"], "FLOP/s"),
      on_cpu ? "f32" : explained["precision"].get<std::string>() + (explained.value("tf32", false) ? ", tf32: on" : ""),
      bandwidth);
}

// What ran by evaluation, or on the host of a device plan, and why.
void print_host_steps(const json& explained) {
  std::map<std::string, int64_t> reasons;
  for (const auto& step : explained["steps"]) {
    if (step["kind"] == "evaluation") {
      ++reasons[step["operator"].get<std::string>() + ": " + step.value("reason", "")];
    }
  }
  if (reasons.empty()) return;
  fmt::print("\n{}\n", explained["device"] == "cpu" ? "evaluated slowly" : "on the host");
  for (const auto& [reason, count] : reasons) fmt::print("  {} x {}\n", count, reason);
}

// What steps with a choice on the device run as, and why.
void print_choices(const json& explained) {
  std::map<std::string, int64_t> choices;
  for (const auto& step : explained["steps"]) {
    if (step.contains("choice"))
      ++choices[step["operator"].get<std::string>() + ": " + step["choice"].get<std::string>()];
  }
  if (!choices.empty()) fmt::print("\nchosen on the device\n");
  for (const auto& [choice, count] : choices) fmt::print("  {} x {}\n", count, choice);
}

void print_one(const json& step) {
  fmt::print("step {}: {}\n", step["step"].get<int64_t>(), step["text"].get<std::string>());
  if (step.contains("problem")) fmt::print("problem: {}\n", step["problem"].get<std::string>());
  for (const auto& result : step["results"]) fmt::print("result: {}\n", result.get<std::string>());
  for (const auto& node : step["nodes"]) fmt::print("from ONNX node: {}\n", node.get<std::string>());
  fmt::print("how: {}{}\n", how_text(step),
             step.contains("chosen_by") ? fmt::format(" (by {})", step["chosen_by"].get<std::string>()) : "");
  if (step.contains("choice")) fmt::print("on the device: {}\n", step["choice"].get<std::string>());
  if (step.contains("flops")) {
    fmt::print("work: {:.3g} MFLOP, {}\n", step["flops"].get<double>() / 1e6, bytes_text(step["bytes"].get<double>()));
  }
  if (step.contains("median_ns")) {
    fmt::print("time: {} (fastest {})\n", time_text(step["median_ns"].get<double>() / 1e9),
               time_text(step["least_ns"].get<double>() / 1e9));
  }
  if (step.contains("roofline")) {
    fmt::print("rate: {}, {}: {:.0f} % of the roof, bound by {}\n", rate_text(step["gflops"], "FLOP/s"),
               rate_text(step["gbps"], "B/s"), step["roofline"].get<double>() * 100, step["bound"].get<std::string>());
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& candidate : step.value("candidates", json::array())) {
    rows.push_back({candidate["kernel"], candidate["family"],
                    candidate.contains("refused") ? "" : time_text(candidate["estimated_ns"].get<double>() / 1e9),
                    candidate.value("chosen", false) ? "chosen" : candidate.value("refused", "costs more")});
  }
  if (!rows.empty()) fmt::print("\n{}", table({"kernel", "family", "estimate", "verdict"}, rows));
}

int explain(ExplainCommand& command, const Common& common) {
  const Plan plan = load_or_build(command.model, command.flags, common);
  const Session session(plan, session_options_of(command.flags));
  const auto inputs = command.inputs.make(session);
  const json explained = json::parse(explain_json(session, inputs, command.rounds));
  if (!command.page.empty()) {
    std::ofstream file(command.page);
    file << explain_page(explained);
    if (!file.flush()) throw Exception(INGOT_IO, "cannot write " + command.page);
  }
  if (common.json) {
    fmt::print("{}\n", explained.dump());
    return kOk;
  }
  if (command.step >= 0) {
    if (command.step >= static_cast<int64_t>(explained["steps"].size())) {
      throw Exception(INGOT_INVALID_ARGUMENT, fmt::format("the plan has {} steps", explained["steps"].size()));
    }
    print_one(explained["steps"][static_cast<size_t>(command.step)]);
    return kOk;
  }
  print_summary(explained);
  if (explained.contains("total_ns")) {
    fmt::print("one run: {}, median of {}\n", time_text(explained["total_ns"].get<double>() / 1e9), command.rounds);
  }
  fmt::print("\n");
  print_steps(explained, command.slowest);
  print_host_steps(explained);
  print_choices(explained);
  if (!command.page.empty()) fmt::print("{} written\n", command.page);
  return kOk;
}

}  // namespace

void add_explain(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<ExplainCommand>();
  CLI::App* verb = app.add_subcommand("explain", "Tells which kernel runs what, why, and how near the machine's best");
  verb->add_option("model", command->model, "A plan or an .onnx file")->required();
  command->inputs.add_to(*verb);
  verb->add_option("--rounds", command->rounds, "Timed runs; 0: nothing is run")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  verb->add_option("--step", command->step, "One step in full: its ONNX nodes and every kernel, with reasons");
  verb->add_flag("--slowest", command->slowest, "Slowest steps first");
  verb->add_option("--html", command->page, "Write a page that opens in any browser");
  command->flags.add_to(*verb);
  verb->callback([command, &common, &result] { result = explain(*command, common); });
}

}  // namespace ingot::cli
