// Runs one program: binds shapes once per set of input shapes, then walks the steps.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "device/device.h"
#include "runtime/binding.h"
#include "runtime/task_trace.h"
#include "tensor/value.h"

namespace ingot::runtime {

// Whether the caller asked a run to stop.
inline bool is_set(const int* flag) { return flag != nullptr && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0; }

struct StepTiming {
  int64_t start_ns = 0, duration_ns = 0;  // since the run began
};

// What one run is given besides its values.
struct RunControl {
  const int* cancelled = nullptr;  // the run stops soon after another thread makes it non-zero; read atomically
  uint64_t seed = 0;               // of operators that draw random numbers
  int64_t memory_budget = int64_t{1} << 40;    // bytes one evaluation may allocate
  std::vector<StepTiming>* timings = nullptr;  // one per step of the main program, filled when given
  std::vector<TaskTiming>* tasks = nullptr;    // what each thread did, filled when given together with timings
  // Memory for an output that is not bound and whose shape follows from the inputs' shapes; null: memory of its own.
  // Called before the first step. Results whose shapes are known later only do not ask.
  std::function<void*(size_t output, DType dtype, const Shape& shape)> place_output;
  // Which inputs and outputs lie in memory of the session's device, where they are used as they lie; empty: none. raw()
  // of such a tensor is an address there. An undefined tensor for such an output receives memory.
  std::span<const uint8_t> device_inputs, device_outputs;
  // On a device: the run comes after what this stream of the caller's holds and before what it gets later.
  std::optional<device::Stream> stream;
  // On a device: the run may return before outputs that lie there are complete; their memory and that of such inputs
  // must last until then.
  bool asynchronous = false;
  // Called after each step of the main program with its outputs; for debugging and calibration.
  std::function<void(size_t step, std::span<const Value> outputs)> observe;
};

// Throws kInvalidArgument when a run of the program cannot be given these values.
void check_operands(const plan::Program& program, std::span<const Value> inputs, std::span<const Value> outputs);

// Many threads may call run() at once; each run has memory of its own, kept for reuse.
class Executor {
 public:
  // `constants` outlive the executor.
  Executor(const plan::Program& program, const std::vector<Tensor>& constants, const kernels::Target& target);
  ~Executor();

  // `inputs` and `outputs` in the program's order. An output that holds a tensor of the right type and shape is written
  // in place ("bound"); the others receive new values. Inputs are checked against the program: kInvalidArgument.
  // Allocates nothing when every step is an early kernel or view, the shapes were seen before and outputs are bound.
  void run(std::span<const Value> inputs, std::span<Value> outputs, const RunControl& control,
           const kernels::Parallel& parallel);

  // The binding for these input shapes (made if new).
  std::shared_ptr<const Binding> bind(std::span<const Shape> input_shapes);
  const Schedule& schedule() const { return schedule_; }
  // Steps that allocate when run, with the reason: evaluations and shapes known only at run time.
  std::vector<std::pair<size_t, std::string>> allocating_steps() const;

 private:
  struct State;
  std::shared_ptr<const Binding> find_binding(std::span<const Value> inputs);
  std::unique_ptr<State> acquire_state(const kernels::Parallel& parallel);
  void release_state(std::unique_ptr<State> state);

  const plan::Program& program_;
  const std::vector<Tensor>& constants_;
  kernels::Target target_;
  Schedule schedule_;
  std::vector<std::unique_ptr<Executor>> bodies_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Binding>> bindings_;  // most recently used first
  std::vector<std::unique_ptr<State>> idle_states_;
};

}  // namespace ingot::runtime
