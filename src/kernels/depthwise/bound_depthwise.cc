// A depthwise convolution on f32 with sizes fixed, between layout changes where needed.
#include "base/checked.h"
#include "kernels/conv/channels_last.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/depthwise/line.h"

namespace ingot::kernels::depthwise {
namespace {

using gemm::Product;

class BoundDepthwise final : public conv::BoundChannelsLast {
 public:
  BoundDepthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem, const Target& target);

 private:
  void pack(const float* weights, float* out) const noexcept override {
    pack_weights(segments_, weights, this->weights(), out);
  }
  void convolve(const Run& run) const noexcept override;
  void run_line(const Run& run, int64_t line, int64_t block, const void** table) const noexcept;

  const SegmentSet& segments_;
  Walk walk_;
};

BoundDepthwise::BoundDepthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem, const Target& target)
    : BoundChannelsLast(problem, isa, segments.transpose,
                        packed_weight_floats(segments, problem.inputs[1].shape[0],
                                             element_count(std::span(problem.inputs[1].shape).subspan(1))),
                        problem.inputs[1].shape[0]),
      segments_(segments),
      walk_(segments, segments.f32, geometry(), target) {
  own_scratch(static_cast<size_t>(walk_.slots() * walk_.table_bytes()));
}

void BoundDepthwise::run_line(const Run& run, int64_t line, int64_t block, const void** table) const noexcept {
  const int64_t image_lines = geometry().axes[0].output * geometry().axes[1].output;
  const int64_t width = geometry().axes[2].output, channels = geometry().filters;
  const WalkData data = {reinterpret_cast<const std::byte*>(run.x), reinterpret_cast<const std::byte*>(run.zeros),
                         sizeof(float), run.w};
  Product product;
  fill_epilogue(run, per_image() ? line / image_lines : 0, 0, product);
  const int64_t row = (per_image() ? line % image_lines : line) * width;
  depthwise::run_line(walk_, data, {line, block, run.y + line * width * channels, row}, product, program(), table);
}

void BoundDepthwise::convolve(const Run& run) const noexcept {
  run.args.parallel.run(walk_.slots(), [&](int64_t slot) {
    auto* table = reinterpret_cast<const void**>(run.scratch + slot * walk_.table_bytes());
    walk_.lines(slot, [&](int64_t line, int64_t block) { run_line(run, line, block, table); });
  });
}

}  // namespace

const char* refuse_depthwise(const SegmentSet& segments, const Problem& problem) {
  if (const char* reason = conv::refuse_convolution(problem)) return reason;
  return refuse_groups(segments, problem);
}

const char* refuse_groups(const SegmentSet& segments, const Problem& problem) {
  const auto& op = *problem.op.as<Conv>();
  const Shape& w = problem.inputs[1].shape;
  if (w[1] == 1) {
    const bool whole = op.group > 0 && w[0] % op.group == 0 && w[0] > 0 && segments.vector % (w[0] / op.group) == 0;
    return whole ? nullptr : "vectors are not made of whole channels' filters";
  }
  if (w[0] != op.group * w[1]) return "there are not as many filters as channels";
  if (w[1] < 1 || segments.vector % w[1] != 0) return "vectors are not made of whole groups";
  const auto last = [](const std::vector<int64_t>& values) { return values.empty() ? 1 : values.back(); };
  const bool rotates = w.back() == kRotatingWidth && last(op.strides) <= kSlidingStrides && last(op.dilations) == 1;
  return rotates ? nullptr : "groups of several channels need a kernel 3 wide, of stride 1 or 2 and not dilated";
}

std::unique_ptr<BoundKernel> bind_depthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem,
                                            const Target& target) {
  if (const char* reason = refuse_depthwise(segments, problem)) fail(Code::kInvalidArgument, "conv: {}", reason);
  return std::make_unique<BoundDepthwise>(segments, isa, problem, target);
}

int64_t packed_weight_floats(const SegmentSet& segments, int64_t channels, int64_t positions) {
  return round_up(channels, segments.vector) * positions;
}

Tensor packed_weights(const SegmentSet& segments, const Tensor& weights) {
  const int64_t channels = weights.dim(0), positions = element_count(std::span(weights.shape()).subspan(1));
  const int64_t floats = packed_weight_floats(segments, channels, positions);
  Tensor packed = Tensor::uninitialized(DType::kU8, {floats * static_cast<int64_t>(sizeof(float))});
  pack_weights(segments, weights.data<float>(), weights.shape(), static_cast<float*>(packed.mutable_raw()));
  return packed;
}

void pack_weights(const SegmentSet& segments, const float* weights, const Shape& shape, float* out) {
  const int64_t channels = shape[0], group = shape[1], width = shape.back();
  const int64_t positions = element_count(std::span(shape).subspan(2));
  for (int64_t first = 0; first < channels; first += segments.vector) {
    for (int64_t line = 0; line < positions; line += width) {
      for (int64_t step = 0; step < group * width; ++step) {
        for (int64_t i = first; i < first + segments.vector; ++i) {
          const int64_t channel = (i + step / width) % group;  // of the group
          const int64_t at = (i * group + channel) * positions + line + step % width;
          *out++ = i < channels ? weights[at] : 0.0f;
        }
      }
    }
  }
}

}  // namespace ingot::kernels::depthwise
