#include <fmt/core.h>

#include "apps/cli/command.h"
#include "apps/cli/hints.h"

#include <ingot/ingot.hpp>
#include <nlohmann/json.hpp>

int main(int argc, char** argv) {
  using namespace ingot::cli;
  CLI::App app{
      "Ingot compiles ONNX models into plans and runs them.\n\n"
      "  ingot build model.onnx -o model.plan    compile\n"
      "  ingot run model.plan --input x=x.npy    run once\n"
      "  ingot bench model.onnx                  measure\n"
      "  ingot inspect model.plan                look inside\n"
      "  ingot explain model.plan                which kernel runs what, and why\n"
      "  ingot tune list                         kernels that were measured\n"
      "  ingot verify model.onnx                 compare with ONNX Runtime\n"
      "  ingot cache list                        plans kept for next time\n"
      "  ingot compare model.onnx                every engine side by side\n"
      "  ingot doctor                            what this machine offers",
      "ingot"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(ingot_version()));
  app.footer(
      "Exit codes: 0 done, 1 the request failed, 2 wrong command line, 3 results differ, 4 something optional is "
      "missing.");
  app.fallthrough();
  Common common;
  app.add_flag("--json", common.json, "Print the result as one JSON document and nothing else");
  app.add_flag("-q,--quiet", common.quiet, "No progress");
  app.add_flag("-v,--verbose", common.verbose, "Log lines of the library");
  int result = kOk;
  add_build(app, common, result);
  add_run(app, common, result);
  add_bench(app, common, result);
  add_inspect(app, common, result);
  add_diff(app, common, result);
  add_explain(app, common, result);
  add_tune(app, common, result);
  add_verify(app, common, result);
  add_cache(app, common, result);
  add_compare(app, common, result);
  add_doctor(app, common, result);
  add_completion(app, common, result);
  app.parse_complete_callback([&] {
    if (common.verbose) ingot_set_log(0, nullptr, nullptr);
  });
  try {
    start_suite(argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    if (code == 0) return kOk;
    if (const std::string hint = hint_for(app, argc, argv); !hint.empty()) fmt::print(stderr, "{}\n", hint);
    return kUsage;
  } catch (const ingot::Exception& error) {
    if (common.json) {
      fmt::print("{}\n", nlohmann::json({{"error", {{"code", error.code()}, {"message", error.what()}}}}).dump());
    } else {
      fmt::print(stderr, "ingot: {}\n", error.what());
    }
    return kFailure;
  } catch (const std::exception& error) {
    fmt::print(stderr, "ingot: {}\n", error.what());
    return kFailure;
  }
  return result;
}
