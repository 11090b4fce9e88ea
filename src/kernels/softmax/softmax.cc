#include "kernels/softmax/softmax.h"

#include <algorithm>

#include "kernels/families.h"
#include "ops/softmax.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskElements = 8192;
constexpr int64_t kColumnsPerTask = 64;

class SoftmaxKernel : public BoundKernel {
 public:
  SoftmaxKernel(SoftmaxFunctions functions, int64_t outer, int64_t size, int64_t inner, int64_t bytes, bool log)
      : functions_(functions), outer_(outer), size_(size), inner_(inner), bytes_(bytes), log_(log) {}

  void run(const RunArgs& args) const noexcept override {
    if (outer_ * size_ * inner_ == 0) return;
    const auto* x = static_cast<const std::byte*>(args.inputs[0]);
    auto* y = static_cast<std::byte*>(args.outputs[0]);
    if (inner_ == 1) {
      const int64_t rows = std::max<int64_t>(1, kTaskElements / size_);
      args.parallel.run((outer_ + rows - 1) / rows, [&](int64_t task) {
        const int64_t first = task * rows, at = first * size_ * bytes_;
        functions_.rows({x + at, y + at, size_, std::min(rows, outer_ - first), 1, 1, log_});
      });
      return;
    }
    const int64_t blocks = (inner_ + kColumnsPerTask - 1) / kColumnsPerTask;
    args.parallel.run(outer_ * blocks, [&](int64_t task) {
      const int64_t column = task % blocks * kColumnsPerTask;
      const int64_t at = (task / blocks * size_ * inner_ + column) * bytes_;
      functions_.columns({x + at, y + at, size_, 1, inner_, std::min(kColumnsPerTask, inner_ - column), log_});
    });
  }

 private:
  SoftmaxFunctions functions_;
  int64_t outer_, size_, inner_, bytes_;
  bool log_;
};

const OpDef* const kOps[] = {&Softmax::def};

const char* refuse(const Problem& problem) {
  return avx2::softmax_functions(problem.inputs[0].dtype).rows == nullptr ? "elements other than f32, f16 and bf16"
                                                                          : nullptr;
}

template <IsaLevel isa> double cost(const Problem& problem, const Target& target) {
  double elements = 1;
  for (const int64_t size : problem.inputs[0].shape) elements *= size < 0 ? 64 : static_cast<double>(size);
  const double threads = elements > 2 * kTaskElements ? target.threads : 1;
  return 100 + elements * (isa == IsaLevel::kAvx512 ? 0.35 : 0.6) / threads;
}

template <IsaLevel isa> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target&) {
  const Softmax& softmax = *problem.op.as<Softmax>();
  const Shape& shape = problem.inputs[0].shape;
  const DType dtype = problem.inputs[0].dtype;
  int64_t outer = 1, size = 1, inner = 1;
  if (!shape.empty()) {
    const auto axis = static_cast<size_t>(normalize_axis(softmax.axis, static_cast<int64_t>(shape.size())));
    outer = element_count(std::span(shape).first(axis));
    size = shape[axis];
    inner = element_count(std::span(shape).subspan(axis + 1));
  }
  const SoftmaxFunctions functions =
      isa == IsaLevel::kAvx512 ? avx512::softmax_functions(dtype) : avx2::softmax_functions(dtype);
  return std::make_unique<SoftmaxKernel>(functions, outer, size, inner, dtype_bits(dtype) / 8, softmax.log);
}

bool in_place(const Problem&, size_t input) { return input == 0; }

constexpr Row kRows[] = {
    {"avx512_softmax_f32_16", IsaLevel::kAvx512, refuse, cost<IsaLevel::kAvx512>, bind<IsaLevel::kAvx512>, nullptr,
     nullptr, in_place},
    {"avx2_softmax_f32_8", IsaLevel::kAvx2, refuse, cost<IsaLevel::kAvx2>, bind<IsaLevel::kAvx2>, nullptr, nullptr,
     in_place},
};

}  // namespace

const Family kSoftmaxFamily = {"softmax", "softmax and log-softmax along any axis", kOps, kRows, text_with_input};

}  // namespace ingot::kernels
