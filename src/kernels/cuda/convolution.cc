// Convolution and pooling on channels-last activations: the device's library; pooling and depthwise as own kernels.
#include "base/error.h"
#include "kernels/cuda/depthwise.h"
#include "kernels/cuda/direct_convolution.h"
#include "kernels/cuda/epilogue_split.h"
#include "kernels/cuda/small_product.h"
#include "ops/binary.h"
#include "ops/conv.h"
#include "ops/pool.h"
#include "ops/unary.h"

namespace ingot::kernels::cuda {
namespace {

constexpr size_t kBias = 2, kFirstOperand = 3;
constexpr device::Activation kActivations[] = {device::Activation::kRelu, device::Activation::kSilu};

bool has_bias(const Problem& problem) { return has_input(problem, kBias); }

bool is_planar(const Problem& problem) {
  const size_t rank = problem.inputs[0].shape.size();
  return rank == 3 || rank == 4;
}

// One spatial axis as the second of two, in every operand that has it; two stay as they are.
// Weights are [m, c, spatial...].
template <class Window> Problem as_planar(const Problem& line, bool has_weights) {
  if (line.inputs[0].shape.size() != 3) return line;
  Problem problem = line;
  Window window = *line.op.as<Window>();
  for (auto* list : {&window.strides, &window.dilations}) {
    if (!list->empty()) list->insert(list->begin(), 1);
  }
  if (!window.pads.empty()) window.pads = {0, window.pads[0], 0, window.pads[1]};
  if constexpr (std::is_same_v<Window, Pool>) window.kernel.insert(window.kernel.begin(), 1);
  problem.op = window;
  for (auto* list : {&problem.inputs, &problem.outputs}) {
    for (size_t i = 0; i < list->size(); ++i) {
      const bool weights = has_weights && list == &problem.inputs && i == 1;
      Shape& shape = (*list)[i].shape;
      if (shape.size() == 3) shape.insert(shape.begin() + (weights ? 2 : 1), 1);
    }
  }
  return problem;
}

const char* refuse_conv(const Problem& problem) {
  const auto& conv = *problem.op.as<Conv>();
  if (!conv.channels_last) return "the activations are not channels-last";
  if (!is_planar(problem)) return "there are more than two spatial axes";
  const DType type = problem.inputs[0].dtype;
  if (!is_float(type) || problem.inputs[1].dtype != type || problem.outputs[0].dtype != type) {
    return "the operands' types differ";
  }
  if (has_bias(problem) && problem.inputs[kBias].dtype != type) return "the bias has another type";
  if (!problem.inputs[1].constant) return "the weights are data";
  for (const int64_t pad : conv.pads) {
    if (pad < 0) return "a pad is negative";
  }
  return refuse_body(conv.epilogue);
}

std::vector<WindowRange> ranges_of(const Problem& problem, const Conv& conv) {
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape;
  return window_ranges({x[1], x[2]},
                       window_axes({Dim(w[2]), Dim(w[3])}, conv.strides, conv.dilations, conv.pads, conv.auto_pad),
                       conv.auto_pad, false);
}

// [outer, channels, area] -> [outer, area, channels]: reads in order, writes `area` rows at once.
template <class Bits>
void swap_inner(const void* from_bits, void* to_bits, int64_t outer, int64_t channels, int64_t area) {
  const auto* from = static_cast<const Bits*>(from_bits);
  auto* to = static_cast<Bits*>(to_bits);
  for (int64_t m = 0; m < outer; ++m, from += channels * area, to += channels * area) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < area; ++i) to[i * channels + c] = from[c * area + i];
    }
  }
}

// [outer, channels, h, w] -> [outer, h, w, channels].
Tensor packed(const Tensor& weights, int64_t outer, int64_t channels) {
  const Shape& s = weights.shape();
  const int64_t area = s[2] * s[3];
  if (area == 1) return weights.reshaped({outer, 1, 1, channels});
  Tensor packed = Tensor::uninitialized(weights.dtype(), {outer, s[2], s[3], channels});
  switch (dtype_bits(weights.dtype())) {
    case 8: swap_inner<uint8_t>(weights.raw(), packed.mutable_raw(), outer, channels, area); break;
    case 16: swap_inner<uint16_t>(weights.raw(), packed.mutable_raw(), outer, channels, area); break;
    case 32: swap_inner<uint32_t>(weights.raw(), packed.mutable_raw(), outer, channels, area); break;
    default: swap_inner<uint64_t>(weights.raw(), packed.mutable_raw(), outer, channels, area); break;
  }
  return packed;
}

bool is_depthwise(const Conv& conv, const Problem& problem) {
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape;
  return conv.group == x[3] && w[0] == x[3];
}

// [m, c, h, w] -> [m, h, w, c]; [c, 1, h, w] of depthwise convolutions -> [h, w, c].
Tensor pack_weights(const Problem& given, size_t input, const Tensor& given_weights) {
  if (input != 1) return given_weights;
  const Problem problem = as_planar<Conv>(given, true);
  const Tensor weights = given_weights.reshaped(problem.inputs[1].shape);
  if (is_depthwise(*problem.op.as<Conv>(), problem)) return packed(weights, 1, weights.shape()[0]);
  return packed(weights, weights.shape()[0], weights.shape()[1]);
}
device::Convolution describe(const Problem& problem, const Conv& conv, DType storage) {
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  device::Convolution c;
  c.dtype = stored(problem.inputs[0].dtype, storage);
  c.n = x[0], c.h = x[1], c.w = x[2], c.c = x[3], c.out_h = y[1], c.out_w = y[2], c.m = w[0], c.groups = conv.group;
  const auto ranges = ranges_of(problem, conv);
  for (size_t i = 0; i < 2; ++i) {
    c.kernel[i] = ranges[i].kernel;
    c.stride[i] = ranges[i].stride;
    c.dilation[i] = ranges[i].dilation;
    c.pad_begin[i] = ranges[i].pad_begin;
    c.pad_end[i] = ranges[i].pad_end;
  }
  return c;
}

// The convolution with its bias and epilogue as one own kernel; nothing where only libraries are fit for it. Operands
// as device::Convolution has them, and behind them those of the epilogue.
std::optional<Call> own_convolution(const device::Convolution& c, const Problem& problem, DType storage) {
  if (!is_direct_convolution(c)) return small_convolution(problem, storage);
  const InlineEpilogue epilogue = inline_epilogue(problem.op.as<Conv>()->epilogue, problem, kFirstOperand,
                                                  {c.n, c.out_h, c.out_w, c.m}, 1, storage);
  Call call{direct_convolution(c, epilogue), {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}, {}};
  if (c.bias) call.operands.push_back({Slot::kInput, kBias});
  call.operands.insert(call.operands.end(), epilogue.operands.begin(), epilogue.operands.end());
  return call;
}

// The own kernel, or the library's convolution with its bias and the epilogue behind it as a kernel in place.
Call own_or_continued(Call own, const device::Convolution& c, const Problem& problem, DType storage) {
  const size_t of_library = c.bias ? 4 : 3,
               more = problem.inputs.size() - std::min(kFirstOperand, problem.inputs.size());
  INGOT_ASSERT(own.operands.size() == of_library + more, "own kernels take the epilogue's operands behind the others");
  Rest rest;
  rest.kernel =
      std::get<KernelText>(epilogue_call(problem.op.as<Conv>()->epilogue, problem, kFirstOperand, storage).work);
  rest.operands.push_back(2);
  for (size_t i = 0; i < more; ++i) {
    const Operand& operand = problem.inputs[kFirstOperand + i];
    rest.operands.push_back(of_library + i);
    rest.more_bytes.push_back(storage_bytes(stored(operand.dtype, storage), element_count(operand.shape)));
  }
  rest.operands.push_back(2);
  own.work = Choice{c, std::get<KernelText>(own.work), std::move(rest)};
  return own;
}

Emission emit_conv(const Problem& given, DType storage) {
  const Problem problem = as_planar<Conv>(given, true);
  const auto& conv = *problem.op.as<Conv>();
  device::Convolution c = describe(problem, conv, storage);
  const bool bias = has_bias(problem);
  if (is_depthwise(conv, problem)) {
    return {depthwise_call(c, problem, conv.epilogue, bias, kFirstOperand, storage)};
  }
  Call call{KernelText{}, {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}};
  if (bias) call.operands.push_back({Slot::kInput, kBias});
  const EpilogueSplit split = split_epilogue(conv.epilogue, problem, kFirstOperand, kActivations, storage);
  c.bias = bias;
  c.residual = split.residual >= 0;
  c.activation = split.activation;
  const auto own = own_convolution(c, problem, storage);
  if (own && !split.whole) return {own_or_continued(*own, c, problem, storage)};
  if (c.residual) call.operands.push_back({Slot::kInput, static_cast<size_t>(split.residual)});
  call.work = c;
  if (own) call.work = Choice{c, std::get<KernelText>(own->work)};
  Emission emission{call};
  if (!split.whole) emission.push_back(epilogue_call(conv.epilogue, problem, kFirstOperand, storage));
  return emission;
}

const char* refuse_pool(const Problem& problem) {
  const auto& pool = *problem.op.as<Pool>();
  if (!pool.channels_last) return "the activations are not channels-last";
  if (!is_planar(problem)) return "there are more than two spatial axes";
  if (!is_float(problem.inputs[0].dtype)) return "the elements are no floats";
  if (pool.fn == PoolFn::kLp || pool.with_indices) return "the function has no device kernel";
  return nullptr;
}

Emission emit_pool(const Problem& given, DType storage) {
  const Problem problem = as_planar<Pool>(given, false);
  const auto& pool = *problem.op.as<Pool>();
  const Shape &x = problem.inputs[0].shape, &y = problem.outputs[0].shape;
  DimShape kernel_dims;
  for (const int64_t size : pool.kernel) kernel_dims.emplace_back(size);
  const auto r =
      window_ranges({x[1], x[2]}, window_axes(kernel_dims, pool.strides, pool.dilations, pool.pads, pool.auto_pad),
                    pool.auto_pad, pool.ceil_mode);
  const bool max = pool.fn == PoolFn::kMax;
  const DType type = stored(problem.inputs[0].dtype, storage);
  const int64_t full = 16 / (dtype_bits(type) / 8), width = x[3] % full == 0 ? full : 1;
  const int64_t count = element_count(y) / width;
  KernelText kernel;
  kernel.threads = 128;
  kernel.blocks = (count + 127) / 128;
  kernel.parameters = fmt::format("const {0}* x, {0}* y", device_type_name(type));
  // An average over the padding too counts the window's positions inside the padded picture.
  const bool padded = pool.count_include_pad;
  kernel.body = fmt::format(
      R"(
  const long long t = (long long)blockIdx.x * 128 + threadIdx.x;
  if (t >= {count}) return;
  const int c = (int)(t % {vectors}) * {width}, ox = (int)(t / {vectors} % {out_w}),
            oy = (int)(t / {vectors} / {out_w} % {out_h}), n = (int)(t / {vectors} / {out_w} / {out_h});
  float sum[{width}];
#pragma unroll
  for (int l = 0; l < {width}; ++l) sum[l] = {begin};
  int taken = 0;
  for (int ky = 0; ky < {kernel_h}; ++ky) {{
    const int iy = oy * {stride_h} - {pad_h} + ky * {dilation_h};
    for (int kx = 0; kx < {kernel_w}; ++kx) {{
      const int ix = ox * {stride_w} - {pad_w} + kx * {dilation_w};
      const bool inside = iy >= 0 && iy < {h} && ix >= 0 && ix < {w};
      taken += {counted};
      if (!inside) continue;
      const auto xs = *(const pack<{type}, {width}>*)(x + (((long long)n * {h} + iy) * {w} + ix) * {c} + c);
#pragma unroll
      for (int l = 0; l < {width}; ++l) sum[l] = {step};
    }}
  }}
  pack<{type}, {width}> ys;
#pragma unroll
  for (int l = 0; l < {width}; ++l) store(ys.v[l], {result});
  *(pack<{type}, {width}>*)(y + t * {width}) = ys;
)",
      fmt::arg("count", count), fmt::arg("vectors", x[3] / width), fmt::arg("width", width), fmt::arg("out_w", y[2]),
      fmt::arg("out_h", y[1]), fmt::arg("begin", max ? "-INFINITY_F" : "0.0f"), fmt::arg("kernel_h", r[0].kernel),
      fmt::arg("kernel_w", r[1].kernel), fmt::arg("stride_h", r[0].stride), fmt::arg("stride_w", r[1].stride),
      fmt::arg("pad_h", r[0].pad_begin), fmt::arg("pad_w", r[1].pad_begin), fmt::arg("dilation_h", r[0].dilation),
      fmt::arg("dilation_w", r[1].dilation), fmt::arg("h", x[1]), fmt::arg("w", x[2]), fmt::arg("c", x[3]),
      fmt::arg("type", device_type_name(type)),
      fmt::arg("counted",
               padded ? fmt::format("iy < {} && ix < {}", x[1] + r[0].pad_end, x[2] + r[1].pad_end) : "inside"),
      fmt::arg("step", max ? "larger(sum[l], load(xs.v[l]))" : "sum[l] + load(xs.v[l])"),
      fmt::arg("result", max ? "sum[l]" : "sum[l] / taken"));
  return {{kernel, {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

}  // namespace

std::optional<device::Convolution> depthwise_convolution(const Problem& problem, DType storage) {
  const auto* conv = problem.op.as<Conv>();
  if (conv == nullptr || !conv->channels_last || problem.inputs[0].shape.size() != 4 || !is_depthwise(*conv, problem)) {
    return std::nullopt;
  }
  return describe(problem, *conv, storage);
}

std::vector<Call> split_convolution(const Call& call) {
  const auto& whole = std::get<device::Convolution>(call.work);
  device::Convolution plain = whole;
  plain.bias = plain.residual = false;
  plain.activation = device::Activation::kNone;
  const Shape space{whole.n, whole.out_h, whole.out_w, whole.m};
  const Slot y = call.operands[2];
  Call rest{KernelText{}, {y}};
  std::vector<StridedOperand> inputs{broadcast_operand(whole.dtype, space, space)};
  for (size_t i = 3; i < call.operands.size(); ++i) {
    const bool bias = whole.bias && i == 3;
    inputs.push_back(broadcast_operand(whole.dtype, bias ? Shape{whole.m} : space, space));
    rest.operands.push_back(call.operands[i]);
  }
  rest.operands.push_back(y);
  std::vector<TileInstruction> body;
  const auto count = static_cast<int64_t>(inputs.size());
  int64_t value = 0;
  const auto then = [&](Op op, std::vector<int64_t> operands) {
    body.push_back({std::move(op), std::move(operands)});
    value = count + static_cast<int64_t>(body.size()) - 1;
  };
  for (int64_t i = 1; i < count; ++i) then(Binary{BinaryFn::kAdd}, {value, i});
  if (whole.activation == device::Activation::kRelu) then(Unary{UnaryFn::kRelu}, {value});
  if (whole.activation == device::Activation::kSilu) then(Unary{UnaryFn::kSilu, 1}, {value});
  Call first{plain, {call.operands[0], call.operands[1], y}};
  if (body.empty()) return {first};
  rest.work = strided_kernel(space, inputs, std::span(&inputs[0], 1), body, std::span(&value, 1));
  return {first, rest};
}

std::vector<DeviceRow> convolution_rows() {
  return {{"cuda_conv",
           "convolutions in one and two dimensions, channels-last",
           {&Conv::def},
           refuse_conv,
           emit_conv,
           pack_weights},
          {"cuda_pool", "largest and average pooling", {&Pool::def}, refuse_pool, emit_pool}};
}

}  // namespace ingot::kernels::cuda
