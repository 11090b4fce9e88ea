#include "kernels/work.h"

#include <algorithm>

#include "kernels/chain/chain.h"
#include "kernels/siblings/siblings.h"
#include "ops/attention.h"
#include "ops/conv.h"
#include "ops/conv_integer.h"
#include "ops/conv_transpose.h"
#include "ops/fused.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"
#include "ops/matmul.h"
#include "ops/matmul_integer.h"
#include "ops/pool.h"
#include "ops/recurrent.h"
#include "ops/softmax.h"

namespace ingot::kernels {
namespace {

constexpr double kPerNormalised = 5;

double count(const Operand& operand) {
  double elements = 1;
  for (const int64_t size : operand.shape) elements *= static_cast<double>(size);
  return elements;
}

bool sized(const Operand& operand) {
  if (!operand.present()) return true;
  if (operand.dtype == DType::kString) return false;
  for (const int64_t size : operand.shape) {
    if (size < 0) return false;
  }
  return true;
}

double bytes_of(const Operand& operand) {
  return operand.present() ? static_cast<double>(storage_bytes(operand.dtype, element_count(operand.shape))) : 0;
}

// Elements of the operand's last `axes` axes from `first` on.
double count_from(const Operand& operand, size_t first) {
  double elements = 1;
  for (size_t axis = first; axis < operand.shape.size(); ++axis) elements *= static_cast<double>(operand.shape[axis]);
  return elements;
}

// The attention of q with all keys: products with K and V, and a softmax between.
double attention_flops(const Attention& op, const Problem& problem) {
  const Shape &q = problem.inputs[0].shape, &k = problem.inputs[1].shape, &v = problem.inputs[2].shape;
  const bool flat = q.size() == 3;
  if (!flat && q.size() != 4) return 0;
  const auto heads = static_cast<double>(flat ? op.q_heads : q[1]);
  auto keys = static_cast<double>(k[flat ? 1 : 2]);
  if (has_input(problem, 4)) {
    keys += static_cast<double>(problem.inputs[4].shape[2]);
  }
  const double size_k = static_cast<double>(q.back()) / (flat ? std::max(1.0, heads) : 1);
  const double size_v =
      static_cast<double>(v.back()) / (flat ? std::max<double>(1, static_cast<double>(op.kv_heads)) : 1);
  const double pairs = static_cast<double>(q[0]) * heads * static_cast<double>(q[flat ? 1 : 2]) * keys;
  return pairs * (2 * size_k + 2 * size_v + kPerNormalised) * (op.causal ? 0.5 : 1);
}

double recurrent_flops(const Problem& problem) {
  const Shape& x = problem.inputs[0].shape;
  return 2 * static_cast<double>(x[0] * x[1]) * (count(problem.inputs[1]) + count(problem.inputs[2]));
}

double flops_of(const Problem& problem);

// Of a step that is several operators: `member_problem` gives each as a problem of its own.
double flops_of_members(size_t members, const Problem& problem, Problem (*member_problem)(const Problem&, size_t)) {
  double flops = 0;
  for (size_t i = 0; i < members; ++i) flops += flops_of(member_problem(problem, i));
  return flops;
}

double flops_of(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const double results = problem.outputs.empty() ? 0 : count(problem.outputs[0]);
  if (const auto* op = problem.op.as<MatMul>()) {
    const Shape& a = x.shape;
    const auto depth = static_cast<double>(a[a.size() - (op->trans_a ? 2 : 1)]);
    return results * (2 * depth + static_cast<double>(op->epilogue.size()));
  }
  if (const auto* op = problem.op.as<Conv>()) {
    return results * (2 * count_from(problem.inputs[1], 1) + static_cast<double>(op->epilogue.size()));
  }
  if (const auto* op = problem.op.as<MatMulInteger>()) {
    return results * (2 * static_cast<double>(x.shape.back()) + static_cast<double>(op->epilogue.size()));
  }
  if (const auto* op = problem.op.as<ConvInteger>()) {
    return results * (2 * count_from(problem.inputs[1], 1) + static_cast<double>(op->epilogue.size()));
  }
  if (const auto* op = problem.op.as<Chain>()) {
    return flops_of_members(op->members.size(), problem, chain::member_problem);
  }
  if (const auto* op = problem.op.as<Siblings>()) {
    return flops_of_members(op->members.size(), problem, siblings::member_problem);
  }
  if (problem.op.is<ConvTranspose>()) return 2 * count(x) * count_from(problem.inputs[1], 1);
  if (const auto* op = problem.op.as<Pool>()) {
    double window = 1;
    for (const int64_t size : op->kernel) window *= static_cast<double>(size);
    return results * window;
  }
  if (const auto* op = problem.op.as<Attention>()) return attention_flops(*op, problem);
  if (problem.op.is<Recurrent>()) return recurrent_flops(problem);
  if (problem.op.is<Softmax>() || problem.op.is<LayerNorm>() || problem.op.is<GroupNorm>()) {
    return kPerNormalised * count(x);
  }
  if (const auto* op = problem.op.as<Fused>()) {
    const auto computes = [](const TileInstruction& instruction) { return instruction.op.has(kElementwise); };
    return results * static_cast<double>(std::count_if(op->body.begin(), op->body.end(), computes));
  }
  if (problem.op.has(kMovesData) || problem.op.has(kShapeOnly)) return 0;
  return problem.op.has(kElementwise) ? results : count(x);
}

}  // namespace

std::optional<Work> work_of(const Problem& problem) {
  for (const auto* operands : {&problem.inputs, &problem.outputs}) {
    for (const Operand& operand : *operands) {
      if (!sized(operand)) return std::nullopt;
    }
  }
  Work work;
  double read = 0, written = 0;
  for (const Operand& output : problem.outputs) written += bytes_of(output);
  for (const Operand& input : problem.inputs) read += bytes_of(input);
  const bool moves = problem.op.has(kMovesData) && !problem.op.has(kElementwise);
  work.bytes = written + (moves ? std::min(read, written) : read);
  if (!problem.inputs.empty()) work.flops = flops_of(problem);
  return work;
}

}  // namespace ingot::kernels
