// Running sums and products along one axis.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class CumulativeFn : uint8_t { kSum, kProd };
template <> struct EnumNames<CumulativeFn> { static constexpr const char* kNames[] = {"sum", "prod"}; };

// y[i] combines x[0..i] (x[0..i-1] when exclusive), from the other end when reverse. An optional second input (i32 or
// i64, one element) overrides `axis`. Integers wrap.
struct Cumulative {
  CumulativeFn fn = CumulativeFn::kSum;
  int64_t axis = 0;
  bool exclusive = false;
  bool reverse = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("fn", &Cumulative::fn), field("axis", &Cumulative::axis),
                           field("exclusive", &Cumulative::exclusive), field("reverse", &Cumulative::reverse));
  }
};

}  // namespace ingot
