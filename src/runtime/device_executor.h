// Runs a plan's main program on an accelerator; what it has no kernels for runs as evaluations on the host.
#pragma once
#include <mutex>

#include "kernels/machine_peak.h"
#include "runtime/device_binding.h"
#include "runtime/device_operands.h"
#include "runtime/executor.h"

namespace ingot::runtime {

// What `ingot bench` and reports tell of a session on a device.
struct DeviceReport {
  std::string name;
  size_t operations = 0, graphs = 0;  // per run, of the shapes bound last
  double milliseconds = 0;            // of all graphs one after the other, median; transfers and host steps left out
  double lower_milliseconds = 0, upper_milliseconds = 0;  // quartiles of the same rounds
  int64_t arena_bytes = 0, largest_live_set = 0, workspace_bytes = 0;
  int64_t constant_bytes = 0, constant_sharers = 1;  // sessions that share the constants, this one among them
  size_t recordings = 0;  // of graphs again so far, because inputs or outputs lay elsewhere in device memory
  std::vector<std::pair<size_t, std::string>> host_steps;  // with the reason
  std::vector<std::pair<size_t, std::string>> choices;     // steps that more than one could run: what does and why
  bool tf32 = false;                                       // whether f32 products may be in TF32
  std::string device_code;                                 // of the plan: "none", "allowed", "not allowed"
  device::Effort effort;
  Preparation spent;
};

class DeviceExecutor {
 public:
  // `plan` outlives the executor; `device` is opened. Compiled kernels of the plan are used if they are allowed.
  DeviceExecutor(const plan::Plan& plan, const std::string& device, const kernels::Target& host,
                 bool allow_device_code);

  ~DeviceExecutor();

  // As Executor::run; one run at a time, others wait. Done when it returns, also what it leaves in device memory
  // unless control.asynchronous.
  void run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control,
           const kernels::Parallel& parallel);
  // The binding for these input shapes (made if new). Out of memory, those of other shapes are given up first.
  DeviceBinding& bind(std::span<const Shape> input_shapes);
  DeviceReport report();
  // What the device reaches at best on the plan's types; see device_peak.h.
  kernels::MachinePeak peak();
  DType storage() const { return storage_; }  // of values that are f32 in the plan

 private:
  DeviceBinding& find_or_bind(std::span<const Shape> input_shapes, const kernels::Parallel& parallel);
  std::unique_ptr<DeviceBinding> make_binding(std::span<const Shape> input_shapes, const kernels::Parallel& parallel);
  void run_bound(DeviceBinding& binding, std::span<const Value> inputs, std::span<Value> outputs,
                 const RunControl& control, const kernels::Parallel& parallel);
  void begin_inputs(const DeviceBinding& binding, const DeviceOperands& operands, std::span<const Value> inputs,
                    std::vector<Value>& values);
  void finish_outputs(const DeviceBinding& binding, const DeviceOperands& operands, const std::vector<Value>& values,
                      std::span<Value> outputs, const RunControl& control);
  void upload(const DeviceBinding& binding, const DeviceOperands& operands, const Crossing& crossing,
              const Value& value);
  Value fetch(const DeviceBinding& binding, const DeviceOperands& operands, const Crossing& crossing,
              const Value& bound);
  void run_host_step(const DeviceBinding& binding, const DeviceOperands& operands, const DeviceStage& stage,
                     std::vector<Value>& values, SymbolValues& symbols, const RunControl& control,
                     const kernels::Parallel& parallel);
  std::vector<StepTiming> step_timings(const DeviceBinding& binding);
  void learn(const plan::ValueDef& def, const Value& value, SymbolValues& symbols) const;

  const plan::Plan& plan_;
  const std::string device_code_;  // as DeviceReport has it
  std::shared_ptr<device::Device> device_;
  const DType storage_;
  const std::string memory_;                       // device::memory_name of the device
  std::vector<std::unique_ptr<Executor>> bodies_;  // of control flow, on the host
  std::mutex mutex_;
  DeviceConstants constants_;
  Preparation spent_;
  const kernels::Target host_;
  std::vector<std::unique_ptr<DeviceBinding>> bindings_;  // most recently used first
};

}  // namespace ingot::runtime
