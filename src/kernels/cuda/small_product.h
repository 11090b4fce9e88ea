// Products of few rows with a matrix of 16-bit floats on tensor cores, as one kernel with any epilogue. Libraries share
// such work among too few blocks; here the warps of a block share the sum over k.
#pragma once
#include "kernels/cuda/group.h"
#include "kernels/cuda/inline_epilogue.h"

namespace ingot::kernels::cuda {

// y [rows, columns] = x [rows, k] w^T + bias, w [columns, k]. With a scale [rows / rows_per_scale, k], x is multiplied
// by the scale of its row first, which rounds as storing the product would.
struct SmallProduct {
  DType dtype = DType::kF16;
  int64_t rows = 1, k = 8, columns = 8;
  int64_t rows_per_scale = 0;  // 0: none
  bool bias = false;
};
// w and bias must be constants of the plan.

// Whether the kernel takes it and is worth it: little work, rows of whole 16-byte vectors.
bool is_small_product(const SmallProduct& product);

// Parameters: x, w, y, the scale and the bias where there are any, then the epilogue's, which sees y as `space`, whose
// last axis are the columns, two elements at a time.
inline constexpr int64_t kSmallProductWidth = 2;
KernelText small_product(const SmallProduct& product, const Shape& space, const InlineEpilogue& epilogue);

// A 1x1 convolution as such a product with its bias and epilogue; nothing where it is none.
std::optional<Call> small_convolution(const Problem& problem, DType storage);

// A product of x [n, h, w, c] by a number per image and channel, and the 1x1 convolution of it.
GroupRow scaled_convolution_row();

}  // namespace ingot::kernels::cuda
