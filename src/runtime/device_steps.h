// Which steps of a program with fixed sizes run on an accelerator, as which calls, and whose memory they need when.
#pragma once
#include <set>

#include "runtime/device_binding.h"
#include "runtime/device_groups.h"

namespace ingot::runtime {

class DeviceSteps {
 public:
  // Fills in what `binding` says of sizes, values and host steps, from its input_shapes. Both outlive this. Throws
  // kInvalidArgument when the shapes do not fit the program.
  DeviceSteps(const DeviceProgram& program, DeviceBinding& binding);

  bool on_device(size_t step) const { return device_step_[step]; }
  // Whether the step is work of the device; else it is nothing, done by another one, or the host's.
  bool launches(size_t step) const;
  kernels::Problem problem(size_t step) const;
  // Of a step that launches. Throws kForeignPlan when there is no such row.
  kernels::cuda::Emission emission(size_t step) const;

  // The step that an operand of a call is of.
  size_t owner(size_t step, const kernels::cuda::Slot& slot) const {
    return slot.before ? pairs_.at(step).first : step;
  }
  // Where an operand's elements lie in another value; null: densely in its own.
  const DeviceView* view_of(size_t step, const kernels::cuda::Slot& slot) const;
  // The value in whose memory an operand lies.
  ValueIndex place_of(size_t step, const kernels::cuda::Slot& slot) const;
  const DeviceViews& views() const { return *views_; }

  ValueIndex root(ValueIndex value) const { return root_[at(value)]; }  // whose memory the value's elements lie in
  // Steps, of the device's memory of a value: that fills it, -1: none; that needs it last, -2: none.
  int32_t made_at(ValueIndex value) const { return made_at_[at(value)]; }
  int32_t last(ValueIndex value) const { return last_[at(value)]; }
  bool needs_host(ValueIndex value) const { return needs_host_[at(value)]; }  // whether a step of the host reads it

 private:
  const std::vector<plan::Step>& steps() const { return p_.program.steps; }
  static size_t at(ValueIndex value) { return static_cast<size_t>(value); }
  const plan::ValueDef& def(ValueIndex value) const { return p_.program.values[at(value)]; }
  void find_shapes();
  bool are_known(const std::set<std::string>& symbols) const;
  bool runs_on_device(const plan::Step& step) const;
  bool host_reads(ValueIndex value) const;
  bool early(const std::vector<ValueIndex>& values) const;
  void classify();
  void add_results(size_t index, int32_t when);
  void add_reads(size_t index, int32_t when);
  void need_until(ValueIndex value, int32_t step);

  const DeviceProgram& p_;
  DeviceBinding& binding_;
  std::set<std::string> known_;  // symbols that the inputs' sizes give
  std::vector<bool> device_step_, needs_host_;
  std::optional<DeviceViews> views_;
  std::map<size_t, StepPair> pairs_;  // by the step that runs both
  std::set<size_t> absorbed_;         // first steps of pairs
  std::set<ValueIndex> between_;      // those of their results that have no memory
  std::vector<ValueIndex> root_;
  std::vector<int32_t> made_at_, last_;
};

}  // namespace ingot::runtime
