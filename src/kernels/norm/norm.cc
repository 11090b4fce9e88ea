#include "kernels/norm/norm.h"

#include <algorithm>

#include "kernels/families.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskElements = 8192;

const void* given_pointer(const RunArgs& args, const Problem& problem, size_t input) {
  return has_input(problem, input) ? args.inputs[input] : nullptr;
}

FindNormFunctions functions_of(IsaLevel isa) {
  return isa >= IsaLevel::kAvx512 ? avx512::norm_functions : avx2::norm_functions;
}

class LayerNormKernel : public BoundKernel {
 public:
  LayerNormKernel(const Problem& problem, NormFunction function) : problem_(problem), function_(function) {
    const LayerNorm& norm = *problem.op.as<LayerNorm>();
    const Shape& shape = problem.inputs[0].shape;
    const auto axis = static_cast<size_t>(normalize_axis(norm.axis, static_cast<int64_t>(shape.size())));
    args_.rows = element_count(std::span(shape).first(axis));
    args_.size = element_count(std::span(shape).subspan(axis));
    args_.epsilon = static_cast<float>(norm.epsilon);
    args_.rms = norm.rms;
    for (const size_t input : {1, 2}) {
      if (!has_input(problem, input)) continue;
      const int64_t count = element_count(problem.inputs[input].shape);
      if (count != args_.size && count != 1) {
        fail(Code::kInvalidArgument, "{} scales or biases for rows of {}", count, args_.size);
      }
      (input == 1 ? args_.scalar_scale : args_.scalar_bias) = count == 1 && args_.size != 1;
    }
    bytes_ = dtype_bits(problem.inputs[0].dtype) / 8;
  }

  void run(const RunArgs& args) const noexcept override {
    if (args_.rows == 0) return;
    const int64_t rows = std::max<int64_t>(1, kTaskElements / std::max<int64_t>(1, args_.size));
    const auto* x = static_cast<const std::byte*>(args.inputs[0]);
    auto* y = static_cast<std::byte*>(args.outputs[0]);
    const auto statistics = [&](size_t output) {
      const bool wanted = problem_.outputs.size() > output && problem_.outputs[output].present();
      return wanted ? static_cast<float*>(args.outputs[output]) : nullptr;
    };
    float* mean = statistics(1);
    float* inverse_deviation = statistics(2);
    args.parallel.run((args_.rows + rows - 1) / rows, [&](int64_t task) {
      const int64_t first = task * rows, at = first * args_.size * bytes_;
      NormArgs part = args_;
      part.x = x + at;
      part.y = y + at;
      part.scale = given_pointer(args, problem_, 1);
      part.bias = given_pointer(args, problem_, 2);
      part.rows = std::min(rows, args_.rows - first);
      part.mean = mean == nullptr ? nullptr : mean + first;
      part.inverse_deviation = inverse_deviation == nullptr ? nullptr : inverse_deviation + first;
      function_(part);
    });
  }

 private:
  Problem problem_;
  NormFunction function_;
  NormArgs args_{};
  int64_t bytes_;
};

const OpDef* const kOps[] = {&LayerNorm::def, &GroupNorm::def};

const char* refuse(const Problem& problem) {
  const DType dtype = problem.inputs[0].dtype;
  if (avx2::norm_functions(dtype).rows == nullptr) return "elements other than f32, f16 and bf16";
  const Shape& shape = problem.inputs[0].shape;
  for (const size_t input : {1, 2}) {
    if (!has_input(problem, input)) continue;
    if (problem.inputs[input].dtype != dtype) return "scale or bias of another type";
  }
  if (const auto* norm = problem.op.as<LayerNorm>()) {
    const int64_t axis = norm->axis < 0 ? norm->axis + static_cast<int64_t>(shape.size()) : norm->axis;
    if (axis < 0 || axis >= static_cast<int64_t>(shape.size())) return "no axis to normalise";
    for (const size_t input : {1, 2}) {
      if (!has_input(problem, input)) continue;
      // Broadcasting of some axes only has no kernel.
      const Shape& own = problem.inputs[input].shape;
      const bool one = std::all_of(own.begin(), own.end(), [](int64_t size) { return size == 1; });
      if (!one && own != Shape(shape.begin() + axis, shape.end())) return "scale or bias of another shape";
    }
    return nullptr;
  }
  if (shape.size() < 2) return "fewer than two axes";
  if (has_input(problem, 1) && has_input(problem, 2) && problem.inputs[1].shape != problem.inputs[2].shape) {
    return "scale and bias of different sizes";
  }
  return nullptr;
}

template <IsaLevel isa> double cost(const Problem& problem, const Target& target) {
  double elements = 1;
  for (const int64_t size : problem.inputs[0].shape) elements *= size < 0 ? 64 : static_cast<double>(size);
  const double threads = elements > 2 * kTaskElements ? target.threads : 1;
  return 100 + elements * (isa == IsaLevel::kAvx512 ? 0.18 : 0.25) / threads;
}

template <IsaLevel isa> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target&) {
  const FindNormFunctions find = functions_of(isa);
  if (!problem.op.is<LayerNorm>()) return bind_group_norm(problem, find);
  return std::make_unique<LayerNormKernel>(problem, find(problem.inputs[0].dtype).rows);
}

bool in_place(const Problem&, size_t input) { return input == 0; }

std::string text(const Problem& problem) {
  return fmt::format("{} {}{}{}{}", problem.op.text(), dtype_name(problem.inputs[0].dtype),
                     shape_text(problem.inputs[0].shape), has_input(problem, 1) ? " scaled" : "",
                     has_input(problem, 2) ? " biased" : "");
}

constexpr Row kRows[] = {
    {"avx512_norm_f32_16", IsaLevel::kAvx512, refuse, cost<IsaLevel::kAvx512>, bind<IsaLevel::kAvx512>, nullptr,
     nullptr, in_place},
    {"avx2_norm_f32_8", IsaLevel::kAvx2, refuse, cost<IsaLevel::kAvx2>, bind<IsaLevel::kAvx2>, nullptr, nullptr,
     in_place},
};

}  // namespace

const Family kNormFamily = {"norm", "layer, RMS, group and instance normalisation", kOps, kRows, text};

}  // namespace ingot::kernels
