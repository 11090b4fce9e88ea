#include "kernels/conv/conv_benching.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

const int kRegistered = [] {
  for (const SquareConv& conv :
       {SquareConv{56, 64, 64, 3}, {28, 512, 128, 1}, {14, 256, 256, 3}, {14, 576, 576, 3, 1, 576}}) {
    bench_integer_conv(kIntegerConvFamily, conv);
  }
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
