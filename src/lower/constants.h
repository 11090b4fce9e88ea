// The plan's table of constants: equal tensors are stored once.
#pragma once
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/large_pages.h"
#include "tensor/tensor.h"

namespace ingot::lower {

class ConstantTable {
 public:
  // Index of `tensor`, added unless an identical one is there.
  int32_t intern(const Tensor& tensor);
  // The same for weights that kernels read in every run: one that is added is copied to large pages.
  int32_t intern_packed(const Tensor& tensor);
  std::vector<Tensor> release() { return std::move(constants_); }

 private:
  std::vector<Tensor> constants_;
  LargePages pages_;
  std::unordered_map<const void*, int32_t> by_address_;  // saves hashing shared weights twice
  std::unordered_multimap<uint64_t, int32_t> by_hash_;
};

}  // namespace ingot::lower
