#include "runtime/device_binding.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "ops/sizes.h"
#include "ops/symbolic_fields.h"
#include "runtime/binding.h"
#include "runtime/device_groups.h"
#include "runtime/device_views.h"
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
  }

  std::unique_ptr<DeviceBinding> run() {
    find_shapes();
    classify();
    place();
    timed(p_.spent.weights_ms, [&] { reserve_constants(); });
    emit();
    timed(p_.spent.weights_ms, [&] { constants_.copy_all(p_.parallel); });
    table_.compile();
    timed(p_.spent.capture_ms, [&] { record(); });
    return std::move(binding_);
  }

  std::vector<std::string> sources() {
    find_shapes();
    classify();
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

  void find_shapes() {
    const plan::Program& program = p_.program;
    for (size_t i = 0; i < program.inputs.size(); ++i) {
      const plan::ValueDef& value = def(program.inputs[i]);
      if (!value.type.is_tensor() || !value.shape) continue;
      match_shape(*value.shape, binding_->input_shapes[i], binding_->symbols, "input " + value.name);
    }
    for (const auto& [name, size] : binding_->symbols) known_.insert(name);
    binding_->shapes.resize(program.values.size());
    binding_->early.resize(program.values.size());
    for (size_t i = 0; i < program.values.size(); ++i) {
      const plan::ValueDef& value = program.values[i];
      if (!value.type.is_tensor() || !value.shape) continue;
      std::set<std::string> used;
      for (const Dim& dim : *value.shape) dim.collect_symbols(used);
      if (!are_known(used)) continue;
      binding_->shapes[i] = evaluate_shape(*value.shape, binding_->symbols, value.name);
      binding_->early[i] = true;
    }
  }

  bool are_known(const std::set<std::string>& symbols) const {
    return std::includes(known_.begin(), known_.end(), symbols.begin(), symbols.end());
  }

  bool runs_on_device(const Step& step) const {
    if (step.kind == StepKind::kView) {
      const auto& inputs = p_.program.inputs;
      const ValueIndex input = step.inputs[0];
      const bool goes_up = std::find(inputs.begin(), inputs.end(), input) != inputs.end() && early(step.inputs);
      return early(step.outputs) && (binding_->on_device[at(input)] || (goes_up && !host_reads(step.outputs[0])));
    }
    return step.kind == StepKind::kKernel && early(step.inputs) && early(step.outputs) &&
           are_known(symbols_of(step.op));
  }
  // Whether a step of the host reads the value, or it is an output.
  bool host_reads(ValueIndex value) const {
    const auto& outputs = p_.program.outputs;
    if (std::find(outputs.begin(), outputs.end(), value) != outputs.end()) return true;
    for (size_t s = 0; s < steps().size(); ++s) {
      const Step& step = steps()[s];
      if (std::find(step.inputs.begin(), step.inputs.end(), value) == step.inputs.end()) continue;
      if (step.kind == StepKind::kView ? host_reads(step.outputs[0]) : !runs_on_device(step)) return true;
    }
    return false;
  }
  bool early(const std::vector<ValueIndex>& values) const {
    return std::all_of(values.begin(), values.end(),
                       [&](ValueIndex value) { return value == plan::kNoValue || binding_->early[at(value)]; });
  }

  // Which steps run where, which values cross, and how long each is needed on the device.
  void classify() {
    const size_t values = p_.program.values.size();
    binding_->on_device.assign(values, false);
    device_step_.assign(steps().size(), false);
    root_.resize(values);
    made_at_.assign(values, -1);
    last_.assign(values, -2);
    needs_host_.assign(values, false);
    for (size_t i = 0; i < values; ++i) root_[i] = static_cast<ValueIndex>(i);
    const auto end = static_cast<int32_t>(steps().size());
    for (size_t s = 0; s < steps().size(); ++s) {
      device_step_[s] = runs_on_device(steps()[s]);
      // The host has the sizes already.
      if (steps()[s].op.is<Sizes>() && device_step_[s]) device_step_[s] = !host_reads(steps()[s].outputs[0]);
      if (!device_step_[s]) binding_->host_steps.push_back(s);
      for (const ValueIndex output : steps()[s].outputs) {
        if (output != plan::kNoValue) binding_->on_device[at(output)] = device_step_[s];
      }
    }
    views_.emplace(p_.program, p_.constants, binding_->shapes, binding_->symbols, device_step_);
    pairs_ = find_pairs(p_.program, binding_->shapes, *views_, device_step_, p_.storage);
    for (const auto& [second, pair] : pairs_) {
      absorbed_.insert(pair.first);
      if (!pair.kept) between_.insert(steps()[pair.first].outputs[0]);
    }
    for (int32_t s = 0; s < end; ++s) {
      const auto step = static_cast<size_t>(s);
      if (views_->skipped(step) || absorbed_.contains(step)) continue;
      add_results(step, s);
      if (const auto pair = pairs_.find(step); pair != pairs_.end()) {
        if (pair->second.kept) add_results(pair->second.first, s);
        add_reads(pair->second.first, s);
      }
      add_reads(step, s);
    }
    for (const ValueIndex output : p_.program.outputs) {
      if (binding_->on_device[at(output)]) need_until(output, end);
    }
  }
  void add_results(size_t index, int32_t when) {
    const Step& step = steps()[index];
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] == plan::kNoValue) continue;
      const ValueIndex output = place_of(index, {Slot::kOutput, i});
      made_at_[at(output)] = when;
      if (device_step_[index]) last_[at(output)] = when;
    }
    if (device_step_[index] && step.kind == StepKind::kView) root_[at(step.outputs[0])] = root_[at(step.inputs[0])];
  }
  // What the step reads when step `when` runs.
  void add_reads(size_t index, int32_t when) {
    const Step& step = steps()[index];
    const bool here = device_step_[index];
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      for (const ValueIndex input : views_->read(index, i)) {
        if (def(input).constant >= 0) continue;
        if (between_.contains(input)) continue;
        if (!here) needs_host_[at(input)] = true;
        if (here || binding_->on_device[at(input)]) need_until(input, when);
      }
    }
    if (here && step.kind == StepKind::kView) need_until(step.outputs[0], when);
  }
  // Where an operand's elements lie in another value; null: densely in its own.
  const DeviceView* view_of(size_t step, const Slot& slot) const {
    return slot.kind == Slot::kInput ? views_->input(step, slot.index)
           : slot.index == 0         ? views_->output(step)
                                     : nullptr;
  }
  // The value in whose memory an operand lies.
  ValueIndex place_of(size_t step, const Slot& slot) const {
    if (const DeviceView* view = view_of(step, slot)) return view->roots[slot.root];
    return (slot.kind == Slot::kInput ? steps()[step].inputs : steps()[step].outputs)[slot.index];
  }
  void need_until(ValueIndex value, int32_t step) {
    int32_t& last = last_[at(root_[at(value)])];
    last = std::max(last, step);
  }

  // Places of values, and of what the host sees of those that cross in another type.
  void place() {
    std::vector<MemoryItem> items;
    const auto end = static_cast<int32_t>(steps().size());
    std::vector<std::pair<ValueIndex, bool>> owners;  // value, whether its host form
    for (size_t i = 0; i < p_.program.values.size(); ++i) {
      const auto value = static_cast<ValueIndex>(i);
      if (root_[i] == value && last_[i] >= -1 && def(value).constant < 0) {
        items.push_back({std::max<int64_t>(device_bytes(value), 1), std::max(made_at_[i], 0), std::max(last_[i], 0)});
        owners.emplace_back(value, false);
      }
      const bool output =
          std::find(p_.program.outputs.begin(), p_.program.outputs.end(), value) != p_.program.outputs.end();
      const bool down = binding_->on_device[i] && (needs_host_[i] || output);
      const bool up = !binding_->on_device[i] && last_[i] >= -1 && def(value).constant < 0;
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

  Address address(ValueIndex value) const { return address_.at(root_[at(value)]); }
  Crossing crossing(ValueIndex value) const {
    const auto found = host_form_.find(value);
    if (found != host_form_.end()) return {value, found->second, {value, true}};
    return {value, address(value), own_place(value)};
  }
  MemoryPlace own_place(ValueIndex value) const { return {root_[at(value)], false}; }

  void emit() {
    for (const ValueIndex input : p_.program.inputs) {
      if (last_[at(input)] >= -1) binding_->inputs.push_back(crossing(input)), add_upload(input);
      const auto& outputs = p_.program.outputs;
      if (needs_host_[at(input)] || std::find(outputs.begin(), outputs.end(), input) != outputs.end()) {
        binding_->host_inputs.push_back(input);
      }
    }
    for (size_t s = 0; s < steps().size(); ++s) {
      if (device_step_[s]) {
        if (steps()[s].kind == StepKind::kKernel && !views_->skipped(s) && !absorbed_.contains(s))
          emit_step(steps()[s], s);
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

  void emit_step(const Step& step, size_t index) {
    const bool empty = std::all_of(step.outputs.begin(), step.outputs.end(),
                                   [&](ValueIndex value) { return value == plan::kNoValue || count(value) == 0; });
    if (empty) return;
    const auto* row = kernels::cuda::find_device_row(step.row);
    if (row == nullptr) fail(Code::kForeignPlan, "this library has no device kernel {}", step.row);
    with_frame([&] { return fmt::format("step {} ({})", index, step.op.name()); },
               [&] {
                 for (const Call& whole : emission(*row, index)) {
                   for (const Call& call : table_.prepare(whole)) add_call(index, call);
                 }
               });
  }
  kernels::Problem problem_of(size_t index) const {
    const Step& step = steps()[index];
    kernels::Problem problem =
        step_problem(p_.program, step, [&](ValueIndex value) { return binding_->shapes[at(value)]; });
    problem.op = at_sizes(step.op, binding_->symbols);
    return problem;
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
      if (!device_step_[s] || steps()[s].kind != StepKind::kKernel || views_->skipped(s)) continue;
      for (size_t i = 0; i < steps()[s].inputs.size(); ++i) {
        for (const ValueIndex value : views_->read(s, i)) {
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

  kernels::cuda::Emission emission(const kernels::cuda::DeviceRow& row, size_t index) const {
    const kernels::Problem problem = problem_of(index);
    if (const auto pair = pairs_.find(index); pair != pairs_.end())
      return pair->second.row->emit(problem_of(pair->second.first), problem, p_.storage, pair->second.views,
                                    pair->second.kept);
    std::vector<kernels::cuda::OperandView> views(problem.inputs.size() + problem.outputs.size());
    bool any = false;
    for (size_t i = 0; i < views.size(); ++i) {
      const bool input = i < problem.inputs.size();
      const DeviceView* view =
          view_of(index, {input ? Slot::kInput : Slot::kOutput, input ? i : i - problem.inputs.size()});
      if (view != nullptr) views[i] = view->operand, any = true;
    }
    if (views_->copies(index)) {
      const kernels::Operand& result = problem.outputs[0];
      return {kernels::cuda::moved_copy(kernels::cuda::stored(result.dtype, p_.storage), views[0].moved, result.shape)};
    }
    return any ? row.emit_views(problem, p_.storage, views) : row.emit(problem, p_.storage);
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
      const size_t owner = slot.before ? pairs_.at(index).first : index;
      const ValueIndex value = place_of(owner, slot);
      const int32_t constant = def(value).constant;
      if (constant < 0) {
        const DeviceView* view = view_of(owner, slot);
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
        lay_out = [pack = row.pack, problem = problem_of(owner), i = slot.index](const Tensor& each) {
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
      if (output == plan::kNoValue || last_[at(output)] < -1) continue;
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
  std::set<std::string> known_;  // symbols that the inputs' sizes give
  std::vector<bool> device_step_, needs_host_;
  std::optional<DeviceViews> views_;
  std::map<size_t, StepPair> pairs_;     // by the step that runs both
  std::set<size_t> absorbed_;            // first steps of pairs
  std::set<ValueIndex> between_;         // those of their results that have no memory
  std::vector<ValueIndex> root_;         // whose memory a value's elements lie in
  std::vector<int32_t> made_at_, last_;  // steps; last_ -2: not needed on the device
  std::unordered_map<ValueIndex, Address> address_, host_form_;
  std::vector<Enqueued> current_;
  std::vector<std::vector<Enqueued>> stage_calls_;  // per stage
};

struct ForgetNew {  // what was not copied
  DeviceConstants& constants;
  ~ForgetNew() { constants.forget_new(); }
};

}  // namespace

DType device_storage(const plan::PlanInfo& info) {
  const std::string precision = info.option("precision", "fp32");
  if (precision == "fp16") return DType::kF16;
  return precision == "bf16" ? DType::kBF16 : DType::kF32;
}

std::vector<std::string> device_sources(const DeviceProgram& program, DeviceConstants& constants,
                                        std::span<const Shape> input_shapes) {
  const ForgetNew forget_new{constants};
  return Builder(program, constants, input_shapes).sources();
}

std::unique_ptr<DeviceBinding> bind_device(const DeviceProgram& program, DeviceConstants& constants,
                                           std::span<const Shape> input_shapes) {
  const ForgetNew forget_new{constants};
  auto binding = timed(program.spent.bind_ms, [&] { return Builder(program, constants, input_shapes).run(); });
  program.spent.weight_bytes = constants.bytes();
  return binding;
}

}  // namespace ingot::runtime
