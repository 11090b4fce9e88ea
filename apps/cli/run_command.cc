#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/cli/first_result.h"
#include "apps/cli/model_input.h"
#include "apps/cli/npy.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

struct RunCommand {
  std::string model, output;
  InputFlags inputs;
  BuildFlags flags;
};

// Names of tensors may hold slashes: files may not.
std::string file_name(const std::string& name, const std::string& suffix) {
  std::string safe = name;
  std::replace(safe.begin(), safe.end(), '/', '_');
  return safe + suffix + ".npy";
}

void save(const std::string& folder, const std::string& name, const Value& value, json& files) {
  if (value.kind() == INGOT_TENSOR) {
    const std::string path = (std::filesystem::path(folder) / file_name(name, "")).string();
    write_npy(path, value);
    files.push_back(path);
    return;
  }
  size_t index = 0;
  for (const auto& item : value.items()) save(folder, name + "." + std::to_string(index++), item, files);
}

int run(RunCommand& command, const Common& common) {
  const Plan plan = load_or_build(command.model, command.flags, common);
  Session session(plan, session_options_of(command.flags));
  const auto inputs = command.inputs.make(session);
  ingot_run_options options = default_run_options();
  options.seed = command.inputs.seed;
  const auto begin = std::chrono::steady_clock::now();
  const auto outputs = session.run(inputs, options);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  json result = {{"seconds", taken.count()},
                 {"process_to_first_result_seconds", process_seconds()},
                 {"outputs", json::array()},
                 {"files", json::array()}};
  const json info = json::parse(session.json());
  if (info.contains("device")) result["preparation"] = info["device"]["preparation"];
  if (!command.output.empty()) std::filesystem::create_directories(command.output);
  const auto ports = session.outputs();
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!command.output.empty()) save(command.output, ports[i].name, outputs[i], result["files"]);
    result["outputs"].push_back({{"name", ports[i].name}, {"value", value_text(outputs[i])}});
    rows.push_back({ports[i].name, value_text(outputs[i])});
  }
  if (common.json) {
    fmt::print("{}\n", result.dump());
  } else {
    fmt::print("{}first run took {}\n", table({"output", "value"}, rows), time_text(taken.count()));
    if (info.contains("device")) fmt::print("{}\n", preparation_text(info["device"]));
    for (const auto& file : result["files"]) fmt::print("wrote {}\n", file.get<std::string>());
  }
  return kOk;
}

}  // namespace

void add_run(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<RunCommand>();
  CLI::App* verb = app.add_subcommand("run", "Runs a plan, or an ONNX model, once");
  verb->add_option("model,--loadEngine,--onnx", command->model, "A plan or an .onnx file")->required();
  command->inputs.add_to(*verb, "Seed of random inputs and operators");
  verb->add_option("-o,--output", command->output, "Folder to write the outputs to as .npy files");
  command->flags.add_to(*verb);
  verb->callback([command, &common, &result] { result = run(*command, common); });
}

}  // namespace ingot::cli
