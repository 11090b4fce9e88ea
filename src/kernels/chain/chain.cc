#include "kernels/chain/chain.h"

#include <algorithm>

#include "kernels/conv/channels_last.h"
#include "kernels/conv/conv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/families.h"
#include "kernels/gemm/gemm.h"
#include "ops/reduce.h"

namespace ingot::kernels {
namespace chain {
namespace {

constexpr double kHalfVectors = 1.6;  // slower on cores that multiply two vectors of 16 at once

const Chain& op_of(const Problem& problem) { return *problem.op.as<Chain>(); }

// Of the mean over an image's pixels.
Shape mean_shape(const Shape& x) { return x.size() == 4 ? Shape{x[0], 1, 1, x[3]} : x; }

// Sizes along the spatial axes, channels-last; -1 where those of `x` are not known.
Shape result_shape(const Conv& op, const Shape& x, const Shape& w) {
  Shape y = x;
  y.back() = w[0];
  const Shape spatial(x.begin() + 1, x.end() - 1);
  if (std::find(spatial.begin(), spatial.end(), -1) != spatial.end()) return y;
  const auto axes = window_axes(to_dims(Shape(w.begin() + 2, w.end())), op.strides, op.dilations, op.pads, op.auto_pad);
  const Shape sizes = output_sizes(window_ranges(spatial, axes, op.auto_pad, false));
  std::copy(sizes.begin(), sizes.end(), y.begin() + 1);
  return y;
}

// Before 1x1 convolutions of the one pixel that it leaves.
const char* refuse_mean(const Parts& parts, const Problem& problem) {
  const Chain& op = op_of(problem);
  const Reduce& mean = *op.members[0].op.as<Reduce>();
  if (parts.isa < IsaLevel::kAvx2) return "a mean needs vector code";
  if (mean.fn != ReduceFn::kMean || mean.axes != std::vector<int64_t>{1, 2} || !mean.keepdims)
    return "no mean of images";
  const bool slide =
      std::any_of(op.members.begin(), op.members.end(), [](const auto& each) { return slides(each.op); });
  return slide || problem.inputs[0].dtype != DType::kF32 ? "a mean before other than 1x1 convolutions of f32" : nullptr;
}

// Whether inputs are in the members' order, those of the first after the data.
bool in_order(const Chain& op) {
  int64_t next = 1;
  for (const TileInstruction& member : op.members) {
    for (size_t k = 1; k < member.operands.size(); ++k) {
      if (member.operands[k] != next++) return false;
    }
  }
  return true;
}

// Of what lies between the members, sizes all known.
int64_t bytes_between(const Problem& problem) {
  int64_t bytes = 0;
  for (size_t i = 0; i + 1 < op_of(problem).members.size(); ++i) {
    bytes += storage_bytes(DType::kF32, element_count(member_problem(problem, i).outputs[0].shape));
  }
  return bytes;
}

// Half of every core's L2: a core that runs the members one by one finds its part of what lies between there.
int64_t near_bytes(const Target& target) { return target.l2_bytes / 2 * target.threads; }

template <const Parts& parts> const char* refuse(const Problem& problem) { return refuse_chain(parts, problem); }

template <const Parts& parts> double cost(const Problem& problem, const Target& target) {
  double nanoseconds = 0, all = 0;
  for (size_t i = 0; i < op_of(problem).members.size(); ++i) {
    const Problem member = member_problem(problem, i);
    if (member.op.is<Reduce>()) continue;  // the same for all
    const conv::Geometry sizes = conv::typical_geometry(member);
    const int64_t pixels = sizes.images * sizes.output_pixels();
    const auto depth = static_cast<double>(sizes.kernel() * sizes.group_channels());
    const double multiply_adds = static_cast<double>(pixels * sizes.filters) * depth;
    all += multiply_adds;
    if (slides(member.op)) {
      nanoseconds += 2 * multiply_adds / parts.segments.gflops;
    } else {
      const gemm::TileSet& tiles = tiles_for(parts, member.inputs[1].shape);
      const double half = target.double_fma512 && tiles.vector < parts.segments.vector ? kHalfVectors : 1;
      nanoseconds += half * gemm::tiles_cost(tiles, 1, pixels, sizes.filters, depth, target);
    }
  }
  return gemm::shared_cost(nanoseconds, all, target);
}

// The member whose weights `input` is; null when it is something else.
const TileInstruction* member_of_weights(const Problem& problem, size_t input) {
  for (const TileInstruction& member : op_of(problem).members) {
    if (member.operands.size() > 1 && member.operands[1] == static_cast<int64_t>(input)) return &member;
  }
  return nullptr;
}

template <const Parts& parts> const char* packing(const Problem& problem, size_t input) {
  const TileInstruction* member = member_of_weights(problem, input);
  if (member == nullptr || !member->op.is<Conv>()) return nullptr;
  return slides(member->op) ? parts.segments.packing : tiles_for(parts, problem.inputs[input].shape).packing;
}

template <const Parts& parts> Tensor pack(const Problem& problem, size_t input, const Tensor& weights) {
  return slides(member_of_weights(problem, input)->op)
             ? depthwise::packed_weights(parts.segments, weights)
             : conv::packed_weights(tiles_for(parts, weights.shape()), weights, 1);
}

template <const Parts& parts> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  if (const char* reason = refuse_chain(parts, problem)) fail(Code::kInvalidArgument, "chain: {}", reason);
  const bool reduces = op_of(problem).members[0].op.is<Reduce>();
  const bool bands = !reduces && bytes_between(problem) >= near_bytes(target);
  return (bands ? bind_bands : bind_sequence)(parts, problem, target);
}

template <const Parts& parts> constexpr Row row(const char* name) {
  return {name, parts.isa, refuse<parts>, cost<parts>, bind<parts>, packing<parts>, pack<parts>};
}

constexpr const gemm::TileSet* kAvx512Tiles[] = {&gemm::kAvx512_6x64, &gemm::kAvx512_8x48};
constexpr const gemm::TileSet* kNarrowTiles[] = {&gemm::kAvx512_6x64, &gemm::kAvx512_8x48, &gemm::kAvx2_4x24};
constexpr const gemm::TileSet* kAvx2Tiles[] = {&gemm::kAvx2_6x16, &gemm::kAvx2_4x24};
constexpr const gemm::TileSet* kReferenceTiles[] = {&gemm::kReference4x8};
constexpr Parts kAvx512 = {IsaLevel::kAvx512, kAvx512Tiles, depthwise::kAvx512Segments};
constexpr Parts kAvx512Narrow = {IsaLevel::kAvx512, kNarrowTiles, depthwise::kAvx512Segments};
constexpr Parts kAvx2 = {IsaLevel::kAvx2, kAvx2Tiles, depthwise::kAvx2Segments};
constexpr Parts kReference = {IsaLevel::kReference, kReferenceTiles, depthwise::kReferenceSegments};

constexpr Row kRows[] = {
    row<kAvx512>("avx512_chain_f32"),
    row<kAvx512Narrow>("avx512_chain_f32_4x24"),
    row<kAvx2>("avx2_chain_f32"),
    row<kReference>("reference_chain_f32"),
};

constexpr const OpDef* kOps[] = {&Chain::def};

std::string text(const Problem& problem) {
  std::string line = "chain";
  for (size_t i = 0; i < op_of(problem).members.size(); ++i) {
    const Problem member = member_problem(problem, i);
    if (member.op.is<Reduce>()) {
      line += " " + kReduceFamily.text(member);
      continue;
    }
    line += (i == 0 ? " " : " | ") + (slides(member.op) ? kDepthwiseFamily : kConvFamily).text(member);
  }
  return line;
}

}  // namespace

Problem member_problem(const Problem& problem, size_t index) {
  const auto& members = op_of(problem).members;
  Operand data = problem.inputs[0];
  for (size_t i = 0;; ++i) {
    Problem member{members[i].op, {data}, {}};
    for (size_t k = 1; k < members[i].operands.size(); ++k) {
      member.inputs.push_back(problem.inputs[static_cast<size_t>(members[i].operands[k])]);
    }
    const bool last = i + 1 == members.size();
    const auto* conv = members[i].op.as<Conv>();
    member.outputs = {last ? problem.outputs[0]
                           : Operand{data.dtype, conv == nullptr
                                                     ? mean_shape(data.shape)
                                                     : result_shape(*conv, data.shape, member.inputs[1].shape)}};
    if (i == index) return member;
    data = member.outputs[0];
  }
}

bool slides(const Op& member) { return member.is<Conv>() && member.as<Conv>()->group > 1; }

const gemm::TileSet& tiles_for(const Parts& parts, const Shape& weights) {
  constexpr int64_t kTypicalPixels = 56 * 56;
  const auto depth = static_cast<double>(element_count(std::span(weights).subspan(1)));
  const auto cost = [&](const gemm::TileSet* tiles) {
    return gemm::tiles_cost(*tiles, 1, kTypicalPixels, weights[0], depth, {});
  };
  return **std::min_element(parts.tiles.begin(), parts.tiles.end(),
                            [&](const auto* a, const auto* b) { return cost(a) < cost(b); });
}

MemberInputs member_inputs(const TileInstruction& member, const RunArgs& args) noexcept {
  MemberInputs inputs{};
  for (size_t i = 1; i < member.operands.size(); ++i) {
    inputs[i] = args.inputs[static_cast<size_t>(member.operands[i])];
  }
  return inputs;
}

const char* refuse_chain(const Parts& parts, const Problem& problem) {
  const Chain& op = op_of(problem);
  if (const char* reason = refuse_members(op, problem.inputs.size())) return reason;
  if (op.members.size() > kMaxMembers) return "there are too many members";
  if (!in_order(op)) return "operands out of order";
  if (problem.inputs[0].shape.size() != 4) return "there are not two spatial axes";
  const bool reduces = op.members[0].op.is<Reduce>();
  if (reduces) {
    if (const char* reason = refuse_mean(parts, problem)) return reason;
  }
  for (size_t i = reduces ? 1 : 0; i < op.members.size(); ++i) {
    const Operand& weights = problem.inputs[static_cast<size_t>(op.members[i].operands[1])];
    if (!weights.constant || weights.shape.size() != 4) return "weights that are not constant";
    const Problem member = member_problem(problem, i);
    if (const char* reason = conv::refuse_convolution(member)) return reason;
    if (!member.op.as<Conv>()->channels_last) return "a convolution that is channels-first";
    if (slides(member.op)) {
      if (const char* reason = depthwise::refuse_groups(parts.segments, member)) return reason;
    } else if (i > 0 && !is_pointwise(*member.op.as<Conv>(), weights.shape)) {
      return "a convolution after the first that is neither 1x1 nor depthwise";
    }
  }
  return nullptr;
}

}  // namespace chain

const Family kChainFamily = {"chain", "convolutions one after the other, by bands of lines", chain::kOps, chain::kRows,
                             chain::text};

}  // namespace ingot::kernels
