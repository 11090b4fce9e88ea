#include "compute.h"

#include <cstring>
#include <exception>

#include "device_memory.h"
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

// The outputs of one run, in ONNX Runtime's memory as far as their sizes are known before it.
struct Outputs {
  Outputs(const FusedNode& of, OrtKernelContext* kernel)
      : node(of), context(kernel), given(of.output_slots.size(), nullptr) {}

  OrtValue* place(size_t index, const int64_t* shape, size_t rank) {
    OrtValue* value = nullptr;
    check(ort::KernelContext_GetOutput(context, node.output_slots[index], shape, rank, &value));
    check(ort::GetTensorMutableData(value, &given[index]));
    return value;
  }
  // For ingot_run_options: what fails is told after the run.
  static void* place_early(void* self, size_t index, const ingot_tensor_type* type) {
    auto& outputs = *static_cast<Outputs*>(self);
    try {
      outputs.place(index, type->shape, type->rank);
      return outputs.given[index];
    } catch (...) {
      outputs.failure = std::current_exception();
      return nullptr;
    }
  }
  // Takes over a result that lies elsewhere.
  void take(size_t index, const ingot_value* result) {
    ingot_tensor tensor{};
    check(ingot_value_tensor(result, &tensor));
    const size_t size = byte_size(tensor.type.dtype, tensor.type.shape, tensor.type.rank);
    if (given[index] && given[index] == tensor.data) {
      return;
    }
    const OrtValue* value = place(index, tensor.type.shape, tensor.type.rank);
    if (node.on_gpu) {
      const std::string from = ingot_value_device(result);
      copy_bytes(device_of(value), given[index], from == "cpu" ? "" : from, tensor.data, size);
    } else if (size) {
      std::memcpy(given[index], tensor.data, size);
    }
  }

  const FusedNode& node;
  OrtKernelContext* context;
  std::vector<void*> given;
  std::exception_ptr failure;
};

OrtStatus* create_state(OrtNodeComputeInfo* self, OrtNodeComputeContext*, void** state) {
  *state = self;
  return nullptr;
}
OrtStatus* compute(OrtNodeComputeInfo* self, void*, OrtKernelContext* context) {
  return guarded([&] { static_cast<FusedNode*>(self)->run(context); });
}
void release_state(OrtNodeComputeInfo*, void*) {}

}  // namespace

FusedNode::FusedNode(OwnedPlan plan, Session made, const OrtNode* node, std::shared_ptr<Recorder> events, bool gpu,
                     std::optional<uint64_t> caller_stream)
    : OrtNodeComputeInfo{declared_api, create_state, compute, release_state},
      owned(std::move(plan)),
      session(std::move(made)),
      recorder(std::move(events)),
      on_gpu(gpu),
      stream(caller_stream),
      stays(ingot_session_output_count(session.get()), gpu ? 1 : 0) {
  const ingot_session* created = session.get();
  const auto inputs = inputs_of(node);
  const auto outputs = outputs_of(node);
  for (size_t i = 0; i < ingot_session_input_count(created); ++i) {
    input_slots.push_back(index_of(inputs, ingot_session_input_name(created, i)));
  }
  for (size_t i = 0; i < ingot_session_output_count(created); ++i) {
    output_slots.push_back(index_of(outputs, ingot_session_output_name(created, i)));
  }
}

void FusedNode::run(OrtKernelContext* context) const {
  std::vector<ValueHandle> inputs, results(output_slots.size());
  std::vector<const ingot_value*> in;
  std::vector<ingot_value*> out(output_slots.size());
  for (const size_t slot : input_slots) {
    const OrtValue* value = nullptr;
    check(ort::KernelContext_GetInput(context, slot, &value));
    const TensorView view = view_tensor(value);
    const ingot_tensor_type type{static_cast<ingot_dtype>(view.dtype), view.rank, view.shape};
    inputs.push_back(borrow(type, on_gpu ? device_of(value) : "", view.data));
    in.push_back(inputs.back().get());
  }
  Outputs outputs(*this, context);
  ingot_run_options options{sizeof(ingot_run_options)};
  options.profile = recorder->on();
  options.place_output = Outputs::place_early;
  options.user = &outputs;
  options.outputs_on_device = stays.data();
  options.stream = stream ? &*stream : nullptr;
  const auto begin = Recorder::Clock::now();
  ingot_error* error = ingot_session_run(session.get(), in.data(), out.data(), &options);
  for (size_t i = 0; i < out.size(); ++i) {  // a run that failed may have made some
    results[i].reset(out[i]);
  }
  check(error);
  if (outputs.failure) {
    std::rethrow_exception(outputs.failure);
  }
  for (size_t i = 0; i < out.size(); ++i) {
    outputs.take(i, out[i]);
  }
  if (options.profile) {
    recorder->record(ingot_session_profile_json(session.get()), begin);
  }
}

}  // namespace ingot_ort
