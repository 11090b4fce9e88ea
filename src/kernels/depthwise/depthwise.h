// Depthwise convolution, ops/conv with as many groups as channels and filters, f32, or bf16 with sums of f32:
// y(pixel, c) = epilogue(sum over kernel positions of x(pixel', c) * w(c, position) + bias(c)). Also with kernels 3
// wide in groups of several channels and as many filters, if whole groups make a vector.
//
// Inputs as in conv/conv.h. Limited by reading and writing the data, so each pixel is read once per kernel line.
// Channels-last is native; other data of f32 is brought there and back through scratch. Constant weights are packed
// as segment.h says, padded with zeros. Equal bits at every thread count.
#pragma once
#include "kernels/depthwise/segment.h"
#include "kernels/gemm/finish.h"
#include "kernels/kernel.h"

namespace ingot::kernels::depthwise {

const char* refuse_depthwise(const SegmentSet& segments, const Problem& problem);
// Null when segments can take the groups, else the reason.
const char* refuse_groups(const SegmentSet& segments, const Problem& problem);
std::unique_ptr<BoundKernel> bind_depthwise(const SegmentSet& segments, IsaLevel isa, const Problem& problem,
                                            const Target& target);
const char* refuse_bf16_depthwise(const SegmentSet& segments, const Problem& problem);
std::unique_ptr<BoundKernel> bind_bf16_depthwise(const SegmentSet& segments, gemm::FinisherOf finisher, IsaLevel isa,
                                                 const Problem& problem, const Target& target);
Tensor pack_bf16_depthwise(const SegmentSet& segments, const Tensor& weights);
// Weights [channels, channels of a group, kernel...] packed; `positions`: of a channel, all but the first size.
int64_t packed_weight_floats(const SegmentSet& segments, int64_t channels, int64_t positions);
void pack_weights(const SegmentSet& segments, const float* weights, const Shape& shape, float* out);
// Weights of f32 as a constant of a plan.
Tensor packed_weights(const SegmentSet& segments, const Tensor& weights);

}  // namespace ingot::kernels::depthwise
