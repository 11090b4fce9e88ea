#include "conformance/execute.h"

#include <algorithm>

#include "base/mapped_file.h"
#include "conformance/facts.h"
#include "onnx/model.h"

namespace ingot::conformance {
namespace {

namespace fs = std::filesystem;
using Kind = onnx::TypeProto::Kind;

Value read_value(const fs::path& path, const onnx::TypeProto& type) {
  const auto file = MappedFile::open(path);
  return with_frame([&] { return "file " + path.filename().string(); },
                    [&]() -> Value {
                      switch (type.kind) {
                        case Kind::kSequence: return onnx::parse_sequence_file(file->bytes());
                        case Kind::kOptional: return onnx::parse_optional_file(file->bytes());
                        default: return onnx::parse_tensor_file(file->bytes());
                      }
                    });
}

// What ONNX's own runner feeds models that come without inputs: i / n, unknown sizes being 1.
Value made_input(const onnx::ValueInfo& input) {
  Shape shape;
  if (input.type.shape) {
    for (const auto& dimension : *input.type.shape) shape.push_back(dimension.value.value_or(1));
  }
  Tensor tensor(DType::kF32, shape);
  auto* data = tensor.mutable_data<float>();
  const auto count = static_cast<double>(tensor.count());
  for (int64_t i = 0; i < tensor.count(); ++i) data[i] = static_cast<float>(static_cast<double>(i) / count);
  return tensor;
}

struct Inputs {
  std::vector<std::string> names;
  std::vector<Value> values;
};

Inputs read_inputs(const onnx::Model& model, const fs::path& data_set) {
  Inputs inputs;
  for (size_t i = 0; i < model.graph.inputs.size(); ++i) {
    const fs::path path = data_set / fmt::format("input_{}.pb", i);
    if (!fs::exists(path)) break;
    inputs.names.push_back(model.graph.inputs[i].name);
    inputs.values.push_back(read_value(path, model.graph.inputs[i].type));
  }
  return inputs;
}

Inputs make_inputs(const onnx::Model& model) {
  Inputs inputs;
  for (const auto& input : model.graph.inputs) {
    const auto& constants = model.graph.initializers;
    const bool constant =
        std::any_of(constants.begin(), constants.end(), [&](const auto& each) { return each.name == input.name; });
    if (constant) continue;
    inputs.names.push_back(input.name);
    inputs.values.push_back(made_input(input));
  }
  return inputs;
}

std::string check_outputs(const onnx::Model& model, const std::vector<Value>& outputs,
                          const std::vector<fs::path>& expected, const Tolerance& tolerance) {
  if (expected.size() > outputs.size()) {
    return fmt::format("{} outputs where {} were expected", outputs.size(), expected.size());
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const Value value = read_value(expected[i], model.graph.outputs[i].type);
    const Comparison comparison = compare(outputs[i], value, tolerance);
    if (!comparison.equal) return fmt::format("output {}: {}", model.graph.outputs[i].name, comparison.reason);
  }
  return "";
}

std::vector<fs::path> output_files(const fs::path& data_set) {
  std::vector<fs::path> files;
  while (fs::exists(data_set / fmt::format("output_{}.pb", files.size()))) {
    files.push_back(data_set / fmt::format("output_{}.pb", files.size()));
  }
  return files;
}

// Takes from the model what it says of shapes: sizes become symbols, or ranks unknown.
void forget_shapes(onnx::Model& model, InputShapes shapes) {
  if (shapes == InputShapes::kWritten) return;
  for (auto* values : {&model.graph.inputs, &model.graph.outputs, &model.graph.value_infos}) {
    for (size_t i = 0; i < values->size(); ++i) {
      auto& shape = (*values)[i].type.shape;
      const bool symbolic = shapes == InputShapes::kSymbolic && values == &model.graph.inputs && shape;
      if (!symbolic) {
        shape.reset();
        continue;
      }
      for (size_t axis = 0; axis < shape->size(); ++axis) {
        (*shape)[axis] = {};
        (*shape)[axis].param = fmt::format("in{}_{}", i, axis);
      }
    }
  }
}

// A plan without steps gives what the build has computed: nothing is left to a device.
Place place_of(const Ran& ran) {
  if (ran.host_steps == ran.steps) return Place::kHost;
  return ran.host_steps == 0 ? Place::kDevice : Place::kBoth;
}

void run_data_sets(const Case& each, const Engine& engine, Outcome& outcome) {
  onnx::Model model = onnx::read_model(each.model);
  forget_shapes(model, each.shapes);
  const auto run = [&](const Inputs& inputs, const std::vector<fs::path>& expected) {
    const Ran ran = engine(each.model, inputs.names, inputs.values);
    outcome.place = place_of(ran);
    outcome.reason = check_outputs(model, ran.outputs, expected, each.tolerance);
  };
  if (each.data_sets.empty()) return run(make_inputs(model), each.outputs);
  for (const fs::path& data_set : each.data_sets) {
    run(read_inputs(model, data_set), output_files(data_set));
    if (!outcome.reason.empty()) return;
  }
}

}  // namespace

std::string place_name(Place place) {
  static constexpr const char* kNames[] = {"not run", "device", "both", "host"};
  return kNames[static_cast<int>(place)];
}

Outcome run_case(const Case& each, const Engine& engine) {
  Outcome outcome;
  try {
    run_data_sets(each, engine, outcome);
  } catch (const Error& error) {
    outcome.reason = fmt::format("{}: {}", code_name(error.code()), error.message());
    for (const auto& frame : error.frames()) outcome.reason += "; " + frame;
  } catch (const std::exception& error) {
    outcome.reason = fmt::format("exception of a foreign type: {}", error.what());
  }
  return outcome;
}

}  // namespace ingot::conformance
