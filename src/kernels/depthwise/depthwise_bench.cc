#include "kernels/conv/conv_benching.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

constexpr SquareConv kConvs[] = {
    {112, 32, 32, 3, 1, 32},   {112, 96, 96, 3, 2, 96},   {56, 144, 144, 3, 1, 144}, {28, 192, 192, 3, 1, 192},
    {14, 576, 576, 3, 1, 576}, {7, 960, 960, 3, 1, 960},  {28, 120, 120, 5, 1, 120}, {14, 672, 672, 5, 2, 672},
    {56, 96, 96, 7, 1, 96},    {14, 384, 384, 7, 1, 384}, {56, 64, 64, 9, 1, 64},    {56, 72, 72, 5, 2, 72},
};

const int kRegistered = [] {
  for (const bool channels_last : {true, false}) {
    for (const SquareConv& conv : kConvs) bench_conv(kDepthwiseFamily, conv, channels_last);
  }
  for (const SquareConv& conv : kConvs) bench_conv(kDepthwiseFamily, conv, true, 1, DType::kBF16);
  for (const SquareConv& conv : kConvs) {
    if (conv.stride == 1) bench_integer_conv(kIntegerDepthwiseFamily, conv);
  }
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
