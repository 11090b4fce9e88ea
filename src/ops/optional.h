// Optionals: a value or nothing. One that holds a value is that value.
#pragma once
#include "ops/op.h"

namespace ingot {

// The input as an optional; without input an empty optional of `type`.
struct MakeOptional {
  Type type = Type::tensor(DType::kF32);
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("type", &MakeOptional::type)); }
};

// bool: whether the input is there and holds a value.
struct OptionalHasElement {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

// The value held; what is no optional passes.
struct OptionalGetElement {
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(); }
};

}  // namespace ingot
