// Constants that hold one number per channel, in the many shapes that broadcasting allows.
#pragma once
#include <optional>
#include <vector>

#include "tensor/tensor.h"
#include "tensor/type.h"

namespace ingot::passes {

// The numbers of `constant` along `axis` of a result of `rank` axes, `size` of them, when it varies along no other
// axis.
std::optional<std::vector<double>> per_channel(const Tensor& constant, int64_t rank, int64_t axis, int64_t size);

// `weights` times factors[i] at index i of `axis`; factors repeat when the axis is a multiple of their number.
Tensor scale_axis(const Tensor& weights, int64_t axis, const std::vector<double>& factors);
Tensor vector_of(DType dtype, const std::vector<double>& values);

}  // namespace ingot::passes
