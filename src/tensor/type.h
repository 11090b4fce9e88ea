// Static types of values, and facts: what is known of a value before anything runs.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "tensor/dim.h"
#include "tensor/tensor.h"

namespace ingot {

struct Type {
  enum class Kind : uint8_t { kTensor, kSequence, kOptional, kMap };
  Kind kind = Kind::kTensor;
  DType dtype = DType::kUndefined;      // tensor: elements; map: values
  DType key = DType::kUndefined;        // map: keys
  std::shared_ptr<const Type> element;  // sequence, optional

  static Type tensor(DType dtype) { return {Kind::kTensor, dtype, DType::kUndefined, nullptr}; }
  static Type sequence(Type element) {
    return {Kind::kSequence, DType::kUndefined, DType::kUndefined, std::make_shared<const Type>(std::move(element))};
  }
  static Type optional(Type element) {
    return {Kind::kOptional, DType::kUndefined, DType::kUndefined, std::make_shared<const Type>(std::move(element))};
  }
  static Type map(DType key, DType value) { return {Kind::kMap, value, key, nullptr}; }
  bool is_tensor() const { return kind == Kind::kTensor; }
  bool operator==(const Type& other) const;
  std::string text() const;  // "f32", "seq(f32)", "opt(seq(f32))", "map(i64,f32)"
};

// Types whose elements facts follow as expressions: i32, i64, and f32, f64 where they hold whole numbers exactly.
bool tracks_elements(DType dtype);
// Whether an element of `dtype` holds the whole number `value` exactly.
bool holds_exactly(DType dtype, int64_t value);

// Type, shape as far as known, and content as far as known.
struct Fact {
  Type type;
  std::optional<DimShape> shape;  // empty: rank unknown; only for tensors
  std::optional<Tensor> value;    // content known now
  std::optional<DimShape>
      elements;  // content of a tensor of rank 0 or 1 as expressions of symbols (see tracks_elements)

  Fact() = default;
  Fact(DType dtype, std::optional<DimShape> shape) : type(Type::tensor(dtype)), shape(std::move(shape)) {}
  explicit Fact(Type type) : type(std::move(type)) {}
  // Shape, content and (where few and whole) elements of a constant.
  static Fact of(Tensor value);

  DType dtype() const { return type.dtype; }
  bool has_rank() const { return shape.has_value(); }
  int64_t rank() const { return static_cast<int64_t>(shape.value().size()); }
  std::string text() const;  // "f32[batch,3]", "f32[?]" for unknown rank
};

}  // namespace ingot
