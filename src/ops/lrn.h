// Local response normalisation (Krizhevsky et al. 2012).
#pragma once
#include "ops/op.h"

namespace ingot {

// y = x / (bias + alpha / size * sum of x^2 over the channels [c - (size-1)/2, c + size/2])^beta; channels are axis 1.
struct Lrn {
  int64_t size = 1;
  double alpha = 1e-4, beta = 0.75, bias = 1;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("size", &Lrn::size), field("alpha", &Lrn::alpha), field("beta", &Lrn::beta),
                           field("bias", &Lrn::bias));
  }
};

}  // namespace ingot
