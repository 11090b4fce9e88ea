#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/fused.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

TileInstruction unary(UnaryFn fn, int64_t x) { return {Unary{fn, 1, 0.5}, {x}}; }
TileInstruction binary(BinaryFn fn, int64_t a, int64_t b) { return {Binary{fn}, {a, b}}; }

void add(const std::string& name, const Op& op, const std::vector<Shape>& from, const Shape& to,
         DType dtype = DType::kF32) {
  Problem problem{op, {}, {{dtype, to}}};
  double elements = static_cast<double>(element_count(to));
  for (const Shape& shape : from) {
    problem.inputs.push_back({dtype, shape});
    elements += static_cast<double>(element_count(shape));
  }
  bench_rows(kPointwiseFamily, name + " " + shape_text(to), problem, 0, elements * dtype_bits(dtype) / 8);
}

const int kRegistered = [] {
  const Fused gelu_chain{{binary(BinaryFn::kMul, 0, 1), binary(BinaryFn::kAdd, 4, 2), unary(UnaryFn::kGelu, 5),
                          binary(BinaryFn::kAdd, 6, 3)},
                         {7}};
  const Fused gated{{unary(UnaryFn::kHardSwish, 0), unary(UnaryFn::kSigmoid, 1), binary(BinaryFn::kMul, 2, 3)}, {4}};
  const Fused bias_relu{{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kRelu, 3), binary(BinaryFn::kAdd, 4, 2)}, {5}};
  for (const int64_t rows : {4, 64, 1024, 16384}) {
    const Shape x = {rows, 1024}, row = {1024};
    add("gelu(x*a+b)+r", gelu_chain, {x, row, row, x}, x);
    add("hardswish(x)*sigmoid(z)", gated, {x, x}, x);
    add("relu(x+b)+r", bias_relu, {x, row, x}, x);
  }
  for (const UnaryFn fn : {UnaryFn::kExp, UnaryFn::kTanh, UnaryFn::kSigmoid, UnaryFn::kErf, UnaryFn::kGelu,
                           UnaryFn::kSilu, UnaryFn::kLog, UnaryFn::kSin, UnaryFn::kRelu}) {
    add(enum_name(fn), Unary{fn, 1, 0}, {{65536}}, {65536});
  }
  const Binary sum{BinaryFn::kAdd};
  add("add nchw channel", sum, {{1, 64, 56, 56}, {64, 1, 1}}, {1, 64, 56, 56});
  add("add nhwc channel", sum, {{1, 56, 56, 64}, {64}}, {1, 56, 56, 64});
  add("add nhwc channel", sum, {{1, 49, 49, 96}, {96}}, {1, 49, 49, 96});
  add("add 7x7 channel", sum, {{1, 512, 7, 7}, {512, 1, 1}}, {1, 512, 7, 7});
  add("pow", Binary{BinaryFn::kPow}, {{65536}, {}}, {65536});
  const Binary product{BinaryFn::kMul};
  add("scale bf16", product, {{1, 14, 14, 480}, {1, 1, 1, 480}}, {1, 14, 14, 480}, DType::kBF16);
  add("scale bf16", product, {{1, 56, 56, 96}, {1, 1, 1, 96}}, {1, 56, 56, 96}, DType::kBF16);
  add("add bf16", sum, {{196, 768}, {196, 768}}, {196, 768}, DType::kBF16);
  const Problem cast{Cast{DType::kBF16}, {{DType::kF32, {3, 224, 224}}}, {{DType::kBF16, {3, 224, 224}}}};
  bench_rows(kPointwiseFamily, "cast to bf16 [3,224,224]", cast, 0, 6 * 3 * 224 * 224);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
