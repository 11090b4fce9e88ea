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

void* output_memory(OrtKernelContext* context, size_t index, const int64_t* shape, size_t rank) {
  OrtValue* value = nullptr;
  void* data = nullptr;
  check(ort::KernelContext_GetOutput(context, index, shape, rank, &value));
  check(ort::GetTensorMutableData(value, &data));
  return data;
}

ValueHandle borrow(int dtype, const int64_t* shape, size_t rank, const void* data) {
  const ingot_tensor_type type{static_cast<ingot_dtype>(dtype), rank, shape};
  ingot_value* value = nullptr;
  check(ingot_value_borrow(&type, data, nullptr, nullptr, &value));
  return ValueHandle(value);
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

FusedNode::FusedNode(OwnedPlan plan, const ingot_session_options& options, const OrtNode* node,
                     std::shared_ptr<Recorder> events)
    : OrtNodeComputeInfo{declared_api, create_state, compute, release_state},
      owned(std::move(plan)),
      recorder(std::move(events)) {
  ingot_session* created = nullptr;
  check(ingot_session_create(owned.plan.get(), &options, &created));
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
  std::vector<ValueHandle> inputs, outputs(output_slots.size());
  for (const size_t slot : input_slots) {
    const OrtValue* given = nullptr;
    check(ort::KernelContext_GetInput(context, slot, &given));
    const TensorView view = view_tensor(given);
    inputs.push_back(borrow(view.dtype, view.shape, view.rank, view.data));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const OutputSlot& slot = output_slots[i];
    if (slot.fixed) {
      void* data = output_memory(context, slot.index, slot.shape.data(), slot.shape.size());
      outputs[i] = borrow(slot.dtype, slot.shape.data(), slot.shape.size(), data);
    }
  }
  run_session(inputs, outputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (output_slots[i].fixed) {
      continue;
    }
    ingot_tensor tensor{};
    check(ingot_value_tensor(outputs[i].get(), &tensor));
    const size_t size = byte_size(tensor.type.dtype, tensor.type.shape, tensor.type.rank);
    void* data = output_memory(context, output_slots[i].index, tensor.type.shape, tensor.type.rank);
    if (size) {
      std::memcpy(data, tensor.data, size);
    }
  }
}

// Fills the outputs that are null.
void FusedNode::run_session(const std::vector<ValueHandle>& inputs, std::vector<ValueHandle>& outputs) const {
  std::vector<const ingot_value*> in;
  std::vector<ingot_value*> out;
  for (const ValueHandle& each : inputs) {
    in.push_back(each.get());
  }
  for (const ValueHandle& each : outputs) {
    out.push_back(each.get());
  }
  ingot_run_options options{sizeof(ingot_run_options), nullptr, 0, 0, recorder->on()};
  const auto begin = Recorder::Clock::now();
  ingot_error* error = ingot_session_run(session.get(), in.data(), out.data(), &options);
  for (size_t i = 0; i < outputs.size(); ++i) {  // a run that failed may have made some
    if (!outputs[i]) {
      outputs[i].reset(out[i]);
    }
  }
  check(error);
  if (options.profile) {
    recorder->record(ingot_session_profile_json(session.get()), begin);
  }
}

}  // namespace ingot_ort
