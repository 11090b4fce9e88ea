// Quantisation to and from few bits: y = saturate(round(x / scale) + zero_point), x = (y - zero_point) * scale.
#pragma once
#include "ops/infer.h"
#include "ops/op.h"

namespace ingot {

// Inputs: x (float or i32), scale, optional zero point (type `to`, shape of scale). The scale is one number, one per
// index of `axis`, or with `block` > 0 one per `block` elements along `axis` (shape of x, axis divided, rounded up).
// The division has the precision of `precision` (undefined: of the scale); `saturate` is for the 8-bit floats.
struct QuantizeLinear {
  DType to = DType::kU8;
  int64_t axis = 1, block = 0;
  bool saturate = true;
  DType precision = DType::kUndefined;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("to", &QuantizeLinear::to), field("axis", &QuantizeLinear::axis),
                           field("block", &QuantizeLinear::block), field("saturate", &QuantizeLinear::saturate),
                           field("precision", &QuantizeLinear::precision));
  }
};

// Inputs: x, scale, optional zero point (type of x); scales as above. The result has type `to` (f32, f16, bf16).
struct DequantizeLinear {
  DType to = DType::kF32;
  int64_t axis = 1, block = 0;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("to", &DequantizeLinear::to), field("axis", &DequantizeLinear::axis),
                           field("block", &DequantizeLinear::block));
  }
};

// Input: x (f32). Outputs: x as u8, its scale (f32 scalar) and zero point (u8 scalar); the range is [min(x, 0),
// max(x, 0)].
struct DynamicQuantizeLinear {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

// Which scale is for element i of a tensor. Throws kInvalidArgument when the shapes don't fit.
class ScaleIndex {
 public:
  ScaleIndex(const Shape& data, const Shape& scale, int64_t axis, int64_t block);
  int64_t operator[](int64_t i) const {
    return (i / outer_) * outer_scales_ + i / inner_ % size_ / block_ * inner_scales_ + i % inner_ * step_;
  }

 private:
  // Elements per index of the axes before `axis`, sizes of it and of what follows; all 1 for one scale.
  int64_t outer_ = 1, outer_scales_ = 0, inner_ = 1, inner_scales_ = 0, size_ = 1, block_ = 1, step_ = 0;
};

struct IntRange {
  int64_t low, high;
};
// Throws kInvalidArgument for what is no integer of at most 32 bits.
IntRange int_range(DType dtype);
// round to nearest even, add the zero point, saturate; NaN gives the lowest number.
int64_t quantize_to_int(double ratio, int64_t zero_point, const IntRange& range);
// Writes round(ratio) + zero_point, or for floats the ratio plus zero point, as element `index` of `to`.
void write_quantized(Tensor& to, int64_t index, float ratio, double zero_point, bool saturate = true);
bool is_quantized_type(DType dtype);

}  // namespace ingot
