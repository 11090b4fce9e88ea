// The vector functions against double precision, over floats of every magnitude.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "kernels/pointwise/step.h"

namespace ingot::kernels {
namespace {

// fn over all of x, through a program of three steps.
std::vector<float> apply(const Machine& machine, UnaryFn fn, const std::vector<float>& x) {
  Step full[4], narrow[4];
  for (Step* steps : {full, narrow}) {
    steps[0].code = StepCode::kLoad;
    steps[1].code = StepCode::kUnary;
    steps[1].fn = static_cast<uint8_t>(fn);
    steps[1].alpha = 1;
    steps[2].code = StepCode::kStore;
    steps[2].place = 1;
    for (int i = 0; i < 4; ++i) steps[i].run = machine.find(steps[i], steps == narrow);
  }
  std::vector<float> y(x.size());
  Places places{};
  places.pointer[0] = x.data();
  places.pointer[1] = y.data();
  places.mask[0] = places.mask[1] = -1;
  machine.run(full, narrow, places, static_cast<int64_t>(x.size()));
  return y;
}

// |actual - exact| in units of the last place of the f32 nearest to `exact`.
double ulps(float actual, double exact) {
  const float rounded = static_cast<float>(exact);
  if (std::isnan(exact) || std::isnan(actual)) return std::isnan(exact) && std::isnan(actual) ? 0 : INFINITY;
  if (std::isinf(rounded) || std::isinf(actual)) return rounded == actual ? 0 : INFINITY;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(exact), -126) - 23);
  return exact == 0 ? (actual == 0 ? 0 : std::abs(actual) * 0x1p149) : std::abs(actual - exact) / unit;
}

struct Promise {
  UnaryFn fn;
  double ulps;
  double limit;  // largest |x| promised
  double absolute = 0;
};
constexpr Promise kPromises[] = {
    {UnaryFn::kExp, 2, INFINITY},      {UnaryFn::kLog, 2, INFINITY},         {UnaryFn::kTanh, 3, INFINITY},
    {UnaryFn::kSigmoid, 4, INFINITY},  {UnaryFn::kErf, 2, INFINITY},         {UnaryFn::kSin, 4, INFINITY},
    {UnaryFn::kCos, 4, INFINITY},      {UnaryFn::kSqrt, 0.5, INFINITY},      {UnaryFn::kReciprocal, 0.5, INFINITY},
    {UnaryFn::kSoftplus, 4, INFINITY}, {UnaryFn::kElu, 4, INFINITY},         {UnaryFn::kSilu, 5, 80},
    {UnaryFn::kMish, 6, 40},           {UnaryFn::kGelu, 16, 1e30, 1e-8},     {UnaryFn::kGeluTanh, 4, 1e30, 1e-7},
    {UnaryFn::kRound, 0, INFINITY},    {UnaryFn::kFloor, 0, INFINITY},       {UnaryFn::kCeil, 0, INFINITY},
    {UnaryFn::kTan, 2, INFINITY},      {UnaryFn::kHardSwish, 4, 1e30, 1e-6}, {UnaryFn::kSoftsign, 2, 1e30},
};

void check(IsaLevel isa, uint32_t stride) {
  if (cpu_isa() < isa) GTEST_SKIP() << "the CPU lacks " << isa_name(isa);
  const Machine& machine = *machine_of(isa);
  std::vector<float> x(1 << 16);
  std::vector<double> worst(std::size(kPromises));
  std::vector<float> worst_at(std::size(kPromises));
  for (uint64_t first = 0; first < (uint64_t{1} << 32); first += uint64_t{stride} * x.size()) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = std::bit_cast<float>(static_cast<uint32_t>(first + i * stride));
    for (size_t k = 0; k < std::size(kPromises); ++k) {
      const Promise& promise = kPromises[k];
      const std::vector<float> y = apply(machine, promise.fn, x);
      for (size_t i = 0; i < x.size(); ++i) {
        if (std::abs(x[i]) > promise.limit) continue;
        const double exact = apply_unary({promise.fn, 1, 0}, x[i]);
        if (std::abs(y[i] - exact) <= promise.absolute) continue;
        const double error = ulps(y[i], exact);
        if (error > worst[k]) worst[k] = error, worst_at[k] = x[i];
      }
    }
  }
  for (size_t k = 0; k < std::size(kPromises); ++k) {
    EXPECT_LE(worst[k], kPromises[k].ulps)
        << EnumNames<UnaryFn>::kNames[static_cast<int>(kPromises[k].fn)] << " at " << worst_at[k];
  }
}

TEST(VectorFunctions, KeepTheirErrorBoundsOnAvx2) { check(IsaLevel::kAvx2, 4999); }
TEST(VectorFunctions, KeepTheirErrorBoundsOnAvx512) { check(IsaLevel::kAvx512, 4999); }
// Minutes: every float there is.
TEST(VectorFunctions, DISABLED_KeepTheirErrorBoundsOnEveryFloatOnAvx2) { check(IsaLevel::kAvx2, 1); }
TEST(VectorFunctions, DISABLED_KeepTheirErrorBoundsOnEveryFloatOnAvx512) { check(IsaLevel::kAvx512, 1); }

}  // namespace
}  // namespace ingot::kernels
