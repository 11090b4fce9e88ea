// A program with the sizes of its inputs fixed, ready on an accelerator: places in device memory, operations, graphs.
#pragma once
#include <map>

#include "device/device.h"
#include "kernels/cuda/device_row.h"
#include "plan/plan.h"
#include "runtime/device_constants.h"
#include "runtime/preparation.h"
#include "runtime/schedule.h"

namespace ingot::runtime {

// Memory of a value: its own, or that of what the host sees of it. value -1: a constant's.
struct MemoryPlace {
  ValueIndex value = -1;
  bool host_form = false;
  auto operator<=>(const MemoryPlace&) const = default;
};

// A value that crosses between host and device: `host_form` holds what the host sees, in device memory.
struct Crossing {
  ValueIndex value = -1;
  device::Address host_form = 0;
  MemoryPlace place;  // whose memory that is
};

// Memory that a run has elsewhere than the binding.
struct Moved {
  device::Address from = 0, to = 0;
  bool operator==(const Moved&) const = default;
};
using Substitutions = std::map<MemoryPlace, Moved>;
struct GraphSet {
  Substitutions where;
  std::vector<std::unique_ptr<device::Operation>> graphs;
};

// Steps of the device in one graph, or one step of the host.
struct DeviceStage {
  std::unique_ptr<device::Operation> graph;
  int32_t host_step = -1;
  std::vector<Crossing> fetch;   // before the host's step
  std::vector<Crossing> upload;  // after it
  size_t begin = 0, end = 0;     // the graph's operations among the binding's
};

// A recorded operation on its operands and the step that it is of; -1: a value crosses in another type.
struct RecordedOperation {
  std::shared_ptr<device::Operation> operation;
  std::vector<device::Address> operands;
  std::vector<MemoryPlace> places;  // of the operands
  int32_t step = -1;
};

struct DeviceBinding {
  std::vector<Shape> input_shapes;  // the key
  SymbolValues symbols;
  std::vector<Shape> shapes;     // of every value whose shape follows from the inputs'
  std::vector<bool> early;       // which those are
  std::vector<bool> on_device;   // values that a device step makes
  std::vector<Crossing> inputs;  // uploaded before the first stage
  std::vector<Crossing>
      outputs;  // fetched after the last; index into the program's outputs where value is on the device
  std::vector<DeviceStage> stages;
  std::vector<size_t> host_steps;
  int64_t arena_bytes = 0, largest_live_set = 0;
  device::Buffer arena, workspace;
  std::vector<RecordedOperation> recorded;  // what the graphs were recorded from, in order
  std::vector<ValueIndex> host_inputs;      // the program's inputs that the host needs
  std::vector<GraphSet> graph_sets;         // most recently used first
  size_t recordings = 0;                    // of graphs again because operands lay elsewhere
};

struct DeviceProgram {
  const plan::Program& program;
  const std::vector<Tensor>& constants;
  device::Device& device;
  DType storage;  // how the device keeps f32
  Preparation& spent;
  const kernels::Parallel& parallel;
  bool tf32 = false;
};

// Compiles, tunes, allocates and records. Throws kInvalidArgument when the shapes do not fit the program.
std::unique_ptr<DeviceBinding> bind_device(const DeviceProgram& program, DeviceConstants& constants,
                                           std::span<const Shape> input_shapes);
// The sources that binding would compile; nothing is copied, and `constants` is as before.
std::vector<std::string> device_sources(const DeviceProgram& program, DeviceConstants& constants,
                                        std::span<const Shape> input_shapes);
// How the plan's device keeps f32, by the option "precision".
DType device_storage(const plan::PlanInfo& info);
// Whether products and convolutions in f32 may be in TF32, by the option "tf32".
bool device_tf32(const plan::PlanInfo& info);

}  // namespace ingot::runtime
