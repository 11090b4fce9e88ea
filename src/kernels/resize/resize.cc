#include "kernels/resize/resize.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/checked.h"
#include "kernels/families.h"
#include "kernels/resize/nearest.h"
#include "ops/infer.h"
#include "ops/resize.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kNarrow = 8;  // elements side by side that fill no vector
constexpr int64_t kTaskElements = 8192;

bool given(const Problem& problem, size_t input) {
  if (problem.inputs.size() <= input || !problem.inputs[input].present()) return false;
  const Shape& shape = problem.inputs[input].shape;
  return shape.size() != 1 || shape[0] != 0;
}

const char* refuse(const Problem& problem) {
  const Resize& resize = *problem.op.as<Resize>();
  if (resize.coordinates == ResizeCoordinates::kTfCropAndResize) return "a region of interest";
  const bool by_sizes = !resize.sizes.empty() || given(problem, 3);
  if (by_sizes && resize.aspect != ResizeAspect::kStretch) return "sizes that keep the aspect";
  if (!by_sizes && given(problem, 2)) return "scales known only at run time";
  return nullptr;
}

const char* refuse_sums(const Problem& problem) {
  if (avx2::resize_functions(problem.inputs[0].dtype).only == nullptr) return "elements other than f32, f16 and bf16";
  return refuse(problem);
}

const char* refuse_copies(const Problem& problem) {
  if (problem.op.as<Resize>()->mode != ResizeMode::kNearest) return "interpolated, not nearest";
  if (dtype_bits(problem.inputs[0].dtype) % 8 != 0 || dtype_bits(problem.inputs[0].dtype) > 64) {
    return "elements of other than 1, 2, 4 or 8 bytes";
  }
  return refuse(problem);
}

// A pass with what it points to.
struct OwnedPass {
  ResizePass pass;
  std::vector<int64_t> index;
  std::vector<float> weight;

  int64_t units() const { return pass.narrow ? pass.outer : pass.outer * pass.output; }
  int64_t unit_elements() const { return pass.narrow ? pass.output * pass.inner : pass.inner; }
};

OwnedPass make_pass(const ResizeAxis& axis, const Shape& shape, size_t at) {
  OwnedPass owned;
  ResizePass& pass = owned.pass;
  for (size_t i = 0; i < at; ++i) pass.outer *= shape[i];
  for (size_t i = at + 1; i < shape.size(); ++i) pass.inner *= shape[i];
  pass.size = axis.size;
  pass.output = axis.output;
  pass.taps = axis.taps;
  pass.narrow = pass.inner < kNarrow;
  const int64_t repeat = pass.narrow ? pass.inner : 1;
  pass.positions = pass.output * repeat;
  for (int64_t tap = 0; tap < axis.taps; ++tap) {
    for (int64_t o = 0; o < axis.output; ++o) {
      const int64_t position = std::clamp<int64_t>(axis.first[static_cast<size_t>(o)] + tap, 0, axis.size - 1);
      const double weight = axis.weights[static_cast<size_t>(o * axis.taps + tap)];
      for (int64_t i = 0; i < repeat; ++i) {
        owned.index.push_back(position * pass.inner + i);
        owned.weight.push_back(static_cast<float>(weight));
      }
    }
  }
  pass.index = owned.index.data();  // vectors keep their memory when they are moved
  pass.weight = owned.weight.data();
  return owned;
}

// The passes, the last axis first, so that short ones work on little.
std::vector<OwnedPass> passes_of(const Problem& problem) {
  const Resize& resize = *problem.op.as<Resize>();
  const Shape &in = problem.inputs[0].shape, &out = problem.outputs[0].shape;
  const auto rank = static_cast<int64_t>(in.size());
  if (out.size() != in.size()) fail(Code::kInvalidArgument, "resize of {} to {}", shape_text(in), shape_text(out));
  std::vector<double> scales(in.size(), 1.0);
  const bool by_sizes = !resize.sizes.empty() || given(problem, 3);
  for (size_t i = 0; i < (resize.axes.empty() ? in.size() : resize.axes.size()); ++i) {
    const auto axis =
        static_cast<size_t>(resize.axes.empty() ? static_cast<int64_t>(i) : normalize_axis(resize.axes[i], rank));
    scales[axis] = !by_sizes       ? resize.scales.at(i)
                   : in[axis] == 0 ? 1
                                   : static_cast<double>(out[axis]) / static_cast<double>(in[axis]);
  }
  std::vector<OwnedPass> passes;
  Shape shape = in;
  for (size_t axis = in.size(); axis-- > 0;) {
    if (in[axis] == out[axis] && scales[axis] == 1) continue;
    passes.push_back(make_pass(resize_axis(resize, in[axis], out[axis], scales[axis], 0, 1), shape, axis));
    shape[axis] = out[axis];
  }
  return passes;
}

// Null `functions`: elements move as bytes.
class ResizeKernel final : public BoundKernel {
 public:
  ResizeKernel(const Problem& problem, const ResizeFunctions& functions)
      : functions_(functions),
        bytes_(dtype_bits(problem.inputs[0].dtype) / 8),
        output_bytes_(element_count(problem.outputs[0].shape) * bytes_) {
    if (output_bytes_ == 0) return;
    passes_ = passes_of(problem);
    const int64_t between = moves_bytes() ? bytes_ : static_cast<int64_t>(sizeof(float));
    for (size_t i = 0; i + 1 < passes_.size(); ++i) {
      const ResizePass& pass = passes_[i].pass;
      half_ = std::max(half_, round_up(pass.outer * pass.output * pass.inner * between, 64));
    }
    scratch_bytes = static_cast<size_t>(half_) * (passes_.size() > 2 ? 2 : 1);
  }

  void run(const RunArgs& args) const noexcept override {
    const auto* from = static_cast<const std::byte*>(args.inputs[0]);
    auto* result = static_cast<std::byte*>(args.outputs[0]);
    if (passes_.empty() && output_bytes_ > 0) std::memcpy(result, from, static_cast<size_t>(output_bytes_));
    for (size_t i = 0; i < passes_.size(); ++i) {
      std::byte* to = i + 1 == passes_.size() ? result : args.scratch + static_cast<int64_t>(i % 2) * half_;
      run_pass(i, from, to, args.parallel);
      from = to;
    }
  }

 private:
  bool moves_bytes() const { return functions_.only == nullptr; }

  ResizeFunction function_of(size_t pass) const {
    const bool last = pass + 1 == passes_.size();
    if (pass == 0) return last ? functions_.only : functions_.first;
    return last ? functions_.last : functions_.middle;
  }

  void run_pass(size_t index, const std::byte* from, std::byte* to, const Parallel& parallel) const noexcept {
    const OwnedPass& owned = passes_[index];
    const ResizeFunction function = function_of(index);
    const int64_t units = owned.units();
    const int64_t per_task = std::max<int64_t>(1, kTaskElements / std::max<int64_t>(1, owned.unit_elements()));
    parallel.run((units + per_task - 1) / per_task, [&](int64_t task) {
      const int64_t first = task * per_task, last = std::min(units, first + per_task);
      if (moves_bytes()) {
        resize::copy_units(owned.pass, bytes_, from, to, first, last);
      } else {
        function(owned.pass, from, to, first, last);
      }
    });
  }

  ResizeFunctions functions_;
  int64_t bytes_, output_bytes_, half_ = 0;
  std::vector<OwnedPass> passes_;
};

double elements_of(const Problem& problem) {
  double elements = 1;
  for (const int64_t size : problem.outputs[0].shape) elements *= size < 0 ? 64 : static_cast<double>(size);
  return elements;
}

template <IsaLevel isa> double cost(const Problem& problem, const Target& target) {
  const double elements = elements_of(problem), ns = isa == IsaLevel::kAvx512 ? 0.5
                                                     : isa == IsaLevel::kAvx2 ? 0.6
                                                                              : 0.2;
  return 200 + elements * ns / (elements > 2 * kTaskElements ? target.threads : 1);
}

template <IsaLevel isa> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target&) {
  const DType dtype = problem.inputs[0].dtype;
  const ResizeFunctions functions = isa == IsaLevel::kAvx512 ? avx512::resize_functions(dtype)
                                    : isa == IsaLevel::kAvx2 ? avx2::resize_functions(dtype)
                                                             : ResizeFunctions{};
  return std::make_unique<ResizeKernel>(problem, functions);
}

const OpDef* const kOps[] = {&Resize::def};

constexpr Row kRows[] = {
    {"reference_resize_bytes", IsaLevel::kReference, refuse_copies, cost<IsaLevel::kReference>,
     bind<IsaLevel::kReference>},
    {"avx512_resize_f32_16", IsaLevel::kAvx512, refuse_sums, cost<IsaLevel::kAvx512>, bind<IsaLevel::kAvx512>},
    {"avx2_resize_f32_8", IsaLevel::kAvx2, refuse_sums, cost<IsaLevel::kAvx2>, bind<IsaLevel::kAvx2>},
};

}  // namespace

const Family kResizeFamily = {"resize", "resampling: nearest, linear and cubic, in any layout", kOps, kRows,
                              text_with_input};

}  // namespace ingot::kernels
