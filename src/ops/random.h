// Random numbers of a given shape.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class Distribution : uint8_t { kUniform, kNormal };
template <> struct EnumNames<Distribution> { static constexpr const char* kNames[] = {"uniform", "normal"}; };

// Input 0: the shape (i64[rank]). Uniform in [a, b), or normal of mean a and standard deviation b. Element i depends on
// the seed and i alone. Without a seed of its own it draws from the run's.
struct Random {
  Distribution distribution = Distribution::kUniform;
  double a = 0, b = 1;
  DType dtype = DType::kF32;
  bool seeded = false;
  double seed = 0;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("distribution", &Random::distribution), field("a", &Random::a), field("b", &Random::b),
                           field("dtype", &Random::dtype), field("seeded", &Random::seeded),
                           field("seed", &Random::seed));
  }
};

// Draws `samples` class indices per row of unnormalised log-probabilities x[rows, classes].
struct Multinomial {
  int64_t samples = 1;
  DType dtype = DType::kI32;
  bool seeded = false;
  double seed = 0;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("samples", &Multinomial::samples), field("dtype", &Multinomial::dtype),
                           field("seeded", &Multinomial::seeded), field("seed", &Multinomial::seed));
  }
};

// Number `index` of the uniform sequence of `seed`, in [0, 1).
double uniform_number(uint64_t seed, uint64_t index);

}  // namespace ingot
