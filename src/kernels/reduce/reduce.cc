#include "kernels/reduce/reduce.h"

#include <algorithm>

#include "base/checked.h"
#include "kernels/families.h"
#include "ops/arg_reduce.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kColumnsPerTask = 256;
constexpr int64_t kTaskElements = 8192;

struct IsaFunctions {
  decltype(&avx2::reduce_function) reduce;
  decltype(&avx2::finish_function) finish;
};
IsaFunctions functions_of(IsaLevel isa) {
  if (isa >= IsaLevel::kAvx512) return {avx512::reduce_function, avx512::finish_function};
  return {avx2::reduce_function, avx2::finish_function};
}

class FloatReduceKernel : public BoundKernel {
 public:
  FloatReduceKernel(const Problem& problem, const IsaFunctions& functions)
      : fn_(problem.op.as<Reduce>()->fn), stages_(reduce_stages(problem.inputs[0].shape, reduced_axes(problem))) {
    const DType dtype = problem.inputs[0].dtype;
    bytes_ = dtype_bits(dtype) / 8;
    ReduceStep step = first_step(fn_);
    for (const ReduceStage& stage : stages_) {
      const DType from = runs_.empty() ? dtype : DType::kF32;
      runs_.push_back(functions.reduce(step, from, stage.inner > 1));
      step = next_step(step);
    }
    finish_ = functions.finish(dtype);
    in_output_ = dtype == DType::kF32 && fn_ != ReduceFn::kMean && fn_ != ReduceFn::kL2 && fn_ != ReduceFn::kLogSum;
    results_ = element_count(problem.outputs[0].shape);
    const int64_t elements = element_count(problem.inputs[0].shape);
    count_ = results_ == 0 ? 1 : static_cast<double>(elements) / static_cast<double>(results_);
    // Two buffers, used in turn.
    for (const ReduceStage& stage : stages_) {
      buffer_ = std::max(buffer_, round_up(stage.results(), 16));
    }
    scratch_bytes = static_cast<size_t>(2 * buffer_) * sizeof(float);
  }

  void run(const RunArgs& args) const noexcept override {
    if (results_ == 0) return;
    float* buffers[] = {reinterpret_cast<float*>(args.scratch), reinterpret_cast<float*>(args.scratch) + buffer_};
    const void* from = args.inputs[0];
    int64_t bytes = bytes_;
    for (size_t s = 0; s < stages_.size(); ++s) {
      const bool last = s + 1 == stages_.size();
      float* to = last && in_output_ ? static_cast<float*>(args.outputs[0]) : buffers[s % 2];
      run_stage(args.parallel, stages_[s], runs_[s], from, bytes, to);
      from = to;
      bytes = sizeof(float);
    }
    if (!in_output_) finish_(fn_, static_cast<const float*>(from), args.outputs[0], results_, count_);
  }

 private:
  static void run_stage(const Parallel& parallel, const ReduceStage& stage, ReduceFunction function, const void* from,
                        int64_t bytes, float* to) {
    const auto* x = static_cast<const std::byte*>(from);
    const int64_t parts = stage.parts(), lines = stage.outer * parts;
    const int64_t blocks = (stage.inner + kColumnsPerTask - 1) / kColumnsPerTask;
    const int64_t unit = stage.part * std::min(stage.inner, kColumnsPerTask);
    const int64_t per_task = std::max<int64_t>(1, kTaskElements / std::max<int64_t>(1, unit));
    parallel.run((lines * blocks + per_task - 1) / per_task, [&](int64_t task) {
      const int64_t end = std::min(lines * blocks, (task + 1) * per_task);
      for (int64_t i = task * per_task; i < end; ++i) {
        const int64_t line = i / blocks, column = i % blocks * kColumnsPerTask;
        const int64_t outer = line / parts, first = line % parts * stage.part;
        const int64_t at = (outer * stage.size + first) * stage.inner + column;
        function({x + at * bytes, to + line * stage.inner + column, std::min(stage.part, stage.size - first),
                  stage.inner, std::min(kColumnsPerTask, stage.inner - column)});
      }
    });
  }

  ReduceFn fn_;
  std::vector<ReduceStage> stages_;
  std::vector<ReduceFunction> runs_;
  FinishFunction finish_;
  bool in_output_ = true;
  int64_t bytes_ = 4, results_ = 0, buffer_ = 0;
  double count_ = 1;
};

const OpDef* const kOps[] = {&Reduce::def, &ArgReduce::def};

const char* refuse_floats(const Problem& problem) {
  const auto* reduce = problem.op.as<Reduce>();
  if (reduce == nullptr) return "another operator";
  if (has_input(problem, 1)) return "axes that are an input";
  if (reduce->fn == ReduceFn::kLogSumExp) return "log_sum_exp has no kernel";
  return avx2::finish_function(problem.inputs[0].dtype) == nullptr ? "elements other than f32, f16 and bf16" : nullptr;
}

double elements_of(const Problem& problem) {
  double elements = 1;
  for (const int64_t size : problem.inputs[0].shape) elements *= size < 0 ? 64 : static_cast<double>(size);
  return elements;
}
template <IsaLevel isa> double cost_of_floats(const Problem& problem, const Target& target) {
  const double elements = elements_of(problem);
  const double threads = elements > 2 * kTaskElements ? target.threads : 1;
  return 100 + elements * (isa == IsaLevel::kAvx512 ? 0.06 : 0.08) / threads;
}
template <IsaLevel isa> std::unique_ptr<BoundKernel> bind_floats(const Problem& problem, const Target&) {
  return bind_float_reduce(problem, isa);
}

const char* refuse_any(const Problem& problem) {
  return problem.op.is<ArgReduce>() ? refuse_arg_reduce(problem) : refuse_typed_reduce(problem);
}
double cost_of_any(const Problem& problem, const Target&) { return 100 + elements_of(problem); }
std::unique_ptr<BoundKernel> bind_any(const Problem& problem, const Target&) {
  return problem.op.is<ArgReduce>() ? bind_arg_reduce(problem) : bind_typed_reduce(problem);
}

std::string text(const Problem& problem) {
  return fmt::format("{} {}{}", problem.op.text(), dtype_name(problem.inputs[0].dtype),
                     shape_text(problem.inputs[0].shape));
}

constexpr Row kRows[] = {
    {"avx512_reduce_f32_64", IsaLevel::kAvx512, refuse_floats, cost_of_floats<IsaLevel::kAvx512>,
     bind_floats<IsaLevel::kAvx512>},
    {"avx2_reduce_f32_32", IsaLevel::kAvx2, refuse_floats, cost_of_floats<IsaLevel::kAvx2>,
     bind_floats<IsaLevel::kAvx2>},
    {"reference_reduce_any", IsaLevel::kReference, refuse_any, cost_of_any, bind_any},
};

}  // namespace

std::unique_ptr<BoundKernel> bind_float_reduce(const Problem& problem, IsaLevel isa) {
  return std::make_unique<FloatReduceKernel>(problem, functions_of(isa));
}

const Family kReduceFamily = {"reduce", "sums, means, extremes and their positions over any axes", kOps, kRows, text};

}  // namespace ingot::kernels
