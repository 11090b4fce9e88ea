#include "kernels/pool/pool.h"

#include <algorithm>

#include "kernels/families.h"
#include "ops/pool.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskOutputs = 4096;

PoolSpan span_of(const WindowRange& range, int64_t output) {
  PoolSpan span;
  for (int64_t k = 0; k < range.kernel; ++k) {
    const int64_t position = range.start(output) + k * range.dilation;
    if (position >= range.size + range.pad_end) break;
    ++span.padded;
    if (position < 0 || position >= range.size) continue;
    if (span.count++ == 0) span.first = position;
  }
  return span;
}

class PoolKernel : public BoundKernel {
 public:
  PoolKernel(const Problem& problem, PoolFunction function) : function_(function) {
    const Pool& pool = *problem.op.as<Pool>();
    const Shape& shape = problem.inputs[0].shape;
    const size_t spatial = pool.kernel.size(), first = pool.channels_last ? 1 : 2;
    if (shape.size() != spatial + 2) fail(Code::kInvalidArgument, "pooling of {}", shape_text(shape));
    const Shape sizes(shape.begin() + static_cast<ptrdiff_t>(first),
                      shape.begin() + static_cast<ptrdiff_t>(first + spatial));
    const auto axes = window_axes(to_dims(pool.kernel), pool.strides, pool.dilations, pool.pads, pool.auto_pad);
    std::vector<WindowRange> ranges = window_ranges(sizes, axes, pool.auto_pad, pool.ceil_mode);
    if (ranges.size() == 1) ranges.insert(ranges.begin(), WindowRange{1, 1, 1, 1, 1, 0, 0});
    const int64_t channels = pool.channels_last ? shape.back() : shape[1];
    planes_ = shape[0] * (pool.channels_last ? 1 : channels);
    for (int64_t o = 0; o < ranges[0].output; ++o) rows_.push_back(span_of(ranges[0], o));
    for (int64_t o = 0; o < ranges[1].output; ++o) columns_.push_back(span_of(ranges[1], o));
    args_.outputs = ranges[1].output;
    args_.row_dilation = ranges[0].dilation;
    args_.column_dilation = ranges[1].dilation;
    args_.width = ranges[1].size;
    args_.channels = pool.channels_last ? channels : 1;
    args_.count_padding = pool.count_include_pad;
    const int64_t bytes = dtype_bits(problem.inputs[0].dtype) / 8;
    plane_bytes_ = ranges[0].size * ranges[1].size * args_.channels * bytes;
    row_bytes_ = args_.outputs * args_.channels * bytes;
    if (args_.outputs * args_.channels == 0) planes_ = 0;
    rows_per_task_ = std::max<int64_t>(1, kTaskOutputs / std::max<int64_t>(1, args_.outputs * args_.channels));
  }

  void run(const RunArgs& args) const noexcept override {
    const auto height = static_cast<int64_t>(rows_.size());
    const int64_t rows = planes_ * height;
    args.parallel.run((rows + rows_per_task_ - 1) / rows_per_task_, [&](int64_t task) {
      PoolArgs part = args_;
      part.columns = columns_.data();
      const int64_t end = std::min(rows, (task + 1) * rows_per_task_);
      for (int64_t row = task * rows_per_task_; row < end; ++row) {
        part.x = static_cast<const std::byte*>(args.inputs[0]) + row / height * plane_bytes_;
        part.y = static_cast<std::byte*>(args.outputs[0]) + row * row_bytes_;
        part.rows = rows_[static_cast<size_t>(row % height)];
        function_(part);
      }
    });
  }

 private:
  PoolFunction function_;
  PoolArgs args_{};
  std::vector<PoolSpan> rows_, columns_;
  int64_t planes_ = 0, plane_bytes_ = 0, row_bytes_ = 0, rows_per_task_ = 1;
};

const OpDef* const kOps[] = {&Pool::def};

const char* refuse(const Problem& problem) {
  const Pool& pool = *problem.op.as<Pool>();
  if (pool.fn == PoolFn::kLp) return "p-norm pooling has no kernel";
  if (pool.with_indices || (problem.outputs.size() > 1 && problem.outputs[1].present())) return "indices are wanted";
  if (pool.kernel.empty() || pool.kernel.size() > 2) return "neither one nor two spatial axes";
  const bool known = avx2::pool_function(problem.inputs[0].dtype, true, true) != nullptr;
  return known ? nullptr : "elements other than f32, f16 and bf16";
}

template <IsaLevel isa> double cost(const Problem& problem, const Target& target) {
  const Pool& pool = *problem.op.as<Pool>();
  double outputs = 1, window = 1;
  for (const int64_t size : problem.outputs[0].shape) outputs *= size < 0 ? 64 : static_cast<double>(size);
  for (const int64_t size : pool.kernel) window *= static_cast<double>(size);
  const double threads = outputs > 2 * kTaskOutputs ? target.threads : 1;
  const double ns = pool.channels_last ? (isa == IsaLevel::kAvx512 ? 0.04 : 0.07) * window : 1 + 0.1 * window;
  return 200 + outputs * ns / threads;
}

template <IsaLevel isa> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target&) {
  const Pool& pool = *problem.op.as<Pool>();
  const auto find = isa == IsaLevel::kAvx512 ? avx512::pool_function : avx2::pool_function;
  return std::make_unique<PoolKernel>(problem,
                                      find(problem.inputs[0].dtype, pool.fn == PoolFn::kMax, pool.channels_last));
}

constexpr Row kRows[] = {
    {"avx512_pool_f32_16", IsaLevel::kAvx512, refuse, cost<IsaLevel::kAvx512>, bind<IsaLevel::kAvx512>},
    {"avx2_pool_f32_8", IsaLevel::kAvx2, refuse, cost<IsaLevel::kAvx2>, bind<IsaLevel::kAvx2>},
};

}  // namespace

const Family kPoolFamily = {"pool", "maximum and average of windows in both layouts", kOps, kRows, text_with_input};

}  // namespace ingot::kernels
