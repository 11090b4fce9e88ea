// Looking into ONNX models and changing their outputs, for tools that compare engines.
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "api/guard.h"
#include "ingot/ingot.h"
#include "onnx/model.h"

using ingot::Code;
using ingot::api::guard;
using ingot::api::require;
using nlohmann::json;

namespace {

void hand_out(const void* data, size_t size, void** bytes, size_t* given_size) {
  auto* copy = new char[size + 1];
  std::memcpy(copy, data, size);
  copy[size] = 0;
  *bytes = copy;
  *given_size = size;
}

std::set<std::string> split(const std::string& names) {
  std::set<std::string> result;
  for (size_t first = 0; first <= names.size();) {
    const size_t comma = std::min(names.find(',', first), names.size());
    if (comma > first) result.insert(names.substr(first, comma - first));
    first = comma + 1;
  }
  return result;
}

json values_json(const std::vector<ingot::onnx::ValueInfo>& values) {
  json list = json::array();
  for (const auto& value : values) {
    json shape = nullptr;
    if (value.type.shape) {
      shape = json::array();
      for (const auto& dim : *value.type.shape) {
        if (dim.value)
          shape.push_back(*dim.value);
        else if (!dim.param.empty())
          shape.push_back(dim.param);
        else
          shape.push_back(nullptr);
      }
    }
    list.push_back({{"name", value.name}, {"elem_type", value.type.elem_type}, {"shape", shape}});
  }
  return list;
}

}  // namespace

extern "C" {

ingot_error* ingot_model_with_outputs(const char* path, const char* value_names, void** bytes, size_t* size) {
  return guard([&] {
    require(path != nullptr && value_names != nullptr && bytes != nullptr && size != nullptr, "path or names");
    auto model = ingot::onnx::read_model(path);
    auto wanted = split(value_names);
    std::vector<ingot::onnx::ValueInfo> outputs;
    for (const auto& node : model.graph.nodes) {
      for (const auto& output : node.outputs) {
        if (wanted.erase(output) == 0) continue;
        ingot::onnx::ValueInfo info;  // the type follows from the graph
        info.name = output;
        outputs.push_back(std::move(info));
      }
    }
    if (!wanted.empty()) ingot::fail(Code::kInvalidArgument, "the model has no value named {}", *wanted.begin());
    model.graph.outputs = std::move(outputs);
    const auto serialized = ingot::onnx::serialize_model(model);
    hand_out(serialized.data(), serialized.size(), bytes, size);
  });
}

ingot_error* ingot_model_json(const char* path, char** text, size_t* size) {
  return guard([&] {
    require(path != nullptr && text != nullptr && size != nullptr, "path");
    const auto model = ingot::onnx::read_model(path);
    json result = {{"ir_version", model.ir_version},
                   {"producer", model.producer_name},
                   {"opsets", json::object()},
                   {"inputs", values_json(model.graph.inputs)},
                   {"outputs", values_json(model.graph.outputs)},
                   {"nodes", json::array()}};
    for (const auto& opset : model.opset_imports)
      result["opsets"][opset.domain.empty() ? "ai.onnx" : opset.domain] = opset.version;
    for (const auto& node : model.graph.nodes) {
      result["nodes"].push_back(
          {{"name", node.name}, {"op_type", node.op_type}, {"domain", node.domain}, {"outputs", node.outputs}});
    }
    const std::string dumped = result.dump(-1, ' ', false, json::error_handler_t::replace);
    hand_out(dumped.data(), dumped.size(), reinterpret_cast<void**>(text), size);
  });
}

void ingot_bytes_release(void* bytes) { delete[] static_cast<char*>(bytes); }

}  // extern "C"
