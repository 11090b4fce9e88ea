// For any CPU: the step functions over single floats.
#include <algorithm>
#include <cmath>

#include "kernels/recurrent/recurrent.h"

namespace ingot::kernels {
namespace {

using F = float;
constexpr int64_t kLanes = 1;
constexpr int kSums = 4;

F set1(float x) { return x; }
F load(const float* p) { return *p; }
void store(float* p, F x) { *p = x; }
void store_part(float* p, F x, int64_t count) {
  if (count > 0) *p = x;
}
F fma(F a, F b, F c) { return a * b + c; }
F min2(F a, F b) { return a < b ? a : b; }  // b when either is NaN
F max2(F a, F b) { return a > b ? a : b; }
F gate_tanh(F x) { return std::tanh(x); }
F gate_sigmoid(F x) { return 1 / (1 + std::exp(-x)); }

#include "kernels/recurrent/step-inl.h"

}  // namespace

const recurrent::Functions recurrent::kReferenceFunctions = {kLanes,         step<RnnCell>,       step<GruCell>,
                                                             step<GruGates>, step<GruCandidates>, step<LstmCell>};

}  // namespace ingot::kernels
