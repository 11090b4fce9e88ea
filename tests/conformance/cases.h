// ONNX's backend test cases on disk: <data>/<folder>/<case>/model.onnx with test_data_set_N/{input,output}_M.pb.
#pragma once
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tensor/compare.h"

namespace ingot::conformance {

// What the model is told of its inputs' shapes: what the file says, a symbol per axis, or nothing at all.
enum class InputShapes { kWritten, kSymbolic, kUnknown };

struct Case {
  std::string folder, name;  // "node", "test_abs"
  std::filesystem::path model;
  std::vector<std::filesystem::path> data_sets;  // folders; empty: `outputs` for inputs made as ONNX makes them
  std::vector<std::filesystem::path> outputs;
  Tolerance tolerance;
  InputShapes shapes = InputShapes::kWritten;
  std::string id() const { return folder + "/" + name; }
};

// Every case below `data` (the folder that holds node, light, simple, ...) whose id matches, by folder and name.
// Throws Error(kNotFound) when there is no such folder.
std::vector<Case> find_cases(const std::filesystem::path& data, const std::vector<std::string>& folders,
                             const std::string& filter);

}  // namespace ingot::conformance
