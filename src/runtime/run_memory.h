// Memory of the tensors whose sizes only a run itself tells. It is kept from run to run, as the arena is: else the
// system would take the pages back after every run, and hand them out again one by one, cleared, in the next.
#pragma once
#include <vector>

#include "tensor/tensor.h"

namespace ingot::runtime {

// Used by one thread at a time.
class RunMemory {
 public:
  // Uninitialised. Its memory serves another once no tensor refers to it. Throws kOutOfMemory.
  Tensor tensor(DType dtype, Shape shape);
  // Lets go what this run had no use for and what still has readers: that is the caller's now.
  void end_run();
  size_t blocks() const { return blocks_.size(); }

 private:
  struct Block {
    std::shared_ptr<void> memory;
    int64_t bytes;
    bool used;  // in this run
  };
  std::vector<Block> blocks_;
};

}  // namespace ingot::runtime
