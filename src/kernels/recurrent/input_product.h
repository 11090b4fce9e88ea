// x W + biases of a recurrent layer: one matrix product for each direction over all steps and sequences.
#pragma once
#include <memory>

#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/tile.h"
#include "kernels/kernel.h"

namespace ingot::kernels::recurrent {

struct InputSize {
  int64_t directions = 1, rows = 0, in = 0, columns = 0;
};

// Immutable, used by many threads at once.
class InputProduct {
 public:
  struct Operands {
    const void* x;      // [rows][in], in the type of the product
    const void* w;      // packed
    const float* bias;  // [direction][columns], or null
    float* sums;        // [direction][rows][columns]
  };
  virtual ~InputProduct() = default;
  virtual void run(const Operands& operands, std::byte* scratch, const Parallel& parallel) const noexcept = 0;
  size_t scratch_bytes = 0;
};

std::unique_ptr<InputProduct> input_product(const gemm::TileSet& tiles, const InputSize& size, const Target& target);
std::unique_ptr<InputProduct> input_product(const gemm::Bf16TileSet& tiles, const InputSize& size,
                                            const Target& target);

// Packs w [directions][columns][in], f32 or bf16, for the product.
Tensor pack_w(const gemm::TileSet& tiles, const Tensor& w);
Tensor pack_w(const gemm::Bf16TileSet& tiles, const Tensor& w);

}  // namespace ingot::kernels::recurrent
