// 1x1 convolutions with little work, by themselves and with the scale before them, as squeeze-and-excite has it.
#include <algorithm>

#include "kernels/cuda/group.h"
#include "kernels/cuda/small_product.h"
#include "ops/binary.h"
#include "ops/conv.h"

namespace ingot::kernels::cuda {
namespace {

constexpr size_t kBias = 2, kFirstOperand = 3;

bool has_bias(const Problem& problem) { return has_input(problem, kBias); }

// Whether every result is made of the pixel at its place.
bool is_pointwise(const Problem& problem) {
  const auto* conv = problem.op.as<Conv>();
  if (conv == nullptr || !conv->channels_last || conv->group != 1 || problem.inputs[0].shape.size() != 4) return false;
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  return w[2] == 1 && w[3] == 1 && x[1] == y[1] && x[2] == y[2] &&
         std::all_of(conv->pads.begin(), conv->pads.end(), [](int64_t pad) { return pad == 0; });
}

std::optional<SmallProduct> product_of(const Problem& problem, DType storage) {
  if (!is_pointwise(problem) || (has_bias(problem) && !problem.inputs[kBias].constant)) return std::nullopt;
  const Shape &x = problem.inputs[0].shape, &y = problem.outputs[0].shape;
  const SmallProduct product{
      stored(problem.inputs[0].dtype, storage), x[0] * x[1] * x[2], x[3], y[3], 0, has_bias(problem)};
  return is_small_product(product) ? std::optional(product) : std::nullopt;
}

// The convolution's operands behind x; of x and the scale the caller knows.
Call product_call(const Problem& problem, const SmallProduct& product, const Slot& x, const std::optional<Slot>& scale,
                  DType storage) {
  const Shape& space = problem.outputs[0].shape;
  const InlineEpilogue epilogue =
      inline_epilogue(problem.op.as<Conv>()->epilogue, problem, kFirstOperand, space, kSmallProductWidth, storage);
  Call call{small_product(product, space, epilogue), {x, {Slot::kInput, 1}, {Slot::kOutput, 0}}, {}};
  if (scale) call.operands.push_back(*scale);
  if (product.bias) call.operands.push_back({Slot::kInput, kBias});
  call.operands.insert(call.operands.end(), epilogue.operands.begin(), epilogue.operands.end());
  return call;
}

// Which input of the product is [n, h, w, c] and which [n, 1, 1, c]; nothing where it is no such scale.
std::optional<std::pair<size_t, size_t>> scaled_inputs(const Problem& problem) {
  const auto* product = problem.op.as<Binary>();
  if (product == nullptr || product->fn != BinaryFn::kMul || problem.inputs.size() != 2) return std::nullopt;
  const Shape& whole = problem.outputs[0].shape;
  if (whole.size() != 4) return std::nullopt;
  const Shape scale{whole[0], 1, 1, whole[3]};
  for (const size_t x : {0, 1}) {
    if (problem.inputs[x].shape == whole && problem.inputs[1 - x].shape == scale) return std::pair(x, 1 - x);
  }
  return std::nullopt;
}

bool takes(const Problem& first, const Problem& second, DType storage) {
  const DType type = second.inputs[0].dtype;
  return scaled_inputs(first) && product_of(second, storage) &&
         std::all_of(first.inputs.begin(), first.inputs.end(), [&](const Operand& each) { return each.dtype == type; });
}

Emission emit(const Problem& first, const Problem& second, DType storage, std::span<const OperandView>, bool) {
  const auto [x, scale] = *scaled_inputs(first);
  SmallProduct product = *product_of(second, storage);
  product.rows_per_scale = second.outputs[0].shape[1] * second.outputs[0].shape[2];
  return {product_call(second, product, {Slot::kInput, x, 0, true}, Slot{Slot::kInput, scale, 0, true}, storage)};
}

}  // namespace

std::optional<Call> small_convolution(const Problem& problem, DType storage) {
  const auto product = product_of(problem, storage);
  if (!product) return std::nullopt;
  return product_call(problem, *product, {Slot::kInput, 0}, std::nullopt, storage);
}

GroupRow scaled_convolution_row() {
  return {"cuda_scaled_convolution", "a number per image and channel, and the 1x1 convolution of the product", takes,
          emit};
}

}  // namespace ingot::kernels::cuda
