// The memory and bookkeeping of one run in progress. Internal to the executor.
#pragma once
#include "ops/eval.h"
#include "runtime/executor.h"
#include "runtime/run_memory.h"

namespace ingot::runtime {

struct Executor::State {
  Executor& executor;
  std::shared_ptr<const Binding> binding;
  std::span<const Value> inputs;
  std::span<Value> outputs;
  const RunControl* control = nullptr;
  const kernels::Parallel* parallel = nullptr;

  std::unique_ptr<std::byte, void (*)(void*)> arena{nullptr, std::free};
  int64_t arena_bytes = 0;
  std::vector<const void*> pointers;  // of every value with bytes, set for the run
  std::vector<Value> dynamic;         // of every dynamic value
  RunMemory memory;                   // of dynamic tensors
  SymbolValues symbols;               // late ones added as they appear
  std::vector<const void*> step_inputs;
  std::vector<void*> step_outputs;
  std::vector<std::byte> late_scratch;
  std::vector<std::pair<size_t, Tensor>> staged;  // outputs that would overwrite inputs still to be read

  explicit State(Executor& owner);

  void begin(std::shared_ptr<const Binding> bound, std::span<const Value> in, std::span<Value> out);
  void run_steps();
  void finish();

 private:
  const plan::Program& program() const { return executor.program_; }
  const ScheduledValue& scheduled(ValueIndex value) const {
    return executor.schedule_.values[static_cast<size_t>(value)];
  }
  bool is_dynamic(ValueIndex value) const { return scheduled(value).storage == Storage::kDynamic; }
  // Whether its bytes lie in the arena or the caller's memory, which later steps and runs write over.
  bool is_lent(ValueIndex value) const {
    return !is_dynamic(value) && program().values[static_cast<size_t>(value)].constant < 0;
  }
  const void* pointer(ValueIndex value) const;
  Shape shape_of(ValueIndex value) const;
  // A borrowed view; valid while the run lasts.
  Value value_of(ValueIndex value) const;

  void place_outputs();
  const void* output_memory(ValueIndex root, size_t output);
  void run_step(size_t index);
  void run_kernel(size_t index, const plan::Step& step);
  // Runs on the operands in step_inputs and step_outputs.
  void launch(const kernels::BoundKernel& kernel, std::byte* scratch);
  void run_late_kernel(size_t index, const plan::Step& step);
  void run_view(const plan::Step& step);
  void run_evaluation(size_t index, const plan::Step& step);
  void store(ValueIndex value, Value result);
  void learn_shape(ValueIndex value, const Shape& shape);
  void release_dynamic(size_t index);
  void observe(size_t index, const plan::Step& step);
};

}  // namespace ingot::runtime
