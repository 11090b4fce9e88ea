// Weights that turn a spectrogram into mel bins.
#pragma once
#include "ops/op.h"

namespace ingot {

// Inputs (scalars): number of mel bins, DFT length, sample rate, lower and upper edge in Hz.
// y[dft_length / 2 + 1, mel bins], triangles as ONNX MelWeightMatrix defines them.
struct MelWeightMatrix {
  DType dtype = DType::kF32;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("dtype", &MelWeightMatrix::dtype)); }
};

}  // namespace ingot
