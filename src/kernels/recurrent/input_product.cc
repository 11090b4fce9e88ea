#include "kernels/recurrent/input_product.h"

#include "kernels/gemm/bf16_blocked.h"
#include "kernels/gemm/bf16_panels.h"
#include "kernels/gemm/blocked.h"
#include "kernels/gemm/panels.h"
#include "ops/matmul.h"

namespace ingot::kernels::recurrent {
namespace {

const float* bias_of(const InputProduct::Operands& operands, int64_t direction, const InputSize& size) {
  return operands.bias == nullptr ? nullptr : operands.bias + direction * size.columns;
}

class F32Product final : public InputProduct {
 public:
  F32Product(const gemm::TileSet& tiles, const InputSize& size, const Target& target)
      : size_(size),
        packed_(gemm::packed_floats(tiles, size.in, size.columns)),
        gemm_(tiles, {size.directions, size.rows, size.columns, 1, size.in, size.columns}, gemm::StoredB::kPanels, 0,
              nullptr, target) {
    scratch_bytes = gemm_.scratch_bytes();
  }
  void run(const Operands& operands, std::byte* scratch, const Parallel& parallel) const noexcept override {
    gemm_.run(Source(*this, operands), scratch, parallel);
  }

 private:
  class Source final : public gemm::Source {
   public:
    Source(const F32Product& of, const Operands& operands) : of_(of), operands_(operands) {}
    gemm::Product product(int64_t index) const noexcept override {
      gemm::Product product;
      product.b = static_cast<const float*>(operands_.w) + index * of_.packed_;
      product.c = operands_.sums + index * of_.size_.rows * of_.size_.columns;
      product.finish.bias = bias_of(operands_, index, of_.size_);
      return product;
    }
    void rows(int64_t, int64_t first, int64_t count, const float** table, float*) const noexcept override {
      const float* x = static_cast<const float*>(operands_.x) + first * of_.size_.in;
      for (int64_t row = 0; row < count; ++row) table[row] = x + row * of_.size_.in;
    }

   private:
    const F32Product& of_;
    const Operands& operands_;
  };

  InputSize size_;
  int64_t packed_;  // floats of a direction's W
  gemm::BlockedGemm gemm_;
};

// One direction's product, as the epilogue, which adds nothing but gives f32, wants it described.
Problem problem_of(const InputSize& size) {
  return {MatMul{},
          {{DType::kBF16, {size.rows, size.in}}, {DType::kBF16, {size.in, size.columns}, true}},
          {{DType::kF32, {size.rows, size.columns}}}};
}

class Bf16Product final : public InputProduct {
 public:
  Bf16Product(const gemm::Bf16TileSet& tiles, const InputSize& size, const Target& target)
      : size_(size),
        packed_(gemm::packed_elements(tiles, 1, size.in, size.columns)),
        epilogue_(problem_of(size), {{size.rows, size.columns}, 0, 1}, 2, {}, target.isa, tiles.finisher),
        gemm_(tiles, {size.directions, size.rows, size.columns, 1, size.in, size.columns, size.in}, epilogue_, target) {
    scratch_bytes = gemm_.scratch_bytes();
  }
  void run(const Operands& operands, std::byte* scratch, const Parallel& parallel) const noexcept override {
    gemm_.run(Source(*this, operands), scratch, parallel);
  }

 private:
  class Source final : public gemm::Bf16Source {
   public:
    Source(const Bf16Product& of, const Operands& operands) : of_(of), operands_(operands) {}
    gemm::Bf16Product product(int64_t index) const noexcept override {
      gemm::Bf16Product product;
      product.b = static_cast<const uint16_t*>(operands_.w) + index * of_.packed_;
      product.c = reinterpret_cast<std::byte*>(operands_.sums + index * of_.size_.rows * of_.size_.columns);
      product.finish.bias = bias_of(operands_, index, of_.size_);
      return product;
    }
    void rows(int64_t, int64_t first, int64_t count, const uint16_t** table, uint16_t*) const noexcept override {
      const uint16_t* x = static_cast<const uint16_t*>(operands_.x) + first * of_.size_.in;
      for (int64_t row = 0; row < count; ++row) table[row] = x + row * of_.size_.in;
    }

   private:
    const Bf16Product& of_;
    const Operands& operands_;
  };

  InputSize size_;
  int64_t packed_;  // elements of a direction's W
  gemm::Bf16Epilogue epilogue_;
  gemm::Bf16Gemm gemm_;
};

// pack(w's matrix of a direction, where it goes), for each of them; `elements` each.
template <class T, class Pack> Tensor pack_directions(const Tensor& w, int64_t elements, Pack pack) {
  const int64_t directions = w.dim(0), matrix = w.dim(1) * w.dim(2);
  Tensor packed = Tensor::uninitialized(DType::kU8, {directions * elements * static_cast<int64_t>(sizeof(T))});
  for (int64_t d = 0; d < directions; ++d) {
    pack(static_cast<const T*>(w.raw()) + d * matrix, static_cast<T*>(packed.mutable_raw()) + d * elements);
  }
  return packed;
}

}  // namespace

std::unique_ptr<InputProduct> input_product(const gemm::TileSet& tiles, const InputSize& size, const Target& target) {
  return std::make_unique<F32Product>(tiles, size, target);
}

std::unique_ptr<InputProduct> input_product(const gemm::Bf16TileSet& tiles, const InputSize& size,
                                            const Target& target) {
  return std::make_unique<Bf16Product>(tiles, size, target);
}

Tensor pack_w(const gemm::TileSet& tiles, const Tensor& w) {
  const int64_t columns = w.dim(1), in = w.dim(2);
  return pack_directions<float>(w, gemm::packed_floats(tiles, in, columns), [&](const float* from, float* to) {
    gemm::pack_panels(tiles, from, {0, 1, in}, 1, in, columns, to);
  });
}

Tensor pack_w(const gemm::Bf16TileSet& tiles, const Tensor& w) {
  const int64_t columns = w.dim(1), in = w.dim(2);
  return pack_directions<uint16_t>(w, gemm::packed_elements(tiles, 1, in, columns),
                                   [&](const uint16_t* from, uint16_t* to) {
                                     gemm::pack_bf16_panels(tiles, from, {0, 1, in}, 1, in, columns, to);
                                   });
}

}  // namespace ingot::kernels::recurrent
