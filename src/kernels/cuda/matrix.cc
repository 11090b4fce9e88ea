// Matrix products: the device's library, with bias, residual and activation inside where it has them.
#include "base/error.h"
#include "kernels/cuda/epilogue_split.h"
#include "kernels/cuda/small_product.h"
#include "ops/binary.h"
#include "ops/matmul.h"

namespace ingot::kernels::cuda {
namespace {

constexpr size_t kBias = 2, kFirstOperand = 3;
constexpr device::Activation kActivations[] = {device::Activation::kRelu, device::Activation::kGeluTanh};

int64_t leading(const Shape& shape) {
  int64_t count = 1;
  for (size_t i = 0; i + 2 < shape.size(); ++i) count *= shape[i];
  return count;
}

bool has_bias(const Problem& problem) { return has_input(problem, kBias); }

const char* refuse(const Problem& problem) {
  const auto& matmul = *problem.op.as<MatMul>();
  const Operand &a = problem.inputs[0], &b = problem.inputs[1];
  if (!is_float(a.dtype) || a.dtype != b.dtype || a.dtype != problem.outputs[0].dtype)
    return "the operands' types differ";
  if (a.shape.size() < 2 || b.shape.size() < 2) return "an operand has no two axes";
  const Shape batch_a(a.shape.begin(), a.shape.end() - 2), batch_b(b.shape.begin(), b.shape.end() - 2);
  if (batch_a != batch_b && leading(a.shape) != 1 && leading(b.shape) != 1) return "the batches are broadcast";
  return refuse_body(matmul.epilogue);
}

// A bias that the library adds: one number per column.
bool is_column_bias(const Problem& problem) {
  const Shape& shape = problem.inputs[kBias].shape;
  return !shape.empty() && element_count(shape) == shape.back() && shape.back() == problem.outputs[0].shape.back() &&
         problem.inputs[kBias].dtype == problem.outputs[0].dtype;
}

Call added_bias(const Problem& problem, DType storage) {
  const Shape& space = problem.outputs[0].shape;
  const StridedOperand inputs[] = {
      broadcast_operand(stored(problem.outputs[0].dtype, storage), space, space),
      broadcast_operand(stored(problem.inputs[kBias].dtype, storage), problem.inputs[kBias].shape, space)};
  const TileInstruction add{Binary{BinaryFn::kAdd}, {0, 1}};
  const int64_t result = 2;
  return {strided_kernel(space, inputs, std::span(inputs, 1), std::span(&add, 1), std::span(&result, 1)),
          {{Slot::kOutput, 0}, {Slot::kInput, kBias}, {Slot::kOutput, 0}}};
}

// The product as one own kernel with its bias and epilogue; nothing where only the library is fit for it.
std::optional<Call> own_product(const device::MatrixProduct& p, const Problem& problem, DType storage) {
  const SmallProduct small{p.dtype, p.m, p.k, p.n, 0, p.bias};
  if (!problem.inputs[1].constant || (p.bias && !problem.inputs[kBias].constant)) return std::nullopt;
  if (!p.trans_b || p.trans_a || p.alpha != 1 || p.batch != 1 || !is_small_product(small)) return std::nullopt;
  const Shape& space = problem.outputs[0].shape;
  const InlineEpilogue epilogue =
      inline_epilogue(problem.op.as<MatMul>()->epilogue, problem, kFirstOperand, space, kSmallProductWidth, storage);
  Call call{small_product(small, space, epilogue), {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}, {}};
  if (p.bias) call.operands.push_back({Slot::kInput, kBias});
  call.operands.insert(call.operands.end(), epilogue.operands.begin(), epilogue.operands.end());
  return call;
}

Emission emit(const Problem& problem, DType storage) {
  const auto& matmul = *problem.op.as<MatMul>();
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  device::MatrixProduct product;
  product.dtype = stored(problem.inputs[0].dtype, storage);
  product.trans_a = matmul.trans_a;
  product.trans_b = matmul.trans_b;
  product.alpha = matmul.alpha;
  product.m = y[y.size() - 2];
  product.n = y.back();
  product.k = matmul.trans_a ? a[a.size() - 2] : a.back();
  product.batch = leading(y);
  product.stride_a = leading(a) == 1 ? 0 : product.m * product.k;
  product.stride_b = leading(b) == 1 ? 0 : product.k * product.n;
  if (product.stride_b == 0 && !matmul.trans_a && product.stride_a != 0) {  // one tall product
    product.m *= product.batch;
    product.batch = 1;
    product.stride_a = 0;
  }
  if (leading(y) == 1) product.stride_a = product.stride_b = 0;
  Call call{product, {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}};
  const bool bias = has_bias(problem), inside = bias && is_column_bias(problem);
  const EpilogueSplit split = bias && !inside
                                  ? EpilogueSplit{-1, device::Activation::kNone, matmul.epilogue.empty()}
                                  : split_epilogue(matmul.epilogue, problem, kFirstOperand, kActivations, storage);
  product.bias = inside;
  product.activation = split.activation;
  product.residual = split.residual >= 0;
  if (inside) call.operands.push_back({Slot::kInput, kBias});
  if (product.residual) call.operands.push_back({Slot::kInput, static_cast<size_t>(split.residual)});
  call.work = product;
  if (const auto own = inside || !bias ? own_product(product, problem, storage) : std::nullopt) {
    if (!split.whole) return {*own};  // which has any epilogue inside
    call.work = Choice{product, std::get<KernelText>(own->work)};
  }
  Emission emission{call};
  if (bias && !inside) emission.push_back(added_bias(problem, storage));
  if (!split.whole) emission.push_back(epilogue_call(matmul.epilogue, problem, kFirstOperand, storage));
  return emission;
}

}  // namespace

std::vector<DeviceRow> matrix_rows() {
  return {{"cuda_matmul", "matrix products by the device's library", {&MatMul::def}, refuse, emit}};
}

}  // namespace ingot::kernels::cuda
