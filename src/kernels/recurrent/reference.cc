// For any CPU: the step functions over single floats.
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/recurrent/recurrent.h"
#include "tensor/float_types.h"

namespace ingot::kernels {
namespace {

using F = float;
using I = int32_t;
constexpr int64_t kLanes = 1;

F set1(float x) { return x; }
F load(const float* p) { return *p; }
void store(float* p, F x) { *p = x; }
I set1i(int32_t x) { return x; }
I load_lanes(const int32_t* p) {
  I x;
  std::memcpy(&x, p, sizeof(x));
  return x;
}
F from_bits(I x) { return std::bit_cast<float>(x); }
I andi(I a, I b) { return a & b; }
template <int n> I shift_left(I x) { return static_cast<I>(static_cast<uint32_t>(x) << n); }
F fma(F a, F b, F c) { return a * b + c; }
F min2(F a, F b) { return a < b ? a : b; }  // b when either is NaN
F max2(F a, F b) { return a > b ? a : b; }
F gate_tanh(F x) { return std::tanh(x); }
F gate_sigmoid(F x) { return 1 / (1 + std::exp(-x)); }

struct Brain {
  BF16 value;
};
void put(float* p, F x) { *p = x; }
void put(Brain* p, F x) { p->value = BF16(x); }
template <class E> void put_part(E* p, F x, int64_t count) {
  if (count > 0) put(p, x);
}

#include "kernels/recurrent/multiply-inl.h"
#include "kernels/recurrent/widen-inl.h"

constexpr int kSums = 4;
#include "kernels/recurrent/step-inl.h"

}  // namespace

const recurrent::Functions recurrent::kReferenceFunctions = functions<float>();
const recurrent::Functions recurrent::kReferenceBf16Functions = functions<Brain>();

}  // namespace ingot::kernels
