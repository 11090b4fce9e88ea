#include "kernels/conv/conv_benching.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

constexpr SquareConv kConvs[] = {
    {224, 3, 64, 7, 2}, {56, 64, 64, 1},      {56, 64, 256, 1}, {28, 512, 128, 1},        {14, 256, 1024, 1},
    {7, 512, 2048, 1},  {56, 256, 512, 1, 2}, {56, 64, 64, 3},  {28, 128, 128, 3},        {14, 256, 256, 3},
    {7, 512, 512, 3},   {56, 128, 128, 3, 2}, {112, 16, 16, 3}, {14, 256, 256, 3, 1, 8},  {112, 24, 144, 1},
    {112, 96, 24, 1},   {55, 16, 64, 1},      {112, 32, 16, 1}, {14, 512, 512, 3, 1, 32}, {28, 256, 256, 3, 1, 32},
};

const int kRegistered = [] {
  for (const bool channels_last : {true, false}) {
    for (const SquareConv& conv : kConvs) bench_conv(kConvFamily, conv, channels_last);
  }
  bench_conv(kConvFamily, {56, 64, 64, 3}, true, 2);
  for (const SquareConv& conv : kConvs) bench_conv(kConvFamily, conv, true, 1, DType::kBF16);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
