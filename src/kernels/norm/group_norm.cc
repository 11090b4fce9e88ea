// Group and instance normalisation with sizes fixed: sums per channel of parts of images, joined to statistics of
// groups.
#include "ops/group_norm.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "kernels/norm/norm.h"
#include "kernels/pointwise/program.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kPartElements = 16384;  // at least, where an image has as many
constexpr int64_t kMostParts = 16;        // of an image
constexpr int64_t kNearElements = 65536;  // stay in a core's L2 from one pass to the next

class GroupNormKernel final : public BoundKernel {
 public:
  GroupNormKernel(const Problem& problem, FindNormFunctions find);
  void run(const RunArgs& args) const noexcept override;

 private:
  // Whole groups of one image: a task of its own where it is near, else shared by threads.
  struct Unit {
    int64_t image, channel, channels;
  };
  // In scratch: sums [images, parts, channels], then one f32 for each channel of each image.
  struct Scratch {
    float *sums, *totals, *mean, *factor, *shift;
  };
  Scratch scratch_of(const RunArgs& args) const noexcept;
  void run_unit(const RunArgs& args, const Unit& unit, const Parallel& parallel) const noexcept;
  template <class Body>
  void for_parts(const RunArgs& args, const Unit& unit, const Parallel& parallel, Body&& body) const noexcept;
  // Joins the parts' sums to those of groups, and calls body(first channel, sum / elements of a group).
  template <class Body> void for_groups(const Scratch& scratch, const Unit& unit, Body&& body) const noexcept;
  float parameter(const RunArgs& args, size_t input, int64_t channel, float none) const noexcept;

  Problem problem_;
  GroupNorm norm_;
  ChannelFunctions functions_{}, floats_{};
  bool last_ = false;
  int64_t images_ = 0, channels_ = 0, groups_ = 1, size_ = 0, bytes_ = 4;
  int64_t parts_ = 1, part_ = 1;  // parts of the positions
  int64_t block_ = 1;             // channels of a part, channels-first
  int64_t units_ = 1, unit_ = 1;  // of an image; channels of one
};

GroupNormKernel::GroupNormKernel(const Problem& problem, FindNormFunctions find)
    : problem_(problem), norm_(*problem.op.as<GroupNorm>()) {
  const Shape& shape = problem.inputs[0].shape;
  bytes_ = dtype_bits(problem.inputs[0].dtype) / 8;
  images_ = shape[0];
  channels_ = norm_.channels_last ? shape.back() : shape[1];
  last_ = norm_.channels_last && channels_ > 1;  // one channel lies the same either way
  groups_ = norm_.groups == 0 ? channels_ : norm_.groups;
  if (groups_ < 1 || channels_ % groups_ != 0) {
    fail(Code::kInvalidArgument, "{} channels in {} groups", channels_, groups_);
  }
  for (const size_t input : {1, 2}) {
    if (!has_input(problem, input)) continue;
    const int64_t count = element_count(problem.inputs[input].shape);
    if (count != channels_ && count != groups_) {
      fail(Code::kInvalidArgument, "{} scales or biases for {} channels", count, channels_);
    }
  }
  const NormFunctions functions = find(problem.inputs[0].dtype);
  functions_ = last_ ? functions.by_column : functions.by_row;
  floats_ = find(DType::kF32).by_column;
  if (images_ == 0 || channels_ == 0) return;
  size_ = element_count(shape) / (images_ * channels_);
  const auto divide_up = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  part_ = std::max({divide_up(size_, kMostParts), divide_up(kPartElements, last_ ? channels_ : 1), int64_t{1}});
  parts_ = std::max<int64_t>(1, divide_up(size_, part_));
  block_ = last_ ? channels_ : std::clamp<int64_t>(kPartElements / std::max<int64_t>(1, size_), 1, channels_);
  const int64_t per_group = channels_ / groups_;
  const int64_t groups = std::clamp<int64_t>(kPartElements / std::max<int64_t>(1, per_group * size_), 1, groups_);
  unit_ = last_ ? channels_ : groups * per_group;
  units_ = divide_up(channels_, unit_);
  scratch_bytes = static_cast<size_t>(images_ * channels_ * (parts_ + 4)) * sizeof(float);
}

GroupNormKernel::Scratch GroupNormKernel::scratch_of(const RunArgs& args) const noexcept {
  const int64_t each = images_ * channels_;
  auto* sums = reinterpret_cast<float*>(args.scratch);
  float* rest = sums + each * parts_;
  return {sums, rest, rest + each, rest + 2 * each, rest + 3 * each};
}

float GroupNormKernel::parameter(const RunArgs& args, size_t input, int64_t channel, float none) const noexcept {
  if (!has_input(problem_, input)) return none;
  const Operand& operand = problem_.inputs[input];
  const bool each = element_count(operand.shape) == channels_;
  const int64_t at = each ? channel : channel / (channels_ / groups_);
  return splat_value(operand.dtype, static_cast<const std::byte*>(args.inputs[input]) + at * bytes_);
}

// Calls body(part of the unit as ChannelArgs, index of its first channel among all images', part).
template <class Body>
void GroupNormKernel::for_parts(const RunArgs& args, const Unit& unit, const Parallel& parallel,
                                Body&& body) const noexcept {
  const int64_t blocks = (unit.channels + block_ - 1) / block_;
  parallel.run(parts_ * blocks, [&](int64_t task) {
    const int64_t within = task % blocks * block_, part = task / blocks, channel = unit.channel + within;
    const int64_t channels = std::min(block_, unit.channels - within);
    const int64_t position = part * part_, positions = std::min(part_, size_ - position);
    const int64_t at = unit.image * channels_ * size_ + (last_ ? position * channels_ : channel * size_ + position);
    ChannelArgs own{static_cast<const std::byte*>(args.inputs[0]) + at * bytes_};
    own.y = static_cast<std::byte*>(args.outputs[0]) + at * bytes_;
    own.rows = last_ ? positions : channels;
    own.columns = last_ ? channels : positions;
    own.stride = last_ ? channels_ : size_;
    body(own, unit.image * channels_ + channel, part);
  });
}

template <class Body>
void GroupNormKernel::for_groups(const Scratch& scratch, const Unit& unit, Body&& body) const noexcept {
  const int64_t first = unit.image * channels_ + unit.channel, per_group = channels_ / groups_;
  ChannelArgs join{scratch.sums + unit.image * channels_ * parts_ + unit.channel};
  join.rows = parts_;
  join.columns = unit.channels;
  join.stride = channels_;
  join.sums = scratch.totals + first;
  floats_.sum(join);
  for (int64_t channel = 0; channel < unit.channels; channel += per_group) {
    double sum = 0;
    for (int64_t c = 0; c < per_group; ++c) sum += scratch.totals[first + channel + c];
    body(unit.channel + channel, sum / static_cast<double>(per_group * size_));
  }
}

void GroupNormKernel::run_unit(const RunArgs& args, const Unit& unit, const Parallel& parallel) const noexcept {
  const Scratch scratch = scratch_of(args);
  const int64_t per_group = channels_ / groups_, image = unit.image * channels_;
  const auto sum = [&](const float* mean) {
    for_parts(args, unit, parallel, [&](ChannelArgs& own, int64_t channel, int64_t part) {
      own.mean = mean == nullptr ? nullptr : mean + channel;
      own.sums = scratch.sums + image * parts_ + part * channels_ + channel % channels_;
      functions_.sum(own);
    });
  };
  sum(nullptr);
  for_groups(scratch, unit, [&](int64_t channel, double mean) {
    std::fill_n(scratch.mean + image + channel, per_group, static_cast<float>(mean));
  });
  sum(scratch.mean);
  for_groups(scratch, unit, [&](int64_t first, double square) {
    const auto inverse = static_cast<float>(1 / std::sqrt(square + norm_.epsilon));
    for (int64_t channel = first; channel < first + per_group; ++channel) {
      scratch.factor[image + channel] = parameter(args, 1, channel, 1) * inverse;
      scratch.shift[image + channel] = parameter(args, 2, channel, 0);
    }
  });
  for_parts(args, unit, parallel, [&](ChannelArgs& own, int64_t channel, int64_t) {
    own.mean = scratch.mean + channel;
    own.factor = scratch.factor + channel;
    own.shift = scratch.shift + channel;
    functions_.normalize(own);
  });
}

void GroupNormKernel::run(const RunArgs& args) const noexcept {
  if (size_ == 0) return;
  const auto unit = [&](int64_t index) {
    const int64_t channel = index % units_ * unit_;
    return Unit{index / units_, channel, std::min(unit_, channels_ - channel)};
  };
  const int64_t count = images_ * units_;
  if (unit_ * size_ <= kNearElements) {
    args.parallel.run(count, [&](int64_t index) { run_unit(args, unit(index), Parallel{}); });
  } else {
    for (int64_t index = 0; index < count; ++index) run_unit(args, unit(index), args.parallel);
  }
}

}  // namespace

std::unique_ptr<BoundKernel> bind_group_norm(const Problem& problem, FindNormFunctions find) {
  return std::make_unique<GroupNormKernel>(problem, find);
}

}  // namespace ingot::kernels
