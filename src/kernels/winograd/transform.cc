#include "kernels/winograd/transform.h"

namespace ingot::kernels::winograd {
namespace {

constexpr double kKernel2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
constexpr double kKernel4[6][3] = {{1.0 / 4, 0, 0},
                                   {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                   {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                   {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                   {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                   {0, 0, 1}};

}  // namespace

void transform_kernel(int outputs, const float* w, float* out) {
  const double(*g)[3] = outputs == 2 ? kKernel2 : kKernel4;
  const int size = outputs + 2;
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      double sum = 0;
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) sum += g[row][i] * static_cast<double>(w[i * 3 + j]) * g[column][j];
      }
      out[row * size + column] = static_cast<float>(sum);
    }
  }
}

}  // namespace ingot::kernels::winograd
