#include "ops/sort_key.h"

#include <bit>
#include <cmath>

#include "tensor/elements.h"

namespace ingot {
namespace {

int64_t key_of(double value) {
  if (std::isnan(value)) return INT64_MAX;
  const auto bits = std::bit_cast<int64_t>(value + 0.0);  // -0 + 0 is 0
  return bits < 0 ? INT64_MIN - bits : bits;
}

}  // namespace

std::vector<int64_t> sort_keys(const Tensor& tensor) {
  const DType dtype = tensor.dtype();
  if (is_float(dtype)) {
    std::vector<int64_t> keys;
    for (const double value : to_doubles(tensor)) keys.push_back(key_of(value));
    return keys;
  }
  if (!is_int(dtype) && dtype != DType::kBool) {
    fail(Code::kUnsupported, "elements of type {} have no order", dtype_name(dtype));
  }
  std::vector<int64_t> keys = to_ints(tensor);
  if (dtype == DType::kU64) {
    for (int64_t& key : keys) key ^= INT64_MIN;
  }
  return keys;
}

}  // namespace ingot
