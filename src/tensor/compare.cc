#include "tensor/compare.h"

#include <algorithm>
#include <cmath>

#include "tensor/elements.h"

namespace ingot {
namespace {

Comparison refuse(std::string reason) {
  Comparison result;
  result.reason = std::move(reason);
  return result;
}

// |a - b| and whether it is 0, exact where doubles are not: 64-bit integers.
double difference_at(const Tensor& actual, const Tensor& expected, int64_t i) {
  if (expected.dtype() == DType::kI64 || expected.dtype() == DType::kU64) {
    const int64_t a = read_int(actual, i), b = read_int(expected, i);
    const bool larger = expected.dtype() == DType::kI64 ? a > b : static_cast<uint64_t>(a) > static_cast<uint64_t>(b);
    const uint64_t x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
    return static_cast<double>(larger ? x - y : y - x);
  }
  const double a = read_double(actual, i), b = read_double(expected, i);
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  return std::isfinite(a) && std::isfinite(b) ? std::fabs(a - b) : INFINITY;
}

Comparison compare_strings(const Tensor& actual, const Tensor& expected) {
  for (int64_t i = 0; i < expected.count(); ++i) {
    const auto &a = actual.data<std::string>()[i], &b = expected.data<std::string>()[i];
    if (a != b) return refuse(fmt::format("element {}: '{}' where '{}' was expected", i, a, b));
  }
  Comparison result;
  result.equal = true;
  return result;
}

// Complex numbers compare as pairs of reals.
Tensor as_reals(const Tensor& tensor) {
  Shape shape = tensor.shape();
  shape.push_back(2);
  return Tensor(tensor.dtype() == DType::kC64 ? DType::kF32 : DType::kF64, shape, tensor.raw(),
                std::make_shared<Tensor>(tensor));
}

}  // namespace

Comparison compare(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance) {
  if (actual.dtype() != expected.dtype() || actual.shape() != expected.shape()) {
    return refuse(fmt::format("{} where {} was expected", actual.type_text(), expected.type_text()));
  }
  if (expected.dtype() == DType::kString) return compare_strings(actual, expected);
  if (is_complex(expected.dtype())) return compare(as_reals(actual), as_reals(expected), tolerance);
  double largest = 0;
  for (int64_t i = 0; i < expected.count(); ++i) {
    const double b = std::fabs(read_double(expected, i));
    if (std::isfinite(b)) largest = std::max(largest, b);
  }
  Comparison result;
  double worst_excess = -1;
  for (int64_t i = 0; i < expected.count(); ++i) {
    const double difference = difference_at(actual, expected, i);
    if (difference == 0) continue;
    const double magnitude = std::fabs(read_double(expected, i));
    const double allowed = tolerance.atol + tolerance.rtol * magnitude + tolerance.scaled * largest;
    result.max_absolute = std::max(result.max_absolute, difference);
    if (std::isinf(difference) || !(difference <= allowed)) ++result.mismatches;
    const double excess = std::isfinite(difference) ? difference - allowed : INFINITY;
    if (excess > worst_excess) {
      worst_excess = excess;
      result.worst_index = i;
    }
  }
  result.max_scaled = result.max_absolute == 0 ? 0 : result.max_absolute / (largest > 0 ? largest : 1);
  result.equal = result.mismatches == 0;
  if (!result.equal) {
    result.reason =
        fmt::format("{} of {} elements differ; worst at {}: {} where {} was expected (largest magnitude {})",
                    result.mismatches, expected.count(), result.worst_index, read_double(actual, result.worst_index),
                    read_double(expected, result.worst_index), largest);
  }
  return result;
}

Comparison compare(const Value& actual, const Value& expected, const Tolerance& tolerance) {
  if (actual.kind() != expected.kind())
    return refuse("the values are of different kinds (tensor, sequence, map, none)");
  Comparison total;
  total.equal = true;
  if (expected.is_none()) return total;
  if (expected.is_tensor()) return compare(actual.tensor(), expected.tensor(), tolerance);
  if (actual.items().size() != expected.items().size()) {
    return refuse(fmt::format("{} items where {} were expected", actual.items().size(), expected.items().size()));
  }
  for (size_t i = 0; i < expected.items().size() && total.equal; ++i) {
    Comparison item = compare(actual.items()[i], expected.items()[i], tolerance);
    total.equal = item.equal;
    total.mismatches += item.mismatches;
    if (item.max_absolute > total.max_absolute) total.max_absolute = item.max_absolute;
    if (item.max_scaled > total.max_scaled) total.max_scaled = item.max_scaled;
    if (!item.equal) {
      total.worst_index = item.worst_index;
      total.reason = fmt::format("item {}: {}", i, item.reason);
    }
  }
  return total;
}

}  // namespace ingot
