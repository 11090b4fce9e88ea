// Pictures read at the positions of a grid, nearest and linear.
#include "ops/grid_sample.h"
#include "kernels/cuda/per_element.h"

namespace ingot::kernels::cuda {
namespace {

const char* refuse(const Problem& problem) {
  const auto& sample = *problem.op.as<GridSample>();
  if (problem.inputs[0].shape.size() != 4) return "there are not two spatial axes";
  if (!is_float(problem.inputs[0].dtype)) return "the elements are no floats";
  return sample.mode == SampleMode::kCubic ? "cubic interpolation" : nullptr;
}

constexpr const char* kFunctions = R"(
  const auto reflected = [](float x, float low, float high) {{
    const float range = high - low, distance = x < low ? low - x : x - high;
    if (range <= 0.0f || fabsf(x) == INFINITY_F) return low;
    const float times = floorf(distance / range), rest = distance - times * range;
    const bool even = fmodf(times, 2.0f) == 0.0f;
    return (x < low) == even ? low + rest : high - rest;
  }};
  const auto position = [&](float coordinate, int size) {{
    const float low = {low}, high = size - {beyond};
    if (coordinate != coordinate) coordinate = -1.0f;
    float x = {aligned} ? (coordinate + 1.0f) / 2.0f * (size - 1) : ((coordinate + 1.0f) * size - 1.0f) / 2.0f;
    if ({nearest}) x = rintf(x);
    if (x < low || x > high) {{
      if ({border}) x = fminf(fmaxf(x, 0.0f), size - 1.0f);
      if ({reflection}) x = reflected(x, low, high);
    }}
    return fminf(fmaxf(x, -8.0f), size + 8.0f);
  }};
  const auto place = [&](int index, int size) {{
    if (index >= 0 && index < size) return index;
    if ({border}) return min(max(index, 0), size - 1);
    if ({reflection}) return min(max((int)reflected((float)index, {low}, size - {beyond}), 0), size - 1);
    return -1;
  }};
  const long long plane = (i0 * {c}LL + i1) * {h} * {w};
  const auto tap = [&](int row, int column) {{
    const int y = place(row, {h}), x = place(column, {w});
    return y < 0 || x < 0 ? 0.0f : load(data[plane + y * {w} + x]);
  }};
  const long long pair = (i0 * {out}LL + i2) * 2;
  const float x = position(load(grid[pair]), {w}), y = position(load(grid[pair + 1]), {h});
)";

Emission emit(const Problem& problem, DType storage) {
  const auto& sample = *problem.op.as<GridSample>();
  const Shape &x = problem.inputs[0].shape, &y = problem.outputs[0].shape;
  const bool nearest = sample.mode == SampleMode::kNearest;
  const std::string body =
      fmt::format(kFunctions, fmt::arg("low", sample.align_corners ? "0.0f" : "-0.5f"),
                  fmt::arg("beyond", sample.align_corners ? "1.0f" : "0.5f"), fmt::arg("aligned", sample.align_corners),
                  fmt::arg("nearest", nearest), fmt::arg("border", sample.padding == SamplePadding::kBorder),
                  fmt::arg("reflection", sample.padding == SamplePadding::kReflection), fmt::arg("c", x[1]),
                  fmt::arg("h", x[2]), fmt::arg("w", x[3]), fmt::arg("out", y[2] * y[3])) +
      (nearest ? "  store(result[t], tap((int)y, (int)x));\n" : R"(
  const float top = floorf(y), left = floorf(x), v = y - top, u = x - left;
  const int row = (int)top, column = (int)left;
  const float above = (1.0f - u) * tap(row, column) + u * tap(row, column + 1);
  const float below = (1.0f - u) * tap(row + 1, column) + u * tap(row + 1, column + 1);
  store(result[t], (1.0f - v) * above + v * below);
)");
  const char* type = device_type_name(stored(problem.inputs[0].dtype, storage));
  return {{per_element({y[0], y[1], y[2] * y[3]},
                       fmt::format("const {0}* data, const {1}* grid, {0}* result", type,
                                   device_type_name(stored(problem.inputs[1].dtype, storage))),
                       body),
           {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}}};
}

}  // namespace

std::vector<DeviceRow> grid_sample_rows() {
  return {{"cuda_grid_sample", "pictures read at the positions of a grid", {&GridSample::def}, refuse, emit}};
}

}  // namespace ingot::kernels::cuda
