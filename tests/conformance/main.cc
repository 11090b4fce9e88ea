// ingot_conformance: runs ONNX's backend test cases and compares the outcome with the expected one.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "conformance/expected.h"
#include "conformance/report.h"

namespace ingot::conformance {
namespace {

constexpr int kSkipped = 77;  // CTest's SKIP_RETURN_CODE

struct Options {
  std::string data, filter, expected, engine = "api", device = "cpu";
  std::vector<std::string> folders = {"node", "simple", "pytorch-converted", "pytorch-operator", "light"};
  size_t jobs = std::max(1u, std::thread::hardware_concurrency());
  double timeout = 60;
  InputShapes shapes = InputShapes::kWritten;
  bool list = false, write = false, json = false, verbose = false;
};

void parse(CLI::App& app, Options& options) {
  app.add_option("--data", options.data, "Folder with ONNX's cases (node, light, simple, ...)")
      ->envname("INGOT_ONNX_TEST_DATA");
  app.add_option("--folder", options.folders, "Folders of cases to run")->capture_default_str();
  app.add_option("--filter", options.filter, "Regular expression that folder/case must contain");
  app.add_option("--expected", options.expected, "File of the cases that do not pass");
  app.add_flag("--write-expected", options.write, "Rewrite the file; reasons that it has are kept");
  app.add_option("--engine", options.engine, "api: a plan through the C interface; interpreter: the evaluations")
      ->check(CLI::IsMember({"api", "interpreter"}))
      ->capture_default_str();
  app.add_option("--device", options.device,
                 "Of the api: where plans run; for others than cpu, where steps ran is counted")
      ->capture_default_str();
  app.add_option("--jobs", options.jobs, "Processes")->capture_default_str();
  app.add_option("--timeout", options.timeout, "Seconds per case")->capture_default_str();
  app.add_option("--shapes", options.shapes, "What the model is told of its inputs' shapes")
      ->transform(CLI::CheckedTransformer(std::map<std::string, InputShapes>{{"written", InputShapes::kWritten},
                                                                             {"symbolic", InputShapes::kSymbolic},
                                                                             {"unknown", InputShapes::kUnknown}}));
  app.add_flag("--list", options.list, "Only list the cases");
  app.add_flag("--json", options.json, "Print the outcome as JSON");
  app.add_flag("--verbose", options.verbose, "Print every case that fails");
}

// Returns how many cases are not as the file says.
size_t check_expected(const Options& options, const std::vector<Case>& cases, const std::vector<Outcome>& outcomes) {
  Expected expected;
  if (!options.write || std::filesystem::exists(options.expected)) expected = read_expected(options.expected);
  size_t surprises = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string id = cases[i].id();
    const bool passed = outcomes[i].reason.empty();
    if (passed != expected.contains(id)) continue;
    ++surprises;
    if (options.write) {
      passed ? static_cast<void>(expected.erase(id)) : static_cast<void>(expected[id] = outcomes[i].reason);
    } else if (passed) {
      fmt::print(stderr, "UNEXPECTED PASS {} (expected: {})\n", id, expected[id]);
    } else {
      fmt::print(stderr, "UNEXPECTED FAIL {}: {}\n  repeat: ingot_conformance --filter '^{}$' --verbose\n", id,
                 outcomes[i].reason, id);
    }
  }
  if (!options.write) return surprises;
  write_expected(options.expected, expected);
  return 0;
}

void print(const Options& options, const std::vector<Case>& cases, const std::vector<Outcome>& outcomes) {
  if (options.json) {
    fmt::print("{}\n", report_json(cases, outcomes, options.device));
    return;
  }
  for (size_t i = 0; options.verbose && i < cases.size(); ++i) {
    if (!outcomes[i].reason.empty()) fmt::print("FAIL {}: {}\n", cases[i].id(), outcomes[i].reason);
  }
  fmt::print("{}", report_text(cases, outcomes, options.device));
}

int run(const Options& options) {
  if (options.data.empty() || !std::filesystem::is_directory(options.data)) {
    fmt::print("skipped: no ONNX test data at '{}' (set INGOT_ONNX_TEST_DATA to onnx/backend/test/data)\n",
               options.data);
    return kSkipped;
  }
  auto cases = find_cases(options.data, options.folders, options.filter);
  for (Case& each : cases) each.shapes = options.shapes;
  if (options.list) {
    for (const Case& each : cases) fmt::print("{}\n", each.id());
    return 0;
  }
  set_log_level(LogLevel::kError);
  const Engine engine = options.engine == "api" ? api_engine(options.device) : interpreter_engine();
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const auto outcomes = run_cases(cases, engine, options.jobs, options.timeout, [&](size_t done) {
    if (terminal) fmt::print(stderr, "\r{} of {} cases{}", done, cases.size(), done == cases.size() ? "\n" : "");
  });
  print(options, cases, outcomes);
  if (!options.expected.empty()) return check_expected(options, cases, outcomes) == 0 ? 0 : 1;
  const bool all = std::all_of(outcomes.begin(), outcomes.end(), [](const auto& each) { return each.reason.empty(); });
  return all ? 0 : 1;
}

}  // namespace
}  // namespace ingot::conformance

int main(int argc, char** argv) {
  CLI::App app("Runs ONNX's backend test cases. Exit status 1: a case did not end as expected.");
  ingot::conformance::Options options;
  ingot::conformance::parse(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    return ingot::conformance::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
