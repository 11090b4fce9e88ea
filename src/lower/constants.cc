#include "lower/constants.h"

namespace ingot::lower {

int32_t ConstantTable::intern(const Tensor& tensor) {
  const auto known = by_address_.find(tensor.raw());
  if (known != by_address_.end() && identical(constants_[static_cast<size_t>(known->second)], tensor)) {
    return known->second;
  }
  const bool strings = tensor.dtype() == DType::kString;
  const uint64_t hash = strings ? static_cast<uint64_t>(tensor.count()) : hash64(tensor.bytes());
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (identical(constants_[static_cast<size_t>(it->second)], tensor)) return it->second;
  }
  const auto index = static_cast<int32_t>(constants_.size());
  constants_.push_back(tensor);
  by_hash_.emplace(hash, index);
  by_address_.emplace(tensor.raw(), index);
  return index;
}

}  // namespace ingot::lower
