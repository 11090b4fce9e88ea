#include "lower/constants.h"

#include <cstring>

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

int32_t ConstantTable::intern_packed(const Tensor& tensor) {
  const auto bytes = static_cast<size_t>(tensor.byte_size());
  const size_t before = constants_.size();
  const int32_t index = intern(tensor);
  if (constants_.size() == before || bytes == 0) return index;
  const std::shared_ptr<void> place = pages_.allocate(bytes);
  std::memcpy(place.get(), tensor.raw(), bytes);
  by_address_.erase(tensor.raw());
  constants_.back() = Tensor(tensor.dtype(), tensor.shape(), place.get(), place);
  return index;
}

}  // namespace ingot::lower
