// Inputs and outputs of a run that lie in device memory: graphs that use them where they lie.
#pragma once
#include "runtime/device_binding.h"
#include "runtime/executor.h"

namespace ingot::runtime {

// Kernels read and write 16 bytes at a time: what the caller gives at other addresses is copied within the device.
inline constexpr device::Address kOperandAlignment = 16;

// Where the operands of one run lie.
class DeviceOperands {
 public:
  // Checks the outputs' types and shapes (kInvalidArgument); undefined ones get memory from the caller's place_output,
  // else of their own (kOutOfMemory).
  DeviceOperands(const plan::Program& program, const DeviceBinding& binding, std::span<const Value> inputs,
                 std::span<Value> outputs, const RunControl& control, const std::string& memory);

  bool has_input(size_t index) const { return is_set(inputs_, index); }
  bool has_output(size_t index) const { return is_set(outputs_, index); }
  // Where this run has what crosses: in the binding's memory or the caller's.
  device::Address address(const Crossing& crossing) const;
  const Substitutions& substitutions() const { return where_; }
  // Inputs to copy into the binding's memory, outputs to copy from it: index and crossing.
  const std::vector<std::pair<size_t, Crossing>>& copied_inputs() const { return copied_inputs_; }
  const std::vector<std::pair<size_t, Crossing>>& copied_outputs() const { return copied_outputs_; }

 private:
  static bool is_set(std::span<const uint8_t> flags, size_t index) { return index < flags.size() && flags[index] != 0; }
  void place_input(size_t index, const Crossing& crossing, const Tensor& tensor);
  void place_output(size_t index, const Crossing& crossing, const Tensor& tensor);

  std::span<const uint8_t> inputs_, outputs_;
  Substitutions where_;
  std::vector<std::pair<device::Address, device::Address>> read_;  // begin and end of inputs used where they lie
  std::vector<std::pair<size_t, Crossing>> copied_inputs_, copied_outputs_;
};

// The binding's graphs with some of its memory elsewhere: those that were used lately are kept, others recorded, which
// compiles and tunes nothing. One per stage; null: the stage's own.
const std::vector<std::unique_ptr<device::Operation>>& graphs_for(DeviceBinding& binding, device::Device& device,
                                                                  const Substitutions& where);

}  // namespace ingot::runtime
