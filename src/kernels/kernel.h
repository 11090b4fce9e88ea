// What every kernel family has in common: problems in, rows to choose from, bound kernels that run.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "ops/op.h"
#include "tensor/tensor.h"

namespace ingot::kernels {

// An operand of a step: dense, row-major. A size of -1 is not known yet.
struct Operand {
  DType dtype = DType::kUndefined;  // kUndefined: absent
  Shape shape;
  bool constant = false;  // weights known when the plan is built
  bool present() const { return dtype != DType::kUndefined; }
};

// One step: an operator on operands.
struct Problem {
  Op op;
  std::vector<Operand> inputs, outputs;
};
inline bool has_input(const Problem& problem, size_t input) {
  return input < problem.inputs.size() && problem.inputs[input].present();
}

// Runs task(i) for i in [0, count), possibly on several threads, and returns when all are done. Given by the caller;
// kernels have no threads of their own. How a kernel cuts its work must not depend on `threads` where that would
// change the order of a sum: results are equal bits at every thread count.
struct Parallel {
  int threads = 1;
  void* pool = nullptr;
  void (*run_on_pool)(void* pool, int64_t count, ThreadPool::Task task, void* argument) = nullptr;

  template <class Body> void run(int64_t count, Body&& body) const {
    if (count <= 1 || threads <= 1 || run_on_pool == nullptr) {
      for (int64_t i = 0; i < count; ++i) body(i);
      return;
    }
    run_on_pool(
        pool, count, [](void* argument, int64_t i) { (*static_cast<std::remove_reference_t<Body>*>(argument))(i); },
        &body);
  }
};
Parallel parallel_on(ThreadPool& pool);

struct RunArgs {
  const void* const* inputs;  // as in the problem; null where absent; packed weights where the row packs that input
  void* const* outputs;
  std::byte* scratch;  // scratch_bytes of the bound kernel, 64-byte aligned
  const Parallel& parallel;
  // Where a kernel that meets wrong values (an index out of range) stores a static reason; its outputs then mean
  // nothing. Null: nobody asks.
  std::atomic<const char*>* error = nullptr;
};

// A kernel with every size fixed: knows strides, loop bounds and how to split. Immutable, used by many threads at once.
class BoundKernel {
 public:
  virtual ~BoundKernel() = default;
  virtual void run(const RunArgs& args) const noexcept = 0;
  size_t scratch_bytes = 0;
};

// What the choice depends on besides the problem.
struct Target {
  IsaLevel isa = IsaLevel::kReference;
  int threads = 1;
  long l1d_bytes = 32 << 10, l2_bytes = 1 << 20, l3_bytes = 16 << 20;
  bool double_fma512 = false, slow_bf16_dot = false;  // as CpuFeatures has them
};
Target this_machine(int threads);

struct Row {
  const char* name;  // <isa>_<family>_<types>_<tile>: symbol, test, bench, plan entry, profile row
  IsaLevel isa;
  // Null when the row takes the problem, else a static reason. Looks only at what cannot change from run to run: the
  // operator, types, ranks, and shapes of constants; so a row chosen for one shape runs every shape.
  const char* (*refuse)(const Problem& problem);
  // Estimated nanoseconds on `target`; unknown sizes count as something typical.
  double (*cost)(const Problem& problem, const Target& target);
  // Sizes all known. Throws only kInvalidArgument for operands that do not fit each other.
  std::unique_ptr<BoundKernel> (*bind)(const Problem& problem, const Target& target);
  // Name of the layout that constant input `input` is packed into, or null when it is read as it is.
  const char* (*packing)(const Problem& problem, size_t input) = nullptr;
  // The packed bytes (u8[n]) of that constant.
  Tensor (*pack)(const Problem& problem, size_t input, const Tensor& weights) = nullptr;
  // Whether output 0 may share memory with input `input` (same size, read before written).
  bool (*in_place)(const Problem& problem, size_t input) = nullptr;
};

// A family: rows that compute the same operators.
struct Family {
  const char* name;
  const char* doc;
  std::span<const OpDef* const> ops;
  std::span<const Row> rows;
  // "gemm m128 n4096 k4096 f32:f32:f32 +bias +gelu": key of tuning, logs and test cases.
  std::string (*text)(const Problem& problem);
};

// Texts for families that say no more than the operator with its attributes and what it reads: the first operand, or
// all of them.
std::string text_with_input(const Problem& problem);
std::string text_with_inputs(const Problem& problem);

std::span<const Family* const> all_families();

struct Candidate {
  const Family* family = nullptr;
  const Row* row = nullptr;
  const char* refused = nullptr;  // reason; null: may be used
  double cost = 0;
};
// Every row that could serve, usable ones first by cost. Pure.
std::vector<Candidate> candidates(const Problem& problem, const Target& target);
// The best usable row, or an empty candidate: the step then runs its operator's evaluation.
Candidate pick(const Problem& problem, const Target& target);
const Row* find_row(std::string_view name);

}  // namespace ingot::kernels
