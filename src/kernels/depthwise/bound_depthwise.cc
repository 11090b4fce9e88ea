// A depthwise convolution with sizes fixed: walks output lines in segments, between layout changes where needed.
#include <algorithm>

#include "base/checked.h"
#include "kernels/conv/channels_last.h"
#include "kernels/depthwise/depthwise.h"

namespace ingot::kernels::depthwise {
namespace {

using gemm::Product;

constexpr double kWorthAThread = 100e3;  // multiply-adds

class BoundDepthwise final : public conv::BoundChannelsLast {
 public:
  BoundDepthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem, const Target& target);

 private:
  void choose_segments();
  void share_out(const Target& target);
  void pack(const float* weights, float* out) const noexcept override {
    pack_weights(segments_, weights, geometry().channels, geometry().kernel(), out);
  }
  void convolve(const Run& run) const noexcept override;
  void run_line(const Run& run, int64_t line, int64_t block, const float** table) const noexcept;
  void run_segment(const Run& run, int64_t line, int64_t column, int size_index, int64_t block, const Product& product,
                   const float** table) const noexcept;
  void fill_table(const Run& run, int64_t line, int64_t column, int pixels, const float** table) const noexcept;

  const SegmentSet& segments_;
  const SegmentFn* functions_ = nullptr;  // [kSizeCount]
  bool sliding_ = false;
  int64_t lines_ = 0;               // output lines of all images
  int64_t blocks_ = 1, slots_ = 1;  // blocks of channels; parts handed to threads
  int64_t table_bytes_ = 0;
};

BoundDepthwise::BoundDepthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem, const Target& target)
    : BoundChannelsLast(problem, isa, segments.transpose,
                        packed_weight_floats(segments, problem.inputs[1].shape[0],
                                             element_count(std::span(problem.inputs[1].shape).subspan(1))),
                        problem.inputs[1].shape[0]),
      segments_(segments) {
  choose_segments();
  lines_ = geometry().images * geometry().axes[0].output * geometry().axes[1].output;
  share_out(target);
  own_scratch(static_cast<size_t>(slots_ * table_bytes_));
}

void BoundDepthwise::choose_segments() {
  const WindowRange& width = geometry().axes[2];
  const auto* at = std::find(std::begin(kWidths), std::end(kWidths), width.kernel);
  sliding_ = at != std::end(kWidths) && width.stride <= kSlidingStrides && width.dilation == 1;
  functions_ = sliding_ ? segments_.sliding[at - std::begin(kWidths)][width.stride - 1] : segments_.gathering;
  const int64_t columns = sliding_ ? (kSizes[0] - 1) * width.stride + width.kernel : kSizes[0] * width.kernel;
  const int64_t kernel_lines = geometry().axes[0].kernel * geometry().axes[1].kernel;
  table_bytes_ = round_up(columns * kernel_lines * static_cast<int64_t>(sizeof(float*)), 64);
}

void BoundDepthwise::share_out(const Target& target) {
  const double work =
      static_cast<double>(lines_ * geometry().axes[2].output * geometry().channels * geometry().kernel());
  const int64_t threads = std::clamp<int64_t>(static_cast<int64_t>(work / kWorthAThread), 1, target.threads);
  const int64_t vectors = (geometry().channels + segments_.vector - 1) / segments_.vector;
  if (threads > 1 && lines_ < 4 * threads) blocks_ = std::min(vectors, threads);
  slots_ = std::max<int64_t>(1, std::min(threads, lines_ * blocks_));
}

// Pointers to the data's pixels that a segment reads, lines of the kernel outermost.
void BoundDepthwise::fill_table(const Run& run, int64_t line, int64_t column, int pixels,
                                const float** table) const noexcept {
  const auto& [depth, height, width] = geometry().axes;
  const int64_t channels = geometry().channels;
  const int64_t oh = line % height.output, od = line / height.output % depth.output;
  const int64_t image = line / (height.output * depth.output), start = width.start(column);
  const int64_t limit = width.size;  // Clang 14 captures no structured bindings
  const auto pixel = [&](const float* from, int64_t at) {
    return from == nullptr || at < 0 || at >= limit ? run.zeros : from + at * channels;
  };
  for (int64_t kd = 0; kd < depth.kernel; ++kd) {
    const int64_t id = depth.start(od) + kd * depth.dilation;
    for (int64_t kh = 0; kh < height.kernel; ++kh) {
      const int64_t ih = height.start(oh) + kh * height.dilation;
      const bool inside = id >= 0 && id < depth.size && ih >= 0 && ih < height.size;
      const int64_t row = (image * depth.size + id) * height.size + ih;
      const float* from = inside ? run.x + row * width.size * channels : nullptr;
      if (sliding_) {
        const int64_t columns = (pixels - 1) * width.stride + width.kernel;
        if (inside && start >= 0 && start + columns <= width.size) {
          const float* at = from + start * channels;
          for (int64_t i = 0; i < columns; ++i) table[i] = at + i * channels;
        } else {
          for (int64_t i = 0; i < columns; ++i) table[i] = pixel(from, start + i);
        }
        table += columns;
      } else {
        for (int64_t kw = 0; kw < width.kernel; ++kw) {
          for (int p = 0; p < pixels; ++p) *table++ = pixel(from, start + p * width.stride + kw * width.dilation);
        }
      }
    }
  }
}

void BoundDepthwise::run_segment(const Run& run, int64_t line, int64_t column, int size_index, int64_t block,
                                 const Product& product, const float** table) const noexcept {
  const int64_t width = geometry().axes[2].output, channels = geometry().channels, vector = segments_.vector;
  const int64_t vectors = (channels + vector - 1) / vector;
  const int64_t first = vectors * block / blocks_ * vector, end = vectors * (block + 1) / blocks_ * vector;
  const int64_t kernel_lines = geometry().axes[0].kernel * geometry().axes[1].kernel;
  const int64_t image_lines = geometry().axes[0].output * geometry().axes[1].output;
  const int64_t row = (per_image() ? line % image_lines : line) * width + column;
  SegmentArgs args;
  args.pixels = table;
  args.lines = sliding_ ? kernel_lines : geometry().kernel();
  args.weights = run.w + first * geometry().kernel();
  args.first = first;
  args.channels = std::min(end, channels) - first;
  args.y = run.y + (line * width + column) * channels + first;
  args.y_stride = channels;
  args.finish = product.finish;
  if (args.finish.bias != nullptr) args.finish.bias += row * args.finish.bias_stride + first;
  if (args.finish.addend != nullptr) args.finish.addend += row * args.finish.addend_stride + first;
  functions_[size_index](args);
  if (program() == nullptr) return;
  auto operands = product.operands;
  for (RowOperand& operand : operands) operand.data += row * operand.row_stride + first * operand.column_stride;
  program()->run({args.y, channels, kSizes[size_index], args.channels}, operands.data());
}

void BoundDepthwise::run_line(const Run& run, int64_t line, int64_t block, const float** table) const noexcept {
  const int64_t image = line / (geometry().axes[0].output * geometry().axes[1].output);
  Product product;
  fill_epilogue(run, per_image() ? image : 0, 0, product);
  int size_index = 0;
  for (int64_t column = 0; column < geometry().axes[2].output;) {
    while (column + kSizes[size_index] > geometry().axes[2].output) ++size_index;
    fill_table(run, line, column, kSizes[size_index], table);
    run_segment(run, line, column, size_index, block, product, table);
    column += kSizes[size_index];
  }
}

void BoundDepthwise::convolve(const Run& run) const noexcept {
  run.args.parallel.run(slots_, [&](int64_t slot) {
    auto* table = reinterpret_cast<const float**>(run.scratch + slot * table_bytes_);
    const int64_t units = lines_ * blocks_;
    for (int64_t unit = units * slot / slots_; unit < units * (slot + 1) / slots_; ++unit) {
      run_line(run, unit % lines_, unit / lines_, table);
    }
  });
}

}  // namespace

const char* refuse_depthwise(const Problem& problem) {
  const char* reason = conv::refuse_convolution(problem);
  if (reason != nullptr) return reason;
  const Shape& w = problem.inputs[1].shape;
  return w[0] != problem.op.as<Conv>()->group || w[1] != 1 ? "there are not as many groups as channels and filters"
                                                           : nullptr;
}

std::unique_ptr<BoundKernel> bind_depthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem,
                                            const Target& target) {
  if (const char* reason = refuse_depthwise(problem)) fail(Code::kInvalidArgument, "conv: {}", reason);
  return std::make_unique<BoundDepthwise>(segments, isa, problem, target);
}

int64_t packed_weight_floats(const SegmentSet& segments, int64_t channels, int64_t positions) {
  return round_up(channels, segments.vector) * positions;
}

void pack_weights(const SegmentSet& segments, const float* weights, int64_t channels, int64_t positions, float* out) {
  for (int64_t first = 0; first < channels; first += segments.vector) {
    for (int64_t position = 0; position < positions; ++position) {
      for (int64_t i = 0; i < segments.vector; ++i) {
        *out++ = first + i < channels ? weights[(first + i) * positions + position] : 0.0f;
      }
    }
  }
}

}  // namespace ingot::kernels::depthwise
