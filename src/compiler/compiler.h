// The facade that strings the stages together: model -> graph -> passes -> plan.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "compiler/device_code.h"
#include "onnx/load.h"
#include "plan/plan.h"
#include "tune/tuner.h"

namespace ingot::compiler {

// Everything a build can be told, resolved once and printed in the plan.
struct BuildOptions {
  std::string precision = "fp32";
  bool tf32 = false;           // a GPU may round f32 operands of products and convolutions to TF32
  std::string device = "cpu";  // "auto" is for service to resolve
  int threads = 0;
  int streams = 1;                       // runs at once that share the threads; -1: one for each
  std::string isa;                       // empty: this CPU's
  std::vector<plan::ShapeRange> shapes;  // of --minShapes, --optShapes, --maxShapes
  std::map<std::string, int64_t> free_dimensions;
  std::vector<std::string> disabled_passes;
  int64_t max_patches = -1;  // for bisecting; -1: no limit
  std::string stop_after;    // "load", a pass's name, "passes"; empty: run to the plan
  bool keep_portable = true;
  bool fallback = false;                  // sessions may leave the device for the CPU
  std::vector<Architecture> device_code;  // to compile the kernels of plans for GPUs for
  tune::TuneOptions tune;
};

// One row of the documentation, the parser and the printed plan.
struct BuildOption {
  const char* name;
  const char* default_value;
  const char* doc;
  void (*set)(BuildOptions& options, const std::string& value);
};
std::span<const BuildOption> build_options();
// Throws kInvalidArgument listing the valid names (nearest first) or what values are valid.
void set_build_option(BuildOptions& options, const std::string& name, const std::string& value);

struct BuildResult {
  plan::Plan plan;          // empty when stopped early
  std::string dump;         // text of the graph where the build stopped
  std::string report_json;  // stages and passes with times and patches, steps by kind, reasons
};

BuildResult build(const onnx::Model& model, const std::string& model_name, const std::string& model_hash,
                  const BuildOptions& options, const std::vector<onnx::CustomOperator>& custom = {},
                  const Progress& progress = {});
// Builds for this machine from the portable graph of a plan made for another. `options`: those that the plan was built
// with, where they are known; sizes that they fixed and passes up to the portable graph are already in it.
plan::Plan respecialize(const plan::Plan& plan, const Progress& progress = {});
plan::Plan respecialize(const plan::Plan& plan, const BuildOptions& options, const Progress& progress = {});

}  // namespace ingot::compiler
