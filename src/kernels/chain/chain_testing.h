// For tests and benches of chains: a chain as the widths, kernels and strides of its members.
#pragma once
#include "ops/chain.h"
#include "ops/conv.h"

namespace ingot::kernels {

struct ChainMember {
  Conv op = {};
  Shape weights;  // [filters, channels of a group, height, width]
  std::vector<Shape> operands = {};
};

inline ChainMember pointwise(int64_t channels, int64_t filters, std::vector<TileInstruction> epilogue = {},
                             std::vector<Shape> operands = {}) {
  Conv op;
  op.channels_last = true;
  op.epilogue = std::move(epilogue);
  return {op, {filters, channels, 1, 1}, std::move(operands)};
}

inline ChainMember sliding(int64_t channels, int64_t kernel, int64_t stride, std::vector<TileInstruction> epilogue = {},
                           std::vector<Shape> operands = {}) {
  ChainMember member = pointwise(1, channels, std::move(epilogue), std::move(operands));
  const int64_t pad = kernel / 2;
  member.op.group = channels;
  member.op.strides = {stride, stride};
  member.op.pads = {pad, pad, pad, pad};
  member.weights = {channels, 1, kernel, kernel};
  return member;
}

// The operator, with a bias for every member; `inputs` are the shapes of its inputs after the data.
inline Chain chain_of(const std::vector<ChainMember>& members, std::vector<Shape>& inputs) {
  Chain op;
  for (const ChainMember& member : members) {
    op.members.push_back({member.op, {0}});
    const auto add = [&](const Shape& shape) {
      inputs.push_back(shape);
      op.members.back().operands.push_back(static_cast<int64_t>(inputs.size()));
    };
    add(member.weights);
    add({member.weights[0]});
    for (const Shape& shape : member.operands) add(shape);
  }
  for (size_t i = 1; i < op.members.size(); ++i) {
    op.members[i].operands[0] = static_cast<int64_t>(inputs.size() + i);
  }
  return op;
}

}  // namespace ingot::kernels
