// Building through the plan cache: what sessions and commands call when they are given a model.
#pragma once
#include "service/options.h"

namespace ingot::service {

// compiler::build, behind the plan cache when options.cache is on. A plan is taken from the cache only when it was made
// from the same bytes, options, machine and library; one made for another CPU is built again from its portable graph.
// While another process builds the same plan this one waits for it. Whatever is wrong with the cache costs one log line
// and never the build. The report then has {"cache":{"state":"loaded"|"respecialized"|"built"|"off","file","reason"}}.
// Thread-safe.
compiler::BuildResult cached_build(const onnx::Model& model, const std::string& model_name,
                                   const std::string& model_hash, const Options& options,
                                   const std::vector<onnx::CustomOperator>& custom = {}, const Progress& progress = {});
// The plan that cached_build would load from the cache; nothing when it would build one, or the cache is off.
std::optional<compiler::BuildResult> cached_plan(const onnx::Model& model, const std::string& model_name,
                                                 const std::string& model_hash, const Options& options,
                                                 const std::vector<onnx::CustomOperator>& custom = {});

}  // namespace ingot::service
