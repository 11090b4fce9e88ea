// Row by row along the last padded axis: begin and end are filled, what lies between is one run. Trailing axes that
// are not padded make up the element.
#include <algorithm>
#include <cstring>

#include "kernels/copy/copy.h"
#include "ops/pad.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskBytes = 64 << 10;

int64_t source_position(PadMode mode, int64_t at, int64_t size) {
  if (at >= 0 && at < size) return at;
  switch (mode) {
    case PadMode::kConstant: return -1;
    case PadMode::kEdge: return at < 0 ? 0 : size - 1;
    case PadMode::kWrap: return (at % size + size) % size;
    case PadMode::kReflect: {
      if (size == 1) return 0;
      const int64_t period = 2 * (size - 1), phase = (at % period + period) % period;
      return phase < size ? phase : period - phase;
    }
  }
  return -1;
}

class PadKernel : public BoundKernel {
 public:
  struct Axis {
    int64_t size;                 // of the output
    int64_t stride;               // of the source, in bytes
    std::vector<int64_t> source;  // position in the source per position in the output; -1: the value
  };

  // `piece`: bytes of an element with its trailing axes; the value fills it in steps of `value_bytes`. Before the last
  // axis's own elements stand `before` others (or fewer than none do).
  PadKernel(std::vector<Axis> axes, int64_t piece, int64_t value_bytes, bool has_value, int64_t before, int64_t own)
      : axes_(std::move(axes)), piece_(piece), value_bytes_(value_bytes), has_value_(has_value) {
    for (size_t i = 0; i + 1 < axes_.size(); ++i) rows_ *= axes_[i].size;
    const Axis& last = axes_.back();
    if (last.size == 0 || piece == 0) rows_ = 0;
    rows_per_task_ = std::max<int64_t>(1, kTaskBytes / std::max<int64_t>(1, last.size * piece));
    run_begin_ = std::clamp<int64_t>(before, 0, last.size);
    run_end_ = std::clamp<int64_t>(before + own, run_begin_, last.size);
  }

  void run(const RunArgs& args) const noexcept override {
    const auto* from = static_cast<const std::byte*>(args.inputs[0]);
    auto* to = static_cast<std::byte*>(args.outputs[0]);
    std::byte value[16] = {};
    if (has_value_) std::memcpy(value, args.inputs[2], value_bytes_);
    args.parallel.run((rows_ + rows_per_task_ - 1) / rows_per_task_, [&](int64_t task) {
      const int64_t begin = task * rows_per_task_, end = std::min(rows_, begin + rows_per_task_);
      for (int64_t row = begin; row < end; ++row) fill_row(row, from, to + row * axes_.back().size * piece_, value);
    });
  }

 private:
  void fill_value(std::byte* to, int64_t bytes, const std::byte* value) const {
    if (value_bytes_ == 1) {
      std::memset(to, static_cast<int>(value[0]), bytes);
      return;
    }
    for (int64_t i = 0; i < bytes; i += value_bytes_) std::memcpy(to + i, value, value_bytes_);
  }

  void fill_row(int64_t row, const std::byte* from, std::byte* to, const std::byte* value) const noexcept {
    const Axis& last = axes_.back();
    int64_t offset = 0;
    for (size_t i = axes_.size() - 1; i-- > 0; row /= axes_[i].size) {
      const int64_t source = axes_[i].source[row % axes_[i].size];
      if (source < 0) return fill_value(to, last.size * piece_, value);
      offset += source * axes_[i].stride;
    }
    from += offset;
    const auto one_by_one = [&](int64_t begin, int64_t end) {
      for (int64_t x = begin; x < end; ++x) {
        if (last.source[x] < 0) {
          fill_value(to + x * piece_, piece_, value);
        } else {
          std::memcpy(to + x * piece_, from + last.source[x] * piece_, piece_);
        }
      }
    };
    one_by_one(0, run_begin_);
    if (run_end_ > run_begin_) {  // the axis's own elements
      std::memcpy(to + run_begin_ * piece_, from + last.source[run_begin_] * piece_, (run_end_ - run_begin_) * piece_);
    }
    one_by_one(run_end_, last.size);
  }

  std::vector<Axis> axes_;
  int64_t piece_, value_bytes_;
  bool has_value_;
  int64_t rows_ = 1, rows_per_task_ = 1, run_begin_ = 0, run_end_ = 0;
};

}  // namespace

const char* refuse_pad(const Problem& problem) {
  if (has_input(problem, 1) || has_input(problem, 3)) return "pads that are inputs";
  return constant_shape(problem.op.as<Pad>()->pads) ? nullptr : "pads that depend on the sizes";
}

std::unique_ptr<BoundKernel> bind_pad(const Problem& problem) {
  const Pad& pad = *problem.op.as<Pad>();
  const Shape& from = problem.inputs[0].shape;
  const Shape& to = problem.outputs[0].shape;
  const std::vector<int64_t> pads = *constant_shape(pad.pads);
  if (from.size() != to.size() || pads.size() != 2 * from.size()) {
    fail(Code::kInvalidArgument, "{} pads from {} to {}", pads.size(), shape_text(from), shape_text(to));
  }
  const int64_t bytes = element_bytes(problem.inputs[0]);
  int64_t stride = bytes;
  size_t axis_count = from.size();
  while (axis_count > 1 && pads[axis_count - 1] == 0 && pads[axis_count - 1 + from.size()] == 0) {
    stride *= from[--axis_count];
  }
  const int64_t piece = stride;
  std::vector<PadKernel::Axis> axes(std::max<size_t>(axis_count, 1), {1, 0, {0}});
  for (size_t k = axis_count; k-- > 0;) {
    if (from[k] + pads[k] + pads[k + from.size()] != to[k]) {
      fail(Code::kInvalidArgument, "{} padded is not {}", shape_text(from), shape_text(to));
    }
    if (from[k] == 0 && to[k] > 0 && pad.mode != PadMode::kConstant) {
      fail(Code::kInvalidArgument, "{} padding of an empty axis", enum_name(pad.mode));
    }
    axes[k] = {to[k], stride, {}};
    for (int64_t x = 0; x < to[k]; ++x) axes[k].source.push_back(source_position(pad.mode, x - pads[k], from[k]));
    stride *= from[k];
  }
  const bool has_value = has_input(problem, 2);
  return std::make_unique<PadKernel>(std::move(axes), piece, bytes, has_value,
                                     axis_count > 0 ? pads[axis_count - 1] : 0,
                                     axis_count > 0 ? from[axis_count - 1] : 1);
}

}  // namespace ingot::kernels
