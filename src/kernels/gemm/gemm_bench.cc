#include "kernels/families.h"
#include "kernels/gemm/gemm.h"
#include "kernels/kernel_benching.h"
#include "ops/matmul_integer.h"

namespace ingot::kernels {
namespace {

void add(int64_t batch, int64_t m, int64_t n, int64_t k, bool constant, bool trans_b, int threads) {
  MatMul op;
  op.trans_b = trans_b;
  Shape a = {m, k}, b = trans_b ? Shape{n, k} : Shape{k, n}, y = {m, n};
  if (batch > 1) {
    for (Shape* shape : {&a, &b, &y}) shape->insert(shape->begin(), batch);
  }
  const Problem problem{op, {{DType::kF32, a}, {DType::kF32, b, constant}}, {{DType::kF32, y}}};
  const auto count = [](std::initializer_list<int64_t> sizes) {
    double product = 1;
    for (const int64_t size : sizes) product *= static_cast<double>(size);
    return product;
  };
  bench_rows(kGemmFamily, kGemmFamily.text(problem) + " t" + std::to_string(threads), problem,
             2 * count({batch, m, n, k}), 4 * (count({batch, m, k}) + count({batch, k, n}) + count({batch, m, n})),
             threads);
}

void add_bf16(int64_t m, int64_t n, int64_t k) {
  const Problem problem{MatMul{}, {{DType::kBF16, {m, k}}, {DType::kBF16, {k, n}, true}}, {{DType::kBF16, {m, n}}}};
  const auto products = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  bench_rows(kGemmFamily, kGemmFamily.text(problem) + " t1", problem, 2 * products,
             2 * static_cast<double>(m * k + k * n + m * n), 1);
}

void add_integers(int64_t m, int64_t n, int64_t k) {
  const Problem problem{
      MatMulInteger{}, {{DType::kU8, {m, k}}, {DType::kI8, {k, n}, true}, {DType::kU8, {}}}, {{DType::kI32, {m, n}}}};
  const auto products = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  bench_rows(kIntegerGemmFamily, kIntegerGemmFamily.text(problem) + " t1", problem, 2 * products,
             static_cast<double>(m * k + k * n + 4 * m * n), 1);
}

const int kRegistered = [] {
  add_integers(128, 768, 768);
  add_integers(128, 3072, 768);
  add_integers(128, 768, 3072);
  add_integers(3136, 64, 64);
  add_integers(196, 256, 1024);
  add_bf16(128, 768, 768);
  add_bf16(128, 3072, 768);
  add_bf16(128, 768, 3072);
  add_bf16(3136, 64, 64);
  add_bf16(196, 256, 1024);
  add_bf16(512, 1024, 1024);
  add_bf16(2048, 2048, 2048);
  add(1, 128, 768, 768, true, false, 1);
  add(1, 128, 3072, 768, true, false, 1);
  add(1, 128, 768, 3072, true, false, 1);
  add(1, 3136, 64, 64, true, false, 1);
  add(1, 196, 256, 1024, true, false, 1);
  add(1, 1000, 1000, 1000, true, false, 1);
  add(1, 1024, 1024, 1024, false, false, 1);
  add(1, 1024, 1024, 1024, false, true, 1);
  add(1, 1024, 1024, 1024, true, false, 2);
  for (const int64_t m : {1, 2, 4}) add(1, m, 4096, 1024, true, false, 1);
  for (const int64_t m : {1, 4, 8, 12}) add(1, m, 4096, 1024, false, false, 1);
  for (const int64_t m : {1, 4, 8, 12}) add(1, m, 4096, 1024, false, true, 1);
  add(12, 128, 128, 64, false, true, 1);
  add(12, 128, 64, 128, false, false, 1);
  add(12, 1, 512, 64, false, true, 1);
  add(12, 1, 64, 512, false, false, 1);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels
