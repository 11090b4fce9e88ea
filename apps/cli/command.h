// The verbs of the command line. Each adds its subcommand with options, documentation and action.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace ingot::cli {

// What every verb takes.
struct Common {
  bool json = false;     // machine-readable result on standard output, nothing else there
  bool quiet = false;    // no progress
  bool verbose = false;  // log lines of the library
};

// Exit codes: stable.
enum ExitCode : int {
  kOk = 0,
  kFailure = 1,   // the request failed: model, plan, files, memory
  kUsage = 2,     // wrong command line
  kMismatch = 3,  // verify: outputs differ; diff: plans differ; cache verify: a damaged plan
  kMissing = 4,   // something optional that the verb needs is not installed
};

// `result` receives the exit code when the verb ran.
void add_build(CLI::App& app, Common& common, int& result);
void add_run(CLI::App& app, Common& common, int& result);
void add_bench(CLI::App& app, Common& common, int& result);
void add_inspect(CLI::App& app, Common& common, int& result);
void add_diff(CLI::App& app, Common& common, int& result);
void add_explain(CLI::App& app, Common& common, int& result);
void add_tune(CLI::App& app, Common& common, int& result);
void add_verify(CLI::App& app, Common& common, int& result);
void add_cache(CLI::App& app, Common& common, int& result);
void add_compare(CLI::App& app, Common& common, int& result);
void add_doctor(CLI::App& app, Common& common, int& result);
// `bench --suite NAME ...` takes words of its own, read by the Python package: becomes that process and does not
// return; returns at once for every other command line. Throws CLI::ValidationError for a suite that does not exist.
void start_suite(int argc, char** argv);
void add_completion(CLI::App& app, Common& common, int& result);

}  // namespace ingot::cli
