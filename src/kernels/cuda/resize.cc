// Resampling: every element of the result sums the taps of each resampled axis, which tables list.
#include <bit>

#include "kernels/cuda/per_element.h"
#include "ops/infer.h"
#include "ops/resize.h"

namespace ingot::kernels::cuda {
namespace {

bool given(const Problem& problem, size_t input) {
  return has_input(problem, input) && problem.inputs[input].shape != Shape{0};
}
bool by_sizes(const Problem& problem) { return !problem.op.as<Resize>()->sizes.empty() || given(problem, 3); }

const char* refuse(const Problem& problem) {
  const auto& resize = *problem.op.as<Resize>();
  if (resize.coordinates == ResizeCoordinates::kTfCropAndResize) return "a region of interest";
  if (by_sizes(problem) && resize.aspect != ResizeAspect::kStretch) return "sizes that keep the aspect";
  if (!by_sizes(problem) && given(problem, 2)) return "the scales are data";
  return resize.mode == ResizeMode::kNearest || is_float(problem.inputs[0].dtype) ? nullptr
                                                                                  : "the elements are no floats";
}

struct Resampled {
  size_t axis = 0;
  ResizeAxis taps;
};

std::vector<Resampled> resampled_axes(const Problem& problem) {
  const auto& resize = *problem.op.as<Resize>();
  const Shape &in = problem.inputs[0].shape, &out = problem.outputs[0].shape;
  const auto rank = static_cast<int64_t>(in.size());
  std::vector<Resampled> all;
  for (size_t i = 0; i < (resize.axes.empty() ? in.size() : resize.axes.size()); ++i) {
    const auto axis =
        static_cast<size_t>(resize.axes.empty() ? static_cast<int64_t>(i) : normalize_axis(resize.axes[i], rank));
    const double scale = !by_sizes(problem) ? resize.scales.at(i)
                         : in[axis] == 0    ? 1
                                            : static_cast<double>(out[axis]) / static_cast<double>(in[axis]);
    if (in[axis] == out[axis] && scale == 1) continue;
    all.push_back({axis, resize_axis(resize, in[axis], out[axis], scale, 0, 1)});
  }
  return all;
}

int32_t position(const ResizeAxis& axis, int64_t o, int64_t tap) {
  return static_cast<int32_t>(std::clamp<int64_t>(axis.first[static_cast<size_t>(o)] + tap, 0, axis.size - 1));
}

// k where every position o comes from o / k alone; 0: none.
int64_t repetition(const Resize& resize, const ResizeAxis& axis) {
  if (resize.mode != ResizeMode::kNearest || axis.output % axis.size != 0) return 0;
  const int64_t k = axis.output / axis.size;
  for (int64_t o = 0; o < axis.output; ++o) {
    if (position(axis, o, 0) != o / k) return 0;
  }
  return k;
}

// Loops over the taps of the axes, whose positions and weights are appended to `table`.
struct Loops {
  std::string open, close;
  std::vector<int32_t> table;
};

Loops loops_of(const Resize& resize, const std::vector<Resampled>& axes) {
  Loops loops;
  const bool nearest = resize.mode == ResizeMode::kNearest;
  for (const Resampled& each : axes) {
    const ResizeAxis& taps = each.taps;
    const size_t a = each.axis, base = loops.table.size();
    if (const int64_t k = repetition(resize, taps); k > 0) {
      loops.open += fmt::format("  const int at{0} = i{0} / {1};\n", a, k);
      continue;
    }
    for (int64_t o = 0; o < taps.output; ++o) {
      for (int64_t tap = 0; tap < taps.taps; ++tap) loops.table.push_back(position(taps, o, tap));
    }
    if (nearest) {
      loops.open += fmt::format("  const int at{0} = table[{1} + i{0}];\n", a, base);
      continue;
    }
    for (const double weight : taps.weights) {
      loops.table.push_back(std::bit_cast<int32_t>(static_cast<float>(weight)));
    }
    loops.open += fmt::format(R"(#pragma unroll 4
  for (int tap{0} = 0; tap{0} < {1}; ++tap{0}) {{
  const int at{0} = table[{2} + i{0} * {1} + tap{0}];
  const float w{0} = __int_as_float(table[{3} + i{0} * {1} + tap{0}]);
  if (w{0} == 0.0f) continue;
)",
                              a, taps.taps, base, static_cast<int64_t>(base) + taps.output * taps.taps);
    loops.close += "  }\n";
  }
  return loops;
}

Emission emit(const Problem& problem, DType storage) {
  const auto& resize = *problem.op.as<Resize>();
  const Shape &in = problem.inputs[0].shape, &out = problem.outputs[0].shape;
  const auto axes = resampled_axes(problem);
  const DType type = stored(problem.inputs[0].dtype, storage);
  Loops loops = loops_of(resize, axes);
  // The axes behind the last resampled one are read side by side.
  size_t outer = axes.empty() ? 0 : 1;
  for (const Resampled& each : axes) outer = std::max(outer, each.axis + 1);
  Shape space(out.begin(), out.begin() + static_cast<ptrdiff_t>(outer));
  int64_t inner = 1;
  for (size_t i = outer; i < out.size(); ++i) inner *= out[i];
  const int64_t width = vector_width(type, inner);
  space.push_back(inner / width);
  std::string offset = "0LL", weight = "1.0f";
  for (size_t i = 0; i < outer; ++i) {
    const bool moved = std::any_of(axes.begin(), axes.end(), [&](const Resampled& each) { return each.axis == i; });
    offset = fmt::format("({} * {} + {}{})", offset, in[i], moved ? "at" : "i", i);
    if (moved && resize.mode != ResizeMode::kNearest) weight += fmt::format(" * w{}", i);
  }
  const std::string read = fmt::format("  const auto xs = *(const pack<{}, {}>*)(x + {} * {} + i{} * {});\n",
                                       device_type_name(type), width, offset, inner, outer, width);
  const std::string write = fmt::format("  *(pack<{}, {}>*)(y + t * {}) = ", device_type_name(type), width, width);
  std::string body;
  if (resize.mode == ResizeMode::kNearest) {
    body = loops.open + read + write + "xs;\n";
  } else {
    body = fmt::format(R"(  float sum[{0}] = {{}};
{1}{2}  const float w = {3};
#pragma unroll
  for (int l = 0; l < {0}; ++l) sum[l] += w * load(xs.v[l]);
{4}  pack<{5}, {0}> ys;
#pragma unroll
  for (int l = 0; l < {0}; ++l) store(ys.v[l], sum[l]);
{6}ys;
)",
                       width, loops.open, read, weight, loops.close, device_type_name(type), write);
  }
  Call call;
  call.work = per_element(
      space,
      fmt::format("const {0}* x, {0}* y{1}", device_type_name(type), loops.table.empty() ? "" : ", const int* table"),
      body);
  call.operands = {{Slot::kInput, 0}, {Slot::kOutput, 0}};
  if (!loops.table.empty()) {
    call.operands.push_back({Slot::kTable, 0});
    call.tables.push_back(Tensor::of<int32_t>({static_cast<int64_t>(loops.table.size())}, loops.table));
  }
  return {call};
}

}  // namespace

std::vector<DeviceRow> resize_rows() {
  return {{"cuda_resize", "nearest, linear and cubic resampling", {&Resize::def}, refuse, emit}};
}

}  // namespace ingot::kernels::cuda
