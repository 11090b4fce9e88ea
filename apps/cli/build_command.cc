#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/cli/model_input.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

struct BuildCommand {
  std::string model, output, dump;
  BuildFlags flags;
};

void print_tuning(const json& tuning) {
  const auto count = [&](const char* name) { return tuning[name].get<size_t>(); };
  fmt::print(
      "tuning: {} problems, {} known, {} measured in {}, {} left to the cost model{}; {} take another kernel than "
      "its\n",
      count("problems"), count("found"), count("measured"), time_text(tuning["seconds"]), count("unmeasured"),
      tuning["budget_spent"].get<bool>() ? " (the budget is spent)" : "", count("changed"));
}

void print_report(const json& report, const std::string& output, double seconds) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& stage : report.value("stages", json::array())) {
    rows.push_back({stage["name"], time_text(stage["seconds"])});
  }
  fmt::print("{}\n", table({"stage", "time"}, rows));
  const json program = report.value("program", json::object());
  std::string kinds;
  const json counts = program.value("kinds", json::object()),
             evaluations = program.value("evaluations", json::object());
  for (const auto& [kind, count] : counts.items()) {
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count.get<int64_t>(), kind);
  }
  fmt::print("{} steps: {}\n", program.value("steps", 0), kinds);
  if (const json tuning = report.value("tuning", json()); !tuning.is_null()) print_tuning(tuning);
  for (const auto& [what, count] : evaluations.items()) {
    fmt::print("  evaluated slowly: {} x {}\n", count.get<int64_t>(), what);
  }
  fmt::print("{} written, {}, in {}\n", output, bytes_text(static_cast<double>(std::filesystem::file_size(output))),
             time_text(seconds));
}

int build(BuildCommand& command, const Common& common) {
  const auto begin = std::chrono::steady_clock::now();
  ProgressBar bar(!common.quiet && !common.json);
  Builder builder(command.model);
  command.flags.apply(builder);
  builder.progress([&](const char* stage, size_t done, size_t total) {
    bar.update(stage, done, total);
    return true;
  });
  const Plan plan = builder.build();
  bar.finish();
  if (const std::string dump = builder.dump(); !dump.empty()) {  // stopped early: the graph is the result
    if (command.output.empty()) {
      fmt::print("{}", dump);
    } else {
      std::ofstream(command.output) << dump;
    }
    return kOk;
  }
  if (command.output.empty()) command.output = std::filesystem::path(command.model).replace_extension(".plan").string();
  plan.save(command.output);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  json report = json::parse(builder.report_json());
  if (common.json) {
    report["output"] = command.output;
    report["seconds"] = taken.count();
    report["bytes"] = std::filesystem::file_size(command.output);
    fmt::print("{}\n", report.dump());
  } else {
    print_report(report, command.output, taken.count());
  }
  return kOk;
}

}  // namespace

void add_build(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<BuildCommand>();
  CLI::App* verb = app.add_subcommand("build", "Compiles an ONNX model into a plan file");
  verb->add_option("model,--onnx", command->model, "The .onnx file")->required();
  verb->add_option("-o,--output,--saveEngine", command->output,
                   "The plan to write (default: the model's name with .plan)");
  command->flags.add_to(*verb);
  verb->callback([command, &common, &result] { result = build(*command, common); });
}

}  // namespace ingot::cli
