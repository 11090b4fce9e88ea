// Maps, which classical models take and give.
#pragma once
#include "ops/op.h"

namespace ingot {

// A sequence of one map per row of x ([n, c] or [c], f32): keys[i] -> x[., i]. Keys are i64 or strings.
struct ZipMap {
  Tensor keys;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("keys", &ZipMap::keys)); }
};

// The map's value for each word of the vocabulary, zero or "" where it has none ([1, words], type of the map's values).
struct DictVectorizer {
  Tensor vocabulary;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("vocabulary", &DictVectorizer::vocabulary)); }
};

// The map's values by ascending key (i64) as [1, n] of type `to`; with size > 0 [1, size], the value at its key.
struct CastMap {
  DType to = DType::kF32;
  int64_t size = 0;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("to", &CastMap::to), field("size", &CastMap::size)); }
};

}  // namespace ingot
