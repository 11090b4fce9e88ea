#include "kernels/chain/chain_testing.h"
#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

struct Bottleneck {
  int64_t size, channels, expanded, filters, kernel = 3, stride = 1;
};

// Those of MobileNet v2 and EfficientNet b0.
constexpr Bottleneck kBottlenecks[] = {
    {112, 16, 96, 24, 3, 2}, {56, 24, 144, 24},       {56, 24, 144, 32, 3, 2}, {28, 32, 192, 32},
    {28, 32, 192, 64, 3, 2}, {56, 24, 144, 40, 5, 2}, {28, 40, 240, 40, 5},    {14, 96, 576, 96},
};

void bench_bottleneck(const Bottleneck& of) {
  const TileInstruction relu{Unary{UnaryFn::kRelu}, {0}};
  const int64_t out = (of.size - 1) / of.stride + 1;
  std::vector<Shape> inputs;
  const Chain op = chain_of({pointwise(of.channels, of.expanded, {relu}),
                             sliding(of.expanded, of.kernel, of.stride, {relu}), pointwise(of.expanded, of.filters)},
                            inputs);
  Problem problem{op, {{DType::kF32, {1, of.size, of.size, of.channels}}}, {{DType::kF32, {1, out, out, of.filters}}}};
  for (const Shape& shape : inputs) problem.inputs.push_back({DType::kF32, shape, true});
  const auto pixels = static_cast<double>(of.size * of.size), results = static_cast<double>(out * out);
  const double flops =
      2 * static_cast<double>(of.expanded) *
      (pixels * static_cast<double>(of.channels) + results * static_cast<double>(of.kernel * of.kernel + of.filters));
  const double bytes =
      sizeof(float) * (pixels * static_cast<double>(of.channels) + results * static_cast<double>(of.filters));
  bench_rows(kChainFamily, kChainFamily.text(problem), problem, flops, bytes);
}

const int kRegistered = [] {
  for (const Bottleneck& each : kBottlenecks) bench_bottleneck(each);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
