// A small model, its hash and a fresh folder, for the tests of the cache.
#pragma once
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/folder_testing.h"
#include "base/hash.h"
#include "onnx/test_models.h"
#include "service/cached_build.h"

namespace ingot::service::testing {

struct Request {
  onnx::Model model;
  std::string hash;
};

// y = x @ w, with f32[rows, 4] weights all of one value.
inline Request matmul(float weight, int64_t rows = 3) {
  onnx::Model model = onnx::testing::model({onnx::testing::node("MatMul", {"x", "w"}, {"y"}, "")});
  model.graph.inputs = {onnx::testing::value_info("x", {"n", std::to_string(rows)})};
  model.graph.outputs = {onnx::testing::value_info("y", {"n", "4"})};
  model.graph.initializers.push_back(
      onnx::from_tensor(Tensor::of<float>({rows, 4}, std::vector<float>(static_cast<size_t>(rows) * 4, weight)), "w"));
  const auto bytes = std::make_shared<const std::vector<std::byte>>(onnx::serialize_model(model));
  return {onnx::parse_model(*bytes, bytes), hash128(*bytes).hex()};
}

struct Folder : TemporaryFolder {
  std::vector<std::filesystem::path> files(const std::string& extension) const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    return files;
  }
};

inline Options options_in(const Folder& folder) {
  Options options;
  options.build.device = "cpu";
  options.cache.folder = folder.path;
  return options;
}

inline compiler::BuildResult build(const Request& request, const Options& options) {
  return cached_build(request.model, "m.onnx", request.hash, options);
}

// "loaded", "built", ... of a build's report.
inline std::string state_of(const compiler::BuildResult& result) {
  return nlohmann::json::parse(result.report_json)["cache"]["state"];
}

}  // namespace ingot::service::testing
