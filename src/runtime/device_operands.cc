#include "runtime/device_operands.h"

#include <algorithm>

#include "device/memory.h"

namespace ingot::runtime {
namespace {

using device::Address;

constexpr size_t kMaxGraphSets = 8;  // callers take turns among a few buffers

const Crossing* find(const std::vector<Crossing>& crossings, ValueIndex value) {
  const auto found =
      std::find_if(crossings.begin(), crossings.end(), [&](const Crossing& each) { return each.value == value; });
  return found == crossings.end() ? nullptr : &*found;
}

}  // namespace

DeviceOperands::DeviceOperands(const plan::Program& program, const DeviceBinding& binding,
                               std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control,
                               const std::string& memory)
    : inputs_(control.device_inputs), outputs_(control.device_outputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!has_input(i)) continue;
    const Crossing* crossing = find(binding.inputs, program.inputs[i]);
    if (crossing != nullptr) place_input(i, *crossing, inputs[i].tensor());
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const ValueIndex value = program.outputs[i];
    if (!has_output(i) || !binding.early[static_cast<size_t>(value)]) continue;
    const plan::ValueDef& def = program.values[static_cast<size_t>(value)];
    const Shape& shape = binding.shapes[static_cast<size_t>(value)];
    if (!outputs[i].is_tensor() || !outputs[i].tensor().defined()) {
      void* given = control.place_output ? control.place_output(i, def.type.dtype, shape) : nullptr;
      outputs[i] = given != nullptr ? Tensor(def.type.dtype, shape, given, nullptr)
                                    : device::Memory::of(memory)->allocate(def.type.dtype, shape);
    }
    const Tensor& tensor = outputs[i].tensor();
    if (tensor.dtype() != def.type.dtype || tensor.shape() != shape) {
      fail(Code::kInvalidArgument, "output {}: bound to device memory of {}, the run gives {}{}",
           program.output_names[i], tensor.type_text(), dtype_name(def.type.dtype), shape_text(shape));
    }
    if (const Crossing* crossing = find(binding.outputs, value)) place_output(i, *crossing, tensor);
  }
}

void DeviceOperands::place_input(size_t index, const Crossing& crossing, const Tensor& tensor) {
  const Address address = device::address_of(tensor);
  if (address % kOperandAlignment != 0) {
    copied_inputs_.emplace_back(index, crossing);
  } else {
    where_[crossing.place] = {crossing.host_form, address};
    read_.emplace_back(address, address + static_cast<Address>(tensor.byte_size()));
  }
}

// An output that lies over an input is written at the end only: the input may be read until then.
void DeviceOperands::place_output(size_t index, const Crossing& crossing, const Tensor& tensor) {
  const Address begin = device::address_of(tensor), end = begin + static_cast<Address>(tensor.byte_size());
  const bool over_input = std::any_of(read_.begin(), read_.end(),
                                      [&](const auto& range) { return begin < range.second && range.first < end; });
  if (begin % kOperandAlignment != 0 || over_input || where_.count(crossing.place) > 0) {
    copied_outputs_.emplace_back(index, crossing);
  } else {
    where_[crossing.place] = {crossing.host_form, begin};
  }
}

Address DeviceOperands::address(const Crossing& crossing) const {
  const auto found = where_.find(crossing.place);
  return found == where_.end() ? crossing.host_form : found->second.to;
}

const std::vector<std::unique_ptr<device::Operation>>& graphs_for(DeviceBinding& binding, device::Device& device,
                                                                  const Substitutions& where) {
  auto& sets = binding.graph_sets;
  const auto found = std::find_if(sets.begin(), sets.end(), [&](const GraphSet& set) { return set.where == where; });
  if (found != sets.end()) {
    std::rotate(sets.begin(), found, found + 1);
    return sets.front().graphs;
  }
  GraphSet set{where, {}};
  for (const DeviceStage& stage : binding.stages) {
    set.graphs.emplace_back();
    bool touched = false;
    std::vector<std::vector<Address>> operands;
    for (size_t r = stage.begin; r < stage.end; ++r) {
      operands.push_back(binding.recorded[r].operands);
      for (size_t i = 0; i < operands.back().size(); ++i) {
        const auto moved = where.find(binding.recorded[r].places[i]);
        if (moved == where.end()) continue;
        operands.back()[i] += moved->second.to - moved->second.from;
        touched = true;
      }
    }
    if (!touched) continue;
    ++binding.recordings;
    set.graphs.back() = device.capture([&] {
      for (size_t r = stage.begin; r < stage.end; ++r) {
        binding.recorded[r].operation->enqueue(operands[r - stage.begin], binding.workspace.address());
      }
    });
  }
  if (sets.size() == kMaxGraphSets) sets.pop_back();
  sets.insert(sets.begin(), std::move(set));
  return sets.front().graphs;
}

}  // namespace ingot::runtime
