// The machine of tile programs on AVX-512 with the instructions that round to bf16.
#include "kernels/isa/intrinsics.h"

#include "kernels/pointwise/step.h"

#include "kernels/isa/avx512bf16_begin.h"
namespace ingot::kernels::avx512bf16 {
namespace {

using F = __m512;
using StepRun = void (*)(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3);

inline void next(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
  reinterpret_cast<StepRun>(step[1].run)(step + 1, places, i, x0, x1, x2, x3);
}
inline uint16_t* at(const Places* places, int place, int64_t i) {
  return static_cast<uint16_t*>(const_cast<void*>(places->pointer[place])) + (i & places->mask[place]);
}
inline __m256i rounded(F x) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)); }
inline __m512i rounded(F x, F y) { return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(y, x)); }
inline F widened(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }

void store_wide(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
  uint16_t* p = at(places, step->place, i);
  _mm512_storeu_si512(p, rounded(x0, x1));
  _mm512_storeu_si512(p + 32, rounded(x2, x3));
  next(step, places, i, x0, x1, x2, x3);
}
void store_narrow(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at(places, step->place, i)), rounded(x0));
  next(step, places, i, x0, x1, x2, x3);
}
void round(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
  next(step, places, i, widened(rounded(x0)), widened(rounded(x1)), widened(rounded(x2)), widened(rounded(x3)));
}

void (*find(const Step& step, bool narrow))() {
  StepRun own = nullptr;
  if (step.type == DType::kBF16 && step.code == StepCode::kStore) own = narrow ? store_narrow : store_wide;
  if (step.type == DType::kBF16 && step.code == StepCode::kRound) own = round;
  return own == nullptr ? avx512::kMachine.find(step, narrow) : reinterpret_cast<void (*)()>(own);
}
void run(const Step* full, const Step* narrow, const Places& places, int64_t count) noexcept {
  avx512::kMachine.run(full, narrow, places, count);
}

}  // namespace

const Machine kMachine = {16, find, run};

}  // namespace ingot::kernels::avx512bf16
#include "kernels/isa/avx512_end.h"
