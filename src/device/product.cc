#include "device/device.h"

namespace ingot::device {

std::optional<MatrixProduct> as_product(const Convolution& c) {
  constexpr std::array<int64_t, 2> kOne{1, 1}, kNone{0, 0};
  if (c.kernel != kOne || c.stride != kOne || c.pad_begin != kNone || c.pad_end != kNone || c.groups != 1) return {};
  MatrixProduct product;
  product.dtype = c.dtype;
  product.m = c.n * c.h * c.w;
  product.n = c.m;
  product.k = c.c;
  product.trans_b = true;
  product.bias = c.bias;
  product.residual = c.residual;
  product.activation = c.activation;
  product.tf32 = c.tf32;
  return product;
}

}  // namespace ingot::device
