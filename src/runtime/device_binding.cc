#include "runtime/device_binding.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "runtime/device_steps.h"
#include "runtime/memory_plan.h"
#include "runtime/operation_table.h"

namespace ingot::runtime {
namespace {

using device::Address;
using kernels::cuda::Call;
using kernels::cuda::Slot;
using plan::Step;
using plan::StepKind;

constexpr int64_t kAlignment = 256;

struct Enqueued {
  Call call;
  std::vector<Address> operands;
  std::vector<MemoryPlace> places;
  int32_t step = -1;
};

class Builder {
 public:
  Builder(const DeviceProgram& program, DeviceConstants& constants, std::span<const Shape> input_shapes)
      : p_(program),
        constants_(constants),
        table_(program.device, program.spent),
        binding_(std::make_unique<DeviceBinding>()) {
    binding_->input_shapes.assign(input_shapes.begin(), input_shapes.end());
    steps_.emplace(program, *binding_);
  }

  std::unique_ptr<DeviceBinding> run() {
    place();
    timed(p_.spent.weights_ms, [&] { reserve_constants(); });
    emit();
    timed(p_.spent.weights_ms, [&] { constants_.copy_all(p_.parallel); });
    table_.compile();
    table_.recall_choices();
    timed(p_.spent.capture_ms, [&] { record(); });
    return std::move(binding_);
  }

  std::vector<std::string> sources() {
    place();
    emit();
    return table_.sources();
  }

 private:
  const std::vector<Step>& steps() const { return p_.program.steps; }
  size_t at(ValueIndex value) const { return static_cast<size_t>(value); }
  const plan::ValueDef& def(ValueIndex value) const { return p_.program.values[at(value)]; }
  DType stored(ValueIndex value) const { return kernels::cuda::stored(def(value).type.dtype, p_.storage); }
  bool converts(ValueIndex value) const { return stored(value) != def(value).type.dtype; }
  int64_t count(ValueIndex value) const { return element_count(binding_->shapes[at(value)]); }
  int64_t device_bytes(ValueIndex value) const { return count(value) * (dtype_bits(stored(value)) / 8); }
  int64_t host_bytes(ValueIndex value) const { return count(value) * (dtype_bits(def(value).type.dtype) / 8); }

  // Places of values, and of what the host sees of those that cross in another type.
  void place() {
    std::vector<MemoryItem> items;
    const auto end = static_cast<int32_t>(steps().size());
    std::vector<std::pair<ValueIndex, bool>> owners;  // value, whether its host form
    for (size_t i = 0; i < p_.program.values.size(); ++i) {
      const auto value = static_cast<ValueIndex>(i);
      if (steps_->root(value) == value && steps_->last(value) >= -1 && def(value).constant < 0) {
        items.push_back({std::max<int64_t>(device_bytes(value), 1), std::max(steps_->made_at(value), 0),
                         std::max(steps_->last(value), 0)});
        owners.emplace_back(value, false);
      }
      const bool output =
          std::find(p_.program.outputs.begin(), p_.program.outputs.end(), value) != p_.program.outputs.end();
      const bool down = binding_->on_device[i] && (steps_->needs_host(value) || output);
      const bool up = !binding_->on_device[i] && steps_->last(value) >= -1 && def(value).constant < 0;
      if ((down || up) && converts(value)) {
        items.push_back({std::max<int64_t>(host_bytes(value), 1), 0, end});
        owners.emplace_back(value, true);
      }
    }
    for (MemoryItem& item : items) item.bytes = (item.bytes + kAlignment - 1) / kAlignment * kAlignment;
    const MemoryPlan plan = plan_memory(items);
    binding_->arena_bytes = plan.bytes;
    binding_->largest_live_set = plan.largest_live_set;
    binding_->arena = device::Buffer(p_.device, plan.bytes);
    for (size_t i = 0; i < items.size(); ++i) {
      (owners[i].second ? host_form_ : address_)[owners[i].first] =
          binding_->arena.address() + static_cast<Address>(plan.offsets[i]);
    }
  }

  Address address(ValueIndex value) const { return address_.at(steps_->root(value)); }
  Crossing crossing(ValueIndex value) const {
    const auto found = host_form_.find(value);
    if (found != host_form_.end()) return {value, found->second, {value, true}};
    return {value, address(value), own_place(value)};
  }
  MemoryPlace own_place(ValueIndex value) const { return {steps_->root(value), false}; }

  // The calls of every step that launches something.
  std::vector<kernels::cuda::Emission> emissions() const {
    std::vector<kernels::cuda::Emission> emissions(steps().size());
    for (size_t s = 0; s < steps().size(); ++s) {
      const auto& outputs = steps()[s].outputs;
      const bool empty = std::all_of(outputs.begin(), outputs.end(),
                                     [&](ValueIndex value) { return value == plan::kNoValue || count(value) == 0; });
      if (!steps_->launches(s) || empty) continue;
      with_frame([&] { return step_frame(s); }, [&] { emissions[s] = steps_->emission(s); });
      if (p_.tf32) kernels::cuda::allow_tf32(emissions[s]);
    }
    return emissions;
  }
  std::string step_frame(size_t step) const { return fmt::format("step {} ({})", step, steps()[step].op.name()); }

  void emit() {
    const auto emissions = this->emissions();
    table_.recall(emissions);
    for (const ValueIndex input : p_.program.inputs) {
      if (steps_->last(input) >= -1) binding_->inputs.push_back(crossing(input)), add_upload(input);
      const auto& outputs = p_.program.outputs;
      if (steps_->needs_host(input) || std::find(outputs.begin(), outputs.end(), input) != outputs.end()) {
        binding_->host_inputs.push_back(input);
      }
    }
    for (size_t s = 0; s < steps().size(); ++s) {
      if (steps_->on_device(s)) {
        emit_step(s, emissions[s]);
      } else {
        emit_host_step(s);
      }
    }
    for (const ValueIndex output : p_.program.outputs) {
      if (!binding_->on_device[at(output)]) continue;
      add_fetch(output);
      binding_->outputs.push_back(crossing(output));
    }
    end_stage();
  }

  void add_upload(ValueIndex value) {
    if (converts(value)) add_conversion(value, def(value).type.dtype, stored(value), true);
  }
  void add_fetch(ValueIndex value) {
    if (converts(value)) add_conversion(value, stored(value), def(value).type.dtype, false);
  }
  // Between a value and what the host sees of it, in the direction of `up`.
  void add_conversion(ValueIndex value, DType from, DType to, bool up) {
    if (count(value) == 0) return;
    const Call call{kernels::cuda::conversion(from, to, count(value)), {}};
    table_.prepare(call);
    Enqueued each{call, {host_form_.at(value), address(value)}, {{value, true}, own_place(value)}, -1};
    if (!up)
      std::reverse(each.operands.begin(), each.operands.end()), std::reverse(each.places.begin(), each.places.end());
    current_.push_back(std::move(each));
  }

  void emit_step(size_t step, const kernels::cuda::Emission& emission) {
    with_frame([&] { return step_frame(step); },
               [&] {
                 for (const Call& whole : emission) {
                   for (const Call& call : table_.prepare(whole)) add_call(step, call);
                 }
               });
  }

  // What tells apart the layouts of a constant: that of the step's input.
  std::string constant_key(size_t step, size_t input) const {
    const auto* row = kernels::cuda::find_device_row(steps()[step].row);
    return row != nullptr && row->pack != nullptr ? fmt::format("{} {}", row->name, input) : "";
  }
  void reserve_constants() {
    std::set<std::pair<int32_t, std::string>> seen;
    int64_t bytes = 0;
    for (size_t s = 0; s < steps().size(); ++s) {
      if (!steps_->on_device(s) || steps()[s].kind != StepKind::kKernel || steps_->views().skipped(s)) continue;
      for (size_t i = 0; i < steps()[s].inputs.size(); ++i) {
        for (const ValueIndex value : steps_->views().read(s, i)) {
          const int32_t constant = def(value).constant;
          if (constant < 0) continue;
          const std::string key = constant_key(s, i);
          if (constants_.has(constant, key) || !seen.emplace(constant, key).second) continue;
          bytes += constants_.room_for(p_.constants[static_cast<size_t>(constant)]);
        }
      }
    }
    constants_.reserve(bytes);
  }

  void add_call(size_t index, const Call& call) {
    std::vector<Address> operands;
    std::vector<MemoryPlace> places;
    for (const Slot& slot : call.operands) {
      if (slot.kind == Slot::kTable) {
        const Tensor& table = call.tables[slot.index];
        const std::span bytes(static_cast<const std::byte*>(table.raw()), static_cast<size_t>(table.byte_size()));
        operands.push_back(constants_.address(-1, hash128(bytes).hex(), table, nullptr));
        places.emplace_back();
        continue;
      }
      const size_t owner = steps_->owner(index, slot);
      const ValueIndex value = steps_->place_of(owner, slot);
      const int32_t constant = def(value).constant;
      if (constant < 0) {
        const DeviceView* view = steps_->view_of(owner, slot);
        const int64_t offset = view != nullptr ? view->offset * (dtype_bits(stored(value)) / 8) : 0;
        operands.push_back(address(value) + static_cast<Address>(offset));
        places.push_back(own_place(value));
        continue;
      }
      const Tensor& tensor = p_.constants[static_cast<size_t>(constant)];
      const auto& row = *kernels::cuda::find_device_row(steps()[owner].row);
      const bool packs = row.pack != nullptr;  // moved operands are none of those
      places.emplace_back();
      std::function<Tensor(const Tensor&)> lay_out;
      if (packs) {
        lay_out = [pack = row.pack, problem = steps_->problem(owner), i = slot.index](const Tensor& each) {
          return pack(problem, i, each);
        };
      }
      operands.push_back(timed(p_.spent.weights_ms, [&] {
        return constants_.address(constant, constant_key(owner, slot.index), tensor, std::move(lay_out));
      }));
    }
    current_.push_back({call, std::move(operands), std::move(places), static_cast<int32_t>(index)});
  }

  void emit_host_step(size_t s) {
    DeviceStage host;
    host.host_step = static_cast<int32_t>(s);
    for (const ValueIndex input : steps()[s].inputs) {
      if (input == plan::kNoValue || !binding_->on_device[at(input)]) continue;
      add_fetch(input);
      host.fetch.push_back(crossing(input));
    }
    end_stage();
    for (const ValueIndex output : steps()[s].outputs) {
      if (output == plan::kNoValue || steps_->last(output) < -1) continue;
      host.upload.push_back(crossing(output));
      add_upload(output);
    }
    binding_->stages.push_back(std::move(host));
    stage_calls_.emplace_back();
  }
  void end_stage() {
    if (current_.empty()) return;
    binding_->stages.emplace_back();
    stage_calls_.push_back(std::move(current_));
    current_.clear();
  }

  void record() {
    int64_t workspace = 0;
    std::vector<size_t> ends;  // in `recorded`, per stage
    for (std::vector<Enqueued>& calls : stage_calls_) {
      for (Enqueued& each : calls) {
        binding_->recorded.push_back(
            {table_.operation(each.call), std::move(each.operands), std::move(each.places), each.step});
        workspace = std::max(workspace, binding_->recorded.back().operation->workspace_bytes);
      }
      ends.push_back(binding_->recorded.size());
    }
    binding_->workspace = device::Buffer(p_.device, workspace);
    for (size_t i = 0, begin = 0; i < ends.size(); begin = ends[i++]) {
      binding_->stages[i].begin = begin, binding_->stages[i].end = ends[i];
      if (begin == ends[i]) continue;
      binding_->stages[i].graph = p_.device.capture([&] {
        for (size_t r = begin; r < ends[i]; ++r) {
          const RecordedOperation& each = binding_->recorded[r];
          each.operation->enqueue(each.operands, binding_->workspace.address());
        }
      });
    }
  }

  const DeviceProgram& p_;
  DeviceConstants& constants_;
  OperationTable table_;
  std::unique_ptr<DeviceBinding> binding_;
  std::optional<DeviceSteps> steps_;
  std::unordered_map<ValueIndex, Address> address_, host_form_;
  std::vector<Enqueued> current_;
  std::vector<std::vector<Enqueued>> stage_calls_;  // per stage
};

// Of the constants by one binding at a time; what was not copied then is forgotten.
class Use {
 public:
  explicit Use(DeviceConstants& constants) : constants_(constants), lock_(constants.lock()) {}
  ~Use() { constants_.forget_new(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  DeviceConstants& constants_;
  const std::unique_lock<std::mutex> lock_;
};

}  // namespace

DType device_storage(const plan::PlanInfo& info) {
  const std::string precision = info.option("precision", "fp32");
  if (precision == "fp16") return DType::kF16;
  return precision == "bf16" ? DType::kBF16 : DType::kF32;
}

bool device_tf32(const plan::PlanInfo& info) {
  return info.option("tf32", "false") == "true" && device_storage(info) == DType::kF32;
}

std::vector<std::string> device_sources(const DeviceProgram& program, DeviceConstants& constants,
                                        std::span<const Shape> input_shapes) {
  const Use use(constants);
  return Builder(program, constants, input_shapes).sources();
}

std::unique_ptr<DeviceBinding> bind_device(const DeviceProgram& program, DeviceConstants& constants,
                                           std::span<const Shape> input_shapes) {
  const Use use(constants);
  const int64_t before = constants.bytes();
  auto binding = timed(program.spent.bind_ms, [&] { return Builder(program, constants, input_shapes).run(); });
  program.spent.weight_bytes += constants.bytes() - before;
  return binding;
}

}  // namespace ingot::runtime
