// IngotExecutionProvider for one ONNX Runtime session: takes what it can of the model, compiles it, runs it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compute.h"

namespace ingot_ort {

inline constexpr char kName[] = "IngotExecutionProvider";

// What the session's config entries ask for.
struct Options {
  ingot_session_options session{sizeof(ingot_session_options), 0, -1, 0};
  std::string device = "cpu";                              // what the plan is for
  std::optional<uint64_t> stream;                          // user_compute_stream
  std::vector<std::pair<std::string, std::string>> build;  // for ingot_builder_set_option
  bool warms_up = false;                                   // warmup=background
  bool export_context = false;                             // ep.context_enable
  bool embed_context = false;                              // ep.context_embed_mode
  std::string context_path;                                // ep.context_file_path
  std::string context_prefix;                              // ep.context_node_name_prefix
};

// Reads `ep.ingotexecutionprovider.*` and `ep.context_*`. Throws Failure for names and values that are not known,
// with the valid ones. `device`: that of the session.
Options read_options(const OrtSessionOptions* session_options, const std::string& device);

struct Provider : OrtEp {
  // `gpu_memory`: of the session's GPU; null on the CPU.
  Provider(Options asked, const OrtMemoryDevice* gpu_memory, const OrtLogger* session_logger);

  // Then values lie in the GPU's memory, inputs and outputs included.
  bool on_gpu() const { return memory != nullptr; }

  // A warning in ONNX Runtime's log, once however often ONNX Runtime asks the same.
  void warn(const std::string& line);

  Options options;
  const OrtMemoryDevice* memory;
  const OrtLogger* logger;
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  std::string warned;
  const bool bodies_apart;  // control_flow.h; a GPU would copy the values of every small body
};

}  // namespace ingot_ort
