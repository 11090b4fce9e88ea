// A transposed convolution with sizes fixed: one run of the blocked loops per phase.
#include <algorithm>
#include <optional>

#include "base/checked.h"
#include "kernels/conv/geometry.h"
#include "kernels/conv/transposed.h"
#include "kernels/gemm/blocked.h"

namespace ingot::kernels::conv {
namespace {

using gemm::Product;
using gemm::TileSet;

// The outputs first, first + stride, ... of an axis; output j of them meets inputs j + shift, one per kernel position.
struct AxisPhase {
  int64_t first = 0, count = 1;
  std::vector<int64_t> shifts = {0};
};

struct Axis {
  int64_t size = 1, output = 1, stride = 1;
  std::vector<AxisPhase> phases = {AxisPhase{}};
};

struct Phase {
  const AxisPhase* axes[3];
  int64_t taps = 0, weights = 0;  // floats before its own
  std::optional<gemm::BlockedGemm> gemm;
};

class BoundTransposed final : public BoundKernel {
 public:
  BoundTransposed(const TileSet& tiles, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  struct Run {
    const RunArgs& args;
    const float *x, *w, *bias, *zeros;
    float* y;
  };
  class Operands;
  void bind_axes(const Problem& problem);
  void bind_phases(const Target& target);
  int64_t reserve(int64_t bytes) {
    const auto at = static_cast<int64_t>(scratch_bytes);
    scratch_bytes += static_cast<size_t>(round_up(bytes, 64));
    return at;
  }
  int64_t input_pixels() const { return axes_[0].size * axes_[1].size * axes_[2].size; }
  int64_t output_pixels() const { return axes_[0].output * axes_[1].output * axes_[2].output; }

  const TileSet& tiles_;
  ConvTranspose op_;
  int64_t images_ = 0, channels_ = 0, filters_ = 0;
  bool has_bias_ = false;
  Axis axes_[3];
  std::vector<Phase> phases_;
  int64_t zeros_at_ = 0, x_at_ = 0, y_at_ = 0, gemm_at_ = 0;
};

// A product is one line of a phase's outputs: ((image * depth + d) * height + h) * groups + group.
class BoundTransposed::Operands final : public gemm::Source {
 public:
  Operands(const BoundTransposed& bound, const Run& run, const Phase& phase)
      : bound_(bound), run_(run), phase_(phase) {}

  Product product(int64_t index) const noexcept override {
    const Line line = line_of(index);
    const auto& axes = bound_.axes_;
    const int64_t filters = bound_.filters_ / bound_.op_.group, first = line.group * filters;
    const int64_t d = phase_.axes[0]->first + line.d * axes[0].stride;
    const int64_t h = phase_.axes[1]->first + line.h * axes[1].stride;
    const int64_t pixel = ((line.image * axes[0].output + d) * axes[1].output + h) * axes[2].output;
    Product product;
    product.b =
        run_.w + phase_.weights +
        line.group * gemm::packed_floats(bound_.tiles_, phase_.taps * bound_.channels_ / bound_.op_.group, filters);
    product.c = run_.y + (pixel + phase_.axes[2]->first) * bound_.filters_ + first;
    product.zeros = run_.zeros;
    if (run_.bias != nullptr) product.finish.bias = run_.bias + first;
    return product;
  }

  void rows(int64_t index, int64_t first, int64_t count, const float** table, float*) const noexcept override {
    const Line line = line_of(index);
    const auto& axes = bound_.axes_;
    const int64_t channels = bound_.channels_, stride = bound_.tiles_.rows;
    const float* x = run_.x + line.group * (channels / bound_.op_.group);
    int64_t tap = 0;
    for (const int64_t depth : phase_.axes[0]->shifts) {
      for (const int64_t height : phase_.axes[1]->shifts) {
        const int64_t d = line.d + depth, h = line.h + height;
        const bool inside = d >= 0 && d < axes[0].size && h >= 0 && h < axes[1].size;
        const float* from = x + ((line.image * axes[0].size + d) * axes[1].size + h) * axes[2].size * channels;
        for (const int64_t width : phase_.axes[2]->shifts) {
          for (int64_t i = 0; i < count; ++i) {
            const int64_t w = first + i + width;
            const bool here = inside && w >= 0 && w < axes[2].size;
            table[(i / stride * phase_.taps + tap) * stride + i % stride] = here ? from + w * channels : run_.zeros;
          }
          ++tap;
        }
      }
    }
  }

 private:
  struct Line {
    int64_t image, d, h, group;
  };
  Line line_of(int64_t index) const noexcept {
    Line line;
    line.group = index % bound_.op_.group;
    index /= bound_.op_.group;
    line.h = index % phase_.axes[1]->count;
    index /= phase_.axes[1]->count;
    line.d = index % phase_.axes[0]->count;
    line.image = index / phase_.axes[0]->count;
    return line;
  }
  const BoundTransposed& bound_;
  const Run& run_;
  const Phase& phase_;
};

BoundTransposed::BoundTransposed(const TileSet& tiles, const Problem& problem, const Target& target)
    : tiles_(tiles), op_(*problem.op.as<ConvTranspose>()) {
  bind_axes(problem);
  zeros_at_ = reserve(channels_ * static_cast<int64_t>(sizeof(float)));
  if (!op_.channels_last) {
    x_at_ = reserve(images_ * input_pixels() * channels_ * static_cast<int64_t>(sizeof(float)));
    y_at_ = reserve(images_ * output_pixels() * filters_ * static_cast<int64_t>(sizeof(float)));
  }
  bind_phases(target);
}

void BoundTransposed::bind_axes(const Problem& problem) {
  Shape x = problem.inputs[0].shape, y = problem.outputs[0].shape;
  const Shape& w = problem.inputs[1].shape;
  if (op_.channels_last) {
    x = channels_first_shape(x);
    y = channels_first_shape(y);
  }
  images_ = x[0], channels_ = x[1], filters_ = w[1] * op_.group;
  const auto ranges = scatter_ranges(op_, x, w);
  Shape expected = {images_, filters_};
  for (size_t i = 0; i < ranges.size(); ++i) {
    const ScatterRange& range = ranges[i];
    Axis& axis = axes_[3 - ranges.size() + i];
    expected.push_back(range.output);
    axis = {x[2 + i], range.output, range.stride, {}};
    for (int64_t r = 0; r < range.stride; ++r) {
      AxisPhase phase;
      phase.first = ((r - range.begin) % range.stride + range.stride) % range.stride;
      phase.count = phase.first >= range.output ? 0 : (range.output - 1 - phase.first) / range.stride + 1;
      phase.shifts.clear();
      for (const int64_t k : phase_positions(w[2 + i], range.stride, range.dilation, r)) {
        phase.shifts.push_back((phase.first + range.begin - k * range.dilation) / range.stride);
      }
      axis.phases.push_back(std::move(phase));
    }
  }
  has_bias_ = has_input(problem, 2);
  const Shape bias = has_bias_ ? problem.inputs[2].shape : Shape{filters_};
  if (y != expected || bias != Shape{filters_}) {
    fail(Code::kInvalidArgument, "conv_transpose of {} with weights {} does not give {}", shape_text(x), shape_text(w),
         shape_text(y));
  }
}

void BoundTransposed::bind_phases(const Target& target) {
  const int64_t depth = channels_ / op_.group, filters = filters_ / op_.group;
  int64_t weights = 0, largest = 0;
  for (const AxisPhase& d : axes_[0].phases) {
    for (const AxisPhase& h : axes_[1].phases) {
      for (const AxisPhase& w : axes_[2].phases) {
        Phase phase{
            {&d, &h, &w}, static_cast<int64_t>(d.shifts.size() * h.shifts.size() * w.shifts.size()), weights, {}};
        weights += op_.group * gemm::packed_floats(tiles_, phase.taps * depth, filters);
        gemm::BlockedSize size;
        size.products = images_ * d.count * h.count * op_.group;
        size.m = w.count;
        size.n = filters;
        size.taps = phase.taps;
        size.depth = depth;
        size.c_stride = axes_[2].stride * filters_;
        phase.gemm.emplace(tiles_, size, gemm::StoredB::kPanels, 0, nullptr, target);
        largest = std::max(largest, static_cast<int64_t>(phase.gemm->scratch_bytes()));
        phases_.push_back(std::move(phase));
      }
    }
  }
  gemm_at_ = reserve(largest);
}

void BoundTransposed::run(const RunArgs& args) const noexcept {
  if (images_ * filters_ * output_pixels() == 0) return;
  const auto floats = [&](int64_t at) { return reinterpret_cast<float*>(args.scratch + at); };
  std::fill_n(floats(zeros_at_), channels_, 0.0f);
  const float* bias = has_bias_ ? static_cast<const float*>(args.inputs[2]) : nullptr;
  Run run{args,
          static_cast<const float*>(args.inputs[0]),
          static_cast<const float*>(args.inputs[1]),
          bias,
          floats(zeros_at_),
          static_cast<float*>(args.outputs[0])};
  if (!op_.channels_last) {
    transpose_images(tiles_.transpose, run.x, images_, channels_, input_pixels(), floats(x_at_), args.parallel);
    run.x = floats(x_at_);
    run.y = floats(y_at_);
  }
  for (const Phase& phase : phases_)
    phase.gemm->run(Operands(*this, run, phase), args.scratch + gemm_at_, args.parallel);
  if (op_.channels_last) return;
  transpose_images(tiles_.transpose, run.y, images_, output_pixels(), filters_, static_cast<float*>(args.outputs[0]),
                   args.parallel);
}

}  // namespace

std::unique_ptr<BoundKernel> bind_transposed(const TileSet& tiles, const Problem& problem, const Target& target) {
  if (const char* reason = refuse_transposed(problem)) fail(Code::kInvalidArgument, "conv_transpose: {}", reason);
  return std::make_unique<BoundTransposed>(tiles, problem, target);
}

}  // namespace ingot::kernels::conv
