#include "kernels/conv/conv_benching.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

const int kRegistered = [] {
  for (const SquareConv& conv : {SquareConv{56, 64, 64, 3},
                                 {28, 128, 128, 3},
                                 {14, 256, 256, 3},
                                 {7, 512, 512, 3},
                                 {80, 32, 32, 3},
                                 {40, 64, 64, 3},
                                 {112, 16, 16, 3},
                                 {56, 16, 16, 3},
                                 {28, 32, 32, 3},
                                 {14, 64, 64, 3}}) {
    bench_conv(kConvFamily, conv, true);
    bench_conv(kWinogradFamily, conv, true);
    bench_conv(kConvFamily, conv, true, 1, DType::kBF16);
    bench_conv(kWinogradFamily, conv, true, 1, DType::kBF16);
  }
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
