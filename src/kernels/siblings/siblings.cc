#include "kernels/siblings/siblings.h"

#include "kernels/conv/channels_last.h"
#include "kernels/conv/conv.h"
#include "kernels/families.h"
#include "kernels/gemm/bound_epilogue.h"
#include "kernels/gemm/gemm.h"

namespace ingot::kernels {
namespace siblings {
namespace {

using gemm::TileSet;

const Siblings& op_of(const Problem& problem) { return *problem.op.as<Siblings>(); }

const char* refuse_product(const Problem& member) {
  const auto& op = *member.op.as<MatMul>();
  if (const char* reason = gemm::refuse_matmul(member)) return reason;
  if (op.trans_a) return "the shared input is transposed";
  return member.inputs[1].shape.size() == 2 ? nullptr : "weights that are not one matrix";
}

const char* refuse_convolution(const Problem& member, const Problem& first) {
  const auto &op = *member.op.as<Conv>(), &other = *first.op.as<Conv>();
  if (const char* reason = conv::refuse_convolution(member)) return reason;
  if (!op.channels_last || op.group != 1) return "a convolution in groups or channels-first";
  const Shape &w = member.inputs[1].shape, &w0 = first.inputs[1].shape;
  const bool equal = op.strides == other.strides && op.dilations == other.dilations && op.pads == other.pads &&
                     op.auto_pad == other.auto_pad && std::equal(w.begin() + 1, w.end(), w0.begin() + 1, w0.end());
  return equal ? nullptr : "convolutions with different windows";
}

double member_cost(const TileSet& tiles, const Problem& member, double& multiply_adds, const Target& target) {
  int64_t m, n;
  double depth;
  if (member.op.is<MatMul>()) {
    const gemm::MatMulSizes sizes = gemm::typical_sizes(member);
    m = sizes.m * sizes.batch;
    n = sizes.n;
    depth = static_cast<double>(sizes.k);
  } else {
    const conv::Geometry geometry = conv::typical_geometry(member);
    m = geometry.output_pixels() * geometry.images;
    n = geometry.filters;
    depth = static_cast<double>(geometry.kernel() * geometry.channels);
  }
  multiply_adds += static_cast<double>(m) * static_cast<double>(n) * depth;
  return gemm::tiles_cost(tiles, 1, m, n, depth, target);
}

template <const TileSet& tiles> double cost(const Problem& problem, const Target& target) {
  double nanoseconds = 0, multiply_adds = 0;
  for (size_t i = 0; i < op_of(problem).members.size(); ++i) {
    nanoseconds += member_cost(tiles, member_problem(problem, i), multiply_adds, target);
  }
  return gemm::shared_cost(nanoseconds, multiply_adds, target);
}

template <const TileSet& tiles> const char* packing(const Problem& problem, size_t input) {
  return member_of_weights(problem, input) && problem.inputs[input].constant ? tiles.packing : nullptr;
}

template <const TileSet& tiles> Tensor pack(const Problem& problem, size_t input, const Tensor& weights) {
  const Problem member = member_problem(problem, *member_of_weights(problem, input));
  return member.op.is<MatMul>() ? gemm::pack_matmul(tiles, member, weights) : conv::packed_weights(tiles, weights, 1);
}

template <const TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_siblings(tiles, isa, problem, target);
}

template <const TileSet& tiles, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse_siblings, cost<tiles>, bind<tiles, isa>, packing<tiles>, pack<tiles>};
}

constexpr Row kRows[] = {
    row<gemm::kAvx512_6x64, IsaLevel::kAvx512>("avx512_siblings_f32_6x64"),
    row<gemm::kAvx512_8x48, IsaLevel::kAvx512>("avx512_siblings_f32_8x48"),
    row<gemm::kAvx2_6x16, IsaLevel::kAvx2>("avx2_siblings_f32_6x16"),
    row<gemm::kAvx2_4x24, IsaLevel::kAvx2>("avx2_siblings_f32_4x24"),
    row<gemm::kReference4x8, IsaLevel::kReference>("reference_siblings_f32_4x8"),
};

constexpr const OpDef* kOps[] = {&Siblings::def};

std::string text(const Problem& problem) {
  std::string line = "siblings";
  for (size_t i = 0; i < op_of(problem).members.size(); ++i) {
    const Problem member = member_problem(problem, i);
    line += (i == 0 ? " " : " | ") + (member.op.is<MatMul>() ? kGemmFamily : kConvFamily).text(member);
  }
  return line;
}

}  // namespace

Problem member_problem(const Problem& problem, size_t index) {
  const TileInstruction& member = op_of(problem).members[index];
  Problem result{member.op, {}, {}};
  for (const int64_t operand : member.operands) result.inputs.push_back(problem.inputs[static_cast<size_t>(operand)]);
  if (index < problem.outputs.size()) result.outputs.push_back(problem.outputs[index]);
  return result;
}

std::optional<size_t> member_of_weights(const Problem& problem, size_t input) {
  const auto& members = op_of(problem).members;
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].operands.size() > 1 && members[i].operands[1] == static_cast<int64_t>(input)) return i;
  }
  return std::nullopt;
}

const char* refuse_siblings(const Problem& problem) {
  const auto& members = op_of(problem).members;
  if (const char* reason = refuse_members(op_of(problem), problem.inputs.size())) return reason;
  if (members.empty() || members.size() != problem.outputs.size()) return "not one result for each member";
  int64_t next = 1;
  for (size_t i = 0; i < members.size(); ++i) {
    for (size_t k = 1; k < members[i].operands.size(); ++k) {
      if (members[i].operands[k] != next++) return "operands out of order";
    }
    const Problem member = member_problem(problem, i), first = member_problem(problem, 0);
    if (!member.inputs[0].present() || !member.inputs[1].constant) return "weights that are not constant";
    if (member.op.is<MatMul>() != first.op.is<MatMul>()) return "members of different kinds";
    const char* reason = member.op.is<MatMul>() ? refuse_product(member) : refuse_convolution(member, first);
    if (reason != nullptr) return reason;
  }
  return nullptr;
}

}  // namespace siblings

const Family kSiblingsFamily = {"siblings", "products and convolutions of one input", siblings::kOps, siblings::kRows,
                                siblings::text};

}  // namespace ingot::kernels
