// The micro-kernel of depthwise convolution on channels-last data, and what each instruction set offers of it; also of
// convolution in narrow groups, as many filters as channels: a sum over rotations of the channels within their groups;
// and of several filters for each channel.
//
// A segment is a few output pixels side by side: y(pixel, channel) = finish(sum over kernel positions of x * w). Pixels
// of the data are given by pointers (padding as a row of zeros). Vectors run along the channels: for each vector,
// weights and sums stay in registers, and a pixel of the data that serves several outputs is read once for all.
#pragma once
#include <cstdint>

#include "kernels/gemm/tile.h"

namespace ingot::kernels::depthwise {

struct SegmentArgs {
  // Of sliding segments: [kernel lines][(pixels - 1) * stride + kernel width]; of gathering ones: [positions][pixels].
  // To the data's channels, of the type that the function wants.
  const void* const* pixels = nullptr;
  int64_t lines = 0;  // kernel lines; kernel positions where pixels are gathered
  // Of rotating segments: channels of a group, and which channel of a vector each lane reads, [rotations][vector].
  int64_t rotations = 1;
  int64_t spread = 1;  // of spreading segments: filters of a channel; `lanes` as for one rotation
  const int32_t* lanes = nullptr;
  const float* weights = nullptr;   // [vectors][kernel lines][rotations][kernel width][vector]
  int64_t first = 0, channels = 0;  // of the result's channels; the data's first is that over `spread`
  int64_t moved = 0;                // elements added to the pointers besides
  float* y = nullptr;               // at the first pixel and channel
  uint16_t* narrow = nullptr;       // where results go instead, rounded to bf16
  int64_t y_stride = 0;             // of either, from pixel to pixel
  gemm::TileFinish finish;          // rows are pixels, columns channels; alpha is 1
};
using SegmentFn = void (*)(const SegmentArgs& args) noexcept;

inline constexpr int kWidths[] = {3, 5, 7};    // of kernels that slide
inline constexpr int kSizes[] = {7, 4, 2, 1};  // pixels of a segment
inline constexpr int kRotatingWidth = 3;
inline constexpr int kWidthCount = 3, kSizeCount = 4, kSlidingStrides = 2;

struct SegmentFunctions {
  SegmentFn sliding[kWidthCount][kSlidingStrides][kSizeCount];  // stride 1 and 2
  SegmentFn gathering[kSizeCount];                              // any width, stride and dilation
  SegmentFn spreading[kSizeCount];                              // as gathering ones
  SegmentFn rotating[kSlidingStrides][kSizeCount];              // as sliding ones of width kRotatingWidth
};

struct SegmentSet {
  int vector;
  const char* packing;
  double gflops;
  gemm::TransposeFn transpose;
  // By the data's type; weights and results are f32. Those on bytes slide and gather only.
  SegmentFunctions f32, bf16, u8, i8;
};

extern const SegmentSet kReferenceSegments, kAvx2Segments, kAvx512Segments;
extern const SegmentSet kAvx512Bf16Segments;  // those on bf16 only

}  // namespace ingot::kernels::depthwise
