// What can be said of a program before any shape is known: which kernel each step runs, when each value dies, which
// values share bytes, and which shapes follow from the inputs' shapes alone.
#pragma once
#include <vector>

#include "kernels/kernel.h"
#include "plan/plan.h"

namespace ingot::runtime {

using plan::ValueIndex;

enum class Storage : uint8_t {
  kConstant,  // in the plan
  kInput,     // the caller's memory
  kPlanned,   // a place in the arena or in the caller's output: its shape follows from the inputs' shapes
  kDynamic,   // a Value of its own: strings, sequences, data-dependent shapes
};

struct ScheduledValue {
  Storage storage = Storage::kDynamic;
  bool early = false;    // shape follows from the inputs' shapes
  ValueIndex root = -1;  // the value whose bytes a chain of views shares; itself otherwise
  int32_t first = -1;    // step that defines the root's bytes; -1: before the first
  int32_t last = -1;     // last step that reads any value of this root; steps.size() for outputs
};

struct ScheduledStep {
  const kernels::Row* row = nullptr;  // kKernel
  bool early = false;                 // every operand's shape is early: bound with the shapes
};

struct Schedule {
  const plan::Program* program = nullptr;
  std::vector<ScheduledValue> values;
  std::vector<ScheduledStep> steps;
};

// Throws kForeignPlan when a row does not exist here, needs instructions the CPU lacks, or packs differently.
Schedule make_schedule(const plan::Program& program);

}  // namespace ingot::runtime
