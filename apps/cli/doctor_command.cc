#include <fmt/core.h>

#include <ingot/ingot.hpp>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/python_runner.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

// {"database","entries","usable"} of the default tuning database; "error" where there is none to look at.
json tuning() {
  try {
    const json known = json::parse(tuning_list_json());
    size_t usable = 0;
    for (const auto& entry : known["entries"]) usable += entry["ignored"] == "" ? 1 : 0;
    return {{"database", known["database"]}, {"entries", known["entries"].size()}, {"usable", usable}};
  } catch (const Exception& error) {
    return {{"error", error.what()}};
  }
}

int doctor(const Common& common) {
  json report = json::parse(ingot_doctor_json());
  report["engines"] = find_engines();
  report["tuning"] = tuning();
  if (common.json) {
    fmt::print("{}\n", report.dump());
    return kOk;
  }
  const json& cpu = report["cpu"];
  fmt::print("ingot {}\n{}, {} cores, kernels up to {}\n", report["version"].get<std::string>(),
             cpu["model"].get<std::string>(), cpu["cores"].get<int>(), cpu["isa"].get<std::string>());
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, present] : cpu["features"].items())
    rows.push_back({name, present.get<bool>() ? "yes" : "no"});
  fmt::print("\n{}", table({"CPU feature", "present"}, rows));
  rows.clear();
  for (const auto& [name, family] : report["kernels"].items()) {
    size_t usable = 0;
    for (const auto& row : family["rows"]) usable += row["usable"].get<bool>() ? 1 : 0;
    rows.push_back({name, fmt::format("{} of {}", usable, family["rows"].size()), family["doc"]});
  }
  fmt::print("\n{}", table({"kernel family", "usable rows", "what"}, rows));
  rows.clear();
  for (const auto& component : report.value("components", json::array())) {
    rows.push_back({component["name"], component["found"].get<bool>() ? "found" : "not found", component["detail"]});
  }
  if (!rows.empty()) fmt::print("\n{}", table({"component", "state", "detail"}, rows));
  rows.clear();
  for (const auto& [name, engine] : report["engines"].items()) {
    rows.push_back({name, engine["found"].get<bool>() ? "found" : "not found", engine["detail"]});
  }
  fmt::print("\n{}", table({"engine to compare with", "state", "detail"}, rows));
  const json& known = report["tuning"];
  fmt::print("\ntuning: {}\n",
             known.contains("error")
                 ? known["error"].get<std::string>()
                 : fmt::format("{} entries in {}, {} of them hold here", known["entries"].get<size_t>(),
                               known["database"].get<std::string>(), known["usable"].get<size_t>()));
  rows.clear();
  for (const auto& knob : report["knobs"]) rows.push_back({knob["name"], knob["value"], knob["doc"]});
  fmt::print("\n{}", table({"environment", "value", "meaning"}, rows));
  return kOk;
}

constexpr const char* kBash = R"BASH(_ingot() {
  local word="${COMP_WORDS[COMP_CWORD]}" verb="${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "build run bench inspect diff explain tune verify compare cache doctor completion --help --version" -- "$word"))
  elif [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$(ingot "$verb" --help | grep -oE -- '--[A-Za-z][A-Za-z-]*' | sort -u)" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _ingot ingot
)BASH";

}  // namespace

void add_doctor(CLI::App& app, Common& common, int& result) {
  CLI::App* verb = app.add_subcommand("doctor", "Shows what this machine and installation offer");
  verb->callback([&common, &result] { result = doctor(common); });
}

void add_completion(CLI::App& app, Common&, int&) {
  CLI::App* verb = app.add_subcommand("completion", "Prints a bash completion script: source <(ingot completion)");
  verb->callback([] { fmt::print("{}", kBash); });
}

}  // namespace ingot::cli
