#include "passes/per_channel.h"

#include "tensor/elements.h"

namespace ingot::passes {

std::optional<std::vector<double>> per_channel(const Tensor& constant, int64_t rank, int64_t axis, int64_t size) {
  if (!is_float(constant.dtype()) || constant.rank() > rank) return std::nullopt;
  const int64_t offset = rank - constant.rank();
  for (int64_t i = 0; i < constant.rank(); ++i) {
    const bool channel = i + offset == axis;
    if (constant.dim(i) != 1 && (!channel || constant.dim(i) != size)) return std::nullopt;
  }
  std::vector<double> values = to_doubles(constant);
  if (values.empty()) return std::nullopt;
  if (values.size() == 1) values.assign(static_cast<size_t>(size), values[0]);
  return values;
}

Tensor scale_axis(const Tensor& weights, int64_t axis, const std::vector<double>& factors) {
  int64_t inner = 1;
  for (int64_t i = axis + 1; i < weights.rank(); ++i) inner *= weights.dim(i);
  const int64_t size = weights.dim(axis), period = static_cast<int64_t>(factors.size());
  Tensor scaled = Tensor::uninitialized(weights.dtype(), weights.shape());
  if (weights.dtype() == DType::kF32) {
    const float* from = weights.data<float>();
    float* to = scaled.mutable_data<float>();
    for (int64_t i = 0; i < weights.count(); ++i) {
      to[i] = static_cast<float>(from[i] * factors[static_cast<size_t>(i / inner % size % period)]);
    }
    return scaled;
  }
  for (int64_t i = 0; i < weights.count(); ++i) {
    write_double(scaled, i, read_double(weights, i) * factors[static_cast<size_t>(i / inner % size % period)]);
  }
  return scaled;
}

Tensor vector_of(DType dtype, const std::vector<double>& values) {
  Tensor tensor = Tensor::uninitialized(dtype, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i) write_double(tensor, static_cast<int64_t>(i), values[i]);
  return tensor;
}

}  // namespace ingot::passes
