// Every family's definition, one line each; kernel.cc lists them.
#pragma once
#include "kernels/kernel.h"

namespace ingot::kernels {

extern const Family kGemmFamily;              // gemm/
extern const Family kIntegerGemmFamily;       // gemm/: products of integers of 8 bits
extern const Family kIntegerDepthwiseFamily;  // depthwise/: and of depthwise ones
extern const Family kIntegerConvFamily;       // conv/: the same of convolutions
extern const Family kConvFamily;              // conv/
extern const Family kSiblingsFamily;          // siblings/: products and convolutions of one input
extern const Family kChainFamily;             // chain/: convolutions one after the other, by bands of lines
extern const Family kWinogradFamily;          // winograd/
extern const Family kDepthwiseFamily;         // depthwise/
extern const Family kConvTransposeFamily;     // conv/
extern const Family kPointwiseFamily;         // pointwise/: tile programs for unary, binary, where, cast, fused
extern const Family kReduceFamily;            // reduce/
extern const Family kSoftmaxFamily;           // softmax/
extern const Family kNormFamily;              // norm/: layer and RMS norm
extern const Family kPoolFamily;              // pool/
extern const Family kResizeFamily;            // resize/
extern const Family kSampleFamily;            // sample/: grid_sample, roi_align
extern const Family kAttentionFamily;         // attention/
extern const Family kRecurrentFamily;         // recurrent/
extern const Family kTransposeFamily;         // transpose/
extern const Family kCopyFamily;              // copy/: concat, slice, split, gather, expand, pad: data movement by rows

}  // namespace ingot::kernels
