// The position of the largest or smallest element along one axis.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class ArgFn : uint8_t { kMax, kMin };
template <> struct EnumNames<ArgFn> { static constexpr const char* kNames[] = {"max", "min"}; };

// i64 indices; the first of equal elements unless select_last. NaN wins over every number.
struct ArgReduce {
  ArgFn fn = ArgFn::kMax;
  int64_t axis = 0;
  bool keepdims = true;
  bool select_last = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("fn", &ArgReduce::fn), field("axis", &ArgReduce::axis),
                           field("keepdims", &ArgReduce::keepdims), field("select_last", &ArgReduce::select_last));
  }
};

}  // namespace ingot
