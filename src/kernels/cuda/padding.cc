// Operators whose result holds elements of the input and others around, between or instead of them.
#include "base/error.h"
#include "kernels/cuda/per_element.h"
#include "ops/pad.h"
#include "ops/tile.h"
#include "ops/trilu.h"

namespace ingot::kernels::cuda {
namespace {

const char* refuse_pad(const Problem& problem) {
  return has_input(problem, 1) || has_input(problem, 3) ? "the pads are data" : nullptr;
}

// The position on an axis of `size` that fills position `at`, as C++; constants lie where `at` is outside.
std::string source_position(PadMode mode, const std::string& at, int64_t size) {
  switch (mode) {
    case PadMode::kConstant: return at;
    case PadMode::kEdge: return fmt::format("min(max({}, 0), {})", at, size - 1);
    case PadMode::kWrap: return fmt::format("(({0}) % {1} + {1}) % {1}", at, size);
    case PadMode::kReflect: return size == 1 ? "0" : fmt::format("mirrored({}, {})", at, size);
  }
  return at;
}

constexpr const char* kMirrored = R"(  const auto mirrored = [](int at, int size) {
    const int period = 2 * (size - 1), phase = (at % period + period) % period;
    return phase < size ? phase : period - phase;
  };
)";

Emission emit_pad(const Problem& problem, DType storage) {
  const auto& pad = *problem.op.as<Pad>();
  const Shape &in = problem.inputs[0].shape, &out = problem.outputs[0].shape;
  const DType type = stored(problem.inputs[0].dtype, storage);
  std::vector<int64_t> pads;
  for (const Dim& dim : pad.pads) pads.push_back(*dim.eval({}));
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] == 0 && out[i] > 0 && pad.mode != PadMode::kConstant) {
      fail(Code::kInvalidArgument, "{} padding of an empty axis", enum_name(pad.mode));
    }
  }
  size_t outer = in.size();  // axes before those that stay as they are
  int64_t inner = 1;
  while (outer > 0 && pads[outer - 1] == 0 && pads[outer - 1 + in.size()] == 0) inner *= in[--outer];
  const int64_t width = vector_width(type, inner);
  Shape space(out.begin(), out.begin() + static_cast<ptrdiff_t>(outer));
  space.push_back(inner / width);
  std::string body = pad.mode == PadMode::kReflect ? kMirrored : "", offset = "0LL", inside = "true";
  for (size_t i = 0; i < outer; ++i) {
    body += fmt::format("  const int at{} = {};\n", i,
                        source_position(pad.mode, fmt::format("(int)i{} - {}", i, pads[i]), in[i]));
    offset = fmt::format("({} * {} + at{})", offset, in[i], i);
    inside += fmt::format(" && at{0} >= 0 && at{0} < {1}", i, in[i]);
  }
  const bool value = has_input(problem, 2) && pad.mode == PadMode::kConstant;
  const char* name = device_type_name(type);
  body += fmt::format(R"(  pack<{0}, {1}> value = {{}};
  if ({2}) value = *(const pack<{0}, {1}>*)(x + {3} * {4} + i{5} * {1});
{6}  *(pack<{0}, {1}>*)(y + t * {1}) = value;
)",
                      name, width, inside, offset, inner, outer,
                      value ? fmt::format("  else for (int l = 0; l < {}; ++l) value.v[l] = *fill;\n", width) : "");
  Call call{per_element(
                space, fmt::format("const {0}* x, {0}* y{1}", name, value ? fmt::format(", const {}* fill", name) : ""),
                body),
            {{Slot::kInput, 0}, {Slot::kOutput, 0}}};
  if (value) call.operands.push_back({Slot::kInput, 2});
  return {call};
}

const char* refuse_tile(const Problem& problem) {
  return problem.inputs.size() == 1 ? nullptr : "the repeats are data";
}

Emission emit_tile(const Problem& problem, DType storage) {
  const Shape &in = problem.inputs[0].shape, &out = problem.outputs[0].shape;
  const DType type = stored(problem.inputs[0].dtype, storage);
  size_t outer = in.size();
  int64_t inner = 1;
  while (outer > 0 && in[outer - 1] == out[outer - 1]) inner *= in[--outer];
  const int64_t width = vector_width(type, inner);
  Shape space(out.begin(), out.begin() + static_cast<ptrdiff_t>(outer));
  space.push_back(inner / width);
  std::string offset = "0LL";
  for (size_t i = 0; i < outer; ++i) offset = fmt::format("({} * {} + i{} % {})", offset, in[i], i, in[i]);
  const char* name = device_type_name(type);
  const std::string body =
      fmt::format("  *(pack<{0}, {1}>*)(y + t * {1}) = *(const pack<{0}, {1}>*)(x + {2} * {3} + i{4} * {1});\n", name,
                  width, offset, inner, outer);
  return {
      {per_element(space, fmt::format("const {0}* x, {0}* y", name), body), {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

const char* takes_all(const Problem&) { return nullptr; }

Emission emit_trilu(const Problem& problem, DType storage) {
  const Shape& shape = problem.outputs[0].shape;
  const char* name = device_type_name(stored(problem.inputs[0].dtype, storage));
  const size_t rank = shape.size();
  const bool k = has_input(problem, 1);
  Call call;
  call.work = per_element(
      shape,
      fmt::format("const {0}* x, {0}* y{1}", name,
                  k ? fmt::format(", const {}* k", device_type_name(problem.inputs[1].dtype)) : ""),
      fmt::format("  {0} value = {{}};\n  if ((long long)i{1} - i{2} {3} {4}) value = x[t];\n  y[t] = value;\n", name,
                  rank - 1, rank - 2, problem.op.as<Trilu>()->upper ? ">=" : "<=", k ? "load(*k)" : "0"));
  call.operands = {{Slot::kInput, 0}, {Slot::kOutput, 0}};
  if (k) call.operands.push_back({Slot::kInput, 1});
  return {call};
}

}  // namespace

std::vector<DeviceRow> padding_rows() {
  return {{"cuda_pad", "elements added around axes, or dropped", {&Pad::def}, refuse_pad, emit_pad},
          {"cuda_tile", "repetition along axes", {&Tile::def}, refuse_tile, emit_tile},
          {"cuda_trilu", "upper and lower triangles", {&Trilu::def}, takes_all, emit_trilu}};
}

}  // namespace ingot::kernels::cuda
