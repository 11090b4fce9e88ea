#include "compute.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "graph_view.h"

namespace ingot_ort {
namespace {

size_t index_of(const std::vector<const OrtValueInfo*>& values, const char* name) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (name_of(values[i]) == name) {
      return i;
    }
  }
  throw Failure(kInvalidGraph, std::string("Ingot: the plan's value '") + name + "' is not one of the node's");
}

struct TensorView {
  int dtype = 0;
  std::vector<int64_t> shape;
  const void* data = nullptr;
};

void read_tensor(const OrtValue* value, TensorView& view) {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  check(ort::GetTensorTypeAndShape(value, &info));
  size_t rank = 0;
  check(ort::GetTensorElementType(info, &view.dtype));
  check(ort::GetDimensionsCount(info, &rank));
  view.shape.resize(rank);
  check(ort::GetDimensions(info, view.shape.data(), rank));
  ort::ReleaseTensorTypeAndShapeInfo(info);
  void* data = nullptr;
  check(ort::GetTensorMutableData(const_cast<OrtValue*>(value), &data));
  view.data = data;
}

void* output_memory(OrtKernelContext* context, size_t index, const int64_t* shape, size_t rank) {
  OrtValue* value = nullptr;
  void* data = nullptr;
  check(ort::KernelContext_GetOutput(context, index, shape, rank, &value));
  check(ort::GetTensorMutableData(value, &data));
  return data;
}

// Bytes of a tensor of the types that ONNX Runtime passes as whole bytes; packed ones round up.
size_t byte_size(const ingot_tensor& tensor) {
  static constexpr int kBits[] = {0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4};
  size_t bits = kBits[tensor.type.dtype];
  for (size_t i = 0; i < tensor.type.rank; ++i) {
    bits *= static_cast<size_t>(tensor.type.shape[i]);
  }
  return (bits + 7) / 8;
}

OrtStatus* create_state(OrtNodeComputeInfo* self, OrtNodeComputeContext*, void** state) {
  *state = self;
  return nullptr;
}
OrtStatus* compute(OrtNodeComputeInfo* self, void*, OrtKernelContext* context) {
  return guarded([&] { static_cast<FusedNode*>(self)->run(context); });
}
void release_state(OrtNodeComputeInfo*, void*) {}

}  // namespace

FusedNode::FusedNode(std::string plan_bytes, Plan built, const ingot_session_options& options, const OrtNode* node)
    : OrtNodeComputeInfo{kDeclaredApi, create_state, compute, release_state},
      bytes(std::move(plan_bytes)),
      plan(std::move(built)) {
  ingot_session* created = nullptr;
  check(ingot_session_create(plan.get(), &options, &created));
  session.reset(created);
  const auto inputs = inputs_of(node);
  const auto outputs = outputs_of(node);
  for (size_t i = 0; i < ingot_session_input_count(created); ++i) {
    input_slots.push_back(index_of(inputs, ingot_session_input_name(created, i)));
  }
  for (size_t i = 0; i < ingot_session_output_count(created); ++i) {
    OutputSlot slot{index_of(outputs, ingot_session_output_name(created, i)), true, INGOT_UNDEFINED, {}};
    const auto shape = nlohmann::json::parse(ingot_session_output_shape(created, i));
    slot.fixed = shape.is_array();
    for (const auto& dim : shape) {
      slot.fixed = slot.fixed && dim.is_number_integer();
      slot.shape.push_back(dim.is_number_integer() ? dim.get<int64_t>() : -1);
    }
    int dtype = 0;
    const OrtTensorTypeAndShapeInfo* info = tensor_info(outputs[slot.index]);
    if (info) {
      check(ort::GetTensorElementType(info, &dtype));
    }
    slot.dtype = static_cast<ingot_dtype>(dtype);
    slot.fixed = slot.fixed && info;
    output_slots.push_back(std::move(slot));
  }
}

void FusedNode::run(OrtKernelContext* context) const {
  std::vector<ValueHandle> values;
  std::vector<const ingot_value*> inputs;
  std::vector<ingot_value*> outputs(output_slots.size());
  TensorView view;
  for (const size_t slot : input_slots) {
    const OrtValue* given = nullptr;
    check(ort::KernelContext_GetInput(context, slot, &given));
    read_tensor(given, view);
    const ingot_tensor_type type{static_cast<ingot_dtype>(view.dtype), view.shape.size(), view.shape.data()};
    ingot_value* value = nullptr;
    check(ingot_value_borrow(&type, view.data, nullptr, nullptr, &value));
    values.emplace_back(value);
    inputs.push_back(value);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const OutputSlot& slot = output_slots[i];
    if (slot.fixed) {
      void* data = output_memory(context, slot.index, slot.shape.data(), slot.shape.size());
      const ingot_tensor_type type{slot.dtype, slot.shape.size(), slot.shape.data()};
      check(ingot_value_borrow(&type, data, nullptr, nullptr, &outputs[i]));
      values.emplace_back(outputs[i]);
    }
  }
  ingot_error* error = ingot_session_run(session.get(), inputs.data(), outputs.data(), nullptr);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!output_slots[i].fixed) {
      values.emplace_back(outputs[i]);
    }
  }
  check(error);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (output_slots[i].fixed) {
      continue;
    }
    ingot_tensor tensor{};
    check(ingot_value_tensor(outputs[i], &tensor));
    void* data = output_memory(context, output_slots[i].index, tensor.type.shape, tensor.type.rank);
    if (const size_t size = byte_size(tensor)) {
      std::memcpy(data, tensor.data, size);
    }
  }
}

}  // namespace ingot_ort
