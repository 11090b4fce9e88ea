// Discrete Fourier transforms.
#pragma once
#include <complex>

#include "ops/op.h"

namespace ingot {

// X[k] = sum x[n] exp(-2 pi i k n / N) along `axis` of a tensor whose last axis holds real (1) or real and imaginary
// parts (2). Inputs: x (float), optional length N (one integer; x is cut or filled with zeros to it), optional axis
// (one integer, overrides the field). inverse: conjugate roots, divided by N. onesided forward: the first N/2+1
// frequencies; onesided inverse: these give a real signal (last axis 1), N defaulting to 2 * (size - 1).
struct Dft {
  int64_t axis = -2;
  bool inverse = false, onesided = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &Dft::axis), field("inverse", &Dft::inverse),
                           field("onesided", &Dft::onesided));
  }
};

// Transforms of windowed frames. Inputs: signal [batch, length] or [batch, length, 1 or 2], step (one integer),
// optional window [frame], optional frame length (one integer). Result: [batch, frames, frequencies, 2], frames =
// (length - frame) / step + 1.
struct Stft {
  bool onesided = true;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("onesided", &Stft::onesided)); }
};

// In place; O(n log n) for powers of two, O(n * odd part) otherwise. Not scaled.
void fourier_transform(std::vector<std::complex<double>>& x, bool inverse);

}  // namespace ingot
