// What a cached plan depends on. Two requests have one key only when they give the same plan.
#pragma once
#include <string>

#include "onnx/model.h"
#include "service/options.h"

namespace ingot::service {

// Both parts are XXH3-128 in hex.
struct CacheKey {
  std::string content;  // model bytes, external data, build options and shapes, files that options name, library
  std::string target;   // device, ISA, CPU with caches and threads, kernel ABI
  std::string name() const { return content + "-" + target; }  // of the file, without ".plan"
};

// `model_hash`: of the model file's bytes. Reads external data through the model's folder; throws what reading throws.
CacheKey cache_key(const onnx::Model& model, const std::string& model_hash, const Options& options);

}  // namespace ingot::service
