// The part of cuBLASLt's interface that we call; numbers as in cublasLt.h (a test compares them).
#pragma once
#include <cstddef>
#include <cstdint>

namespace ingot::cuda::lt {

using Handle = struct LtHandle*;
using Desc = struct LtDesc*;
using Layout = struct LtLayout*;
using Preference = struct LtPreference*;

struct Algo {
  uint64_t data[8];
};
struct Heuristic {
  Algo algo;
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

inline constexpr int kComputeF32 = 68, kComputeTf32 = 77;         // f32 without TF32, and with
inline constexpr int kTypeF32 = 0, kTypeF16 = 2, kTypeBF16 = 14;  // cudaDataType
inline constexpr int kDescTransA = 3, kDescTransB = 4, kDescEpilogue = 7, kDescBias = 8, kDescBiasType = 26;
inline constexpr int kLayoutBatch = 5, kLayoutStride = 6;
inline constexpr int kPreferenceWorkspace = 1;
inline constexpr int kEpilogueNone = 1, kEpilogueRelu = 2, kEpilogueBias = 4, kEpilogueGelu = 32;

}  // namespace ingot::cuda::lt
