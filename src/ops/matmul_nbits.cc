#include "ops/matmul_nbits.h"

#include "base/checked.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

enum Input : size_t { kA, kWeights, kScales, kZeros, kGroups, kBias };

int64_t blocks_of(const MatMulNBits& op) {
  if (op.bits != 2 && op.bits != 4 && op.bits != 8) fail(Code::kUnsupported, "weights of {} bits", op.bits);
  if (op.k < 1 || op.n < 0 || op.block < 8 || op.block > INT32_MAX || op.k > INT64_MAX - op.block) {
    fail(Code::kInvalidModel, "weights [{}, {}] in blocks of {}", op.n, op.k, op.block);
  }
  return (op.k + op.block - 1) / op.block;
}

// Integers packed in bytes, each row starting at a byte.
struct PackedRows {
  const uint8_t* bytes;
  int64_t row_bytes, bits;
  int64_t at(int64_t row, int64_t column) const {
    const uint8_t* begin = bytes + row * row_bytes;
    return bits == 8 ? begin[column] : read_packed(begin, static_cast<int>(bits), column);
  }
};

void check_count(const Tensor& tensor, int64_t wanted, const char* what) {
  if (tensor.count() != wanted)
    fail(Code::kInvalidArgument, "{} are {} instead of {}", what, tensor.type_text(), wanted);
}

// Row `n` of the weights.
class Weights {
 public:
  Weights(const MatMulNBits& op, const NBitsWeights& weights)
      : op_(op), blocks_(blocks_of(op)), scales_(*weights.scales) {
    const Tensor& packed = *weights.packed;
    const int64_t row_bytes = checked_mul(blocks_, op.block * op.bits / 8);
    if (packed.dtype() != DType::kU8) fail(Code::kInvalidArgument, "packed weights are {}", packed.type_text());
    check_count(packed, checked_mul(op.n, row_bytes), "packed weights");
    check_count(scales_, checked_mul(op.n, blocks_), "scales of weights");
    weights_ = {packed.data<uint8_t>(), row_bytes, op.bits};
    if (weights.zeros != nullptr) read_zeros(*weights.zeros);
    if (weights.groups == nullptr) return;
    groups_ = to_ints(*weights.groups);
    check_count(*weights.groups, op.k, "groups of columns");
    for (const int64_t group : groups_) {
      if (group < 0 || group >= blocks_) fail(Code::kInvalidArgument, "group {} of {}", group, blocks_);
    }
  }

  void row(int64_t n, std::vector<double>& values) const {
    values.resize(static_cast<size_t>(op_.k));
    for (int64_t k = 0; k < op_.k; ++k) {
      const int64_t block = groups_.empty() ? k / op_.block : groups_[static_cast<size_t>(k)];
      const double centred = static_cast<double>(weights_.at(n, k)) - zero(n, block);
      values[static_cast<size_t>(k)] = centred * read_double(scales_, n * blocks_ + block);
    }
  }

 private:
  void read_zeros(const Tensor& zeros) {
    if (zeros.dtype() != DType::kU8) {
      zeros_ = zeros;
      return check_count(zeros, op_.n * blocks_, "zero points of weights");
    }
    const int64_t row_bytes = (blocks_ * op_.bits + 7) / 8;
    check_count(zeros, checked_mul(op_.n, row_bytes), "zero points of weights");
    packed_zeros_ = {zeros.data<uint8_t>(), row_bytes, op_.bits};
  }
  double zero(int64_t n, int64_t block) const {
    if (zeros_.defined()) return read_double(zeros_, n * blocks_ + block);
    if (packed_zeros_.bytes != nullptr) return static_cast<double>(packed_zeros_.at(n, block));
    return static_cast<double>(int64_t{1} << (op_.bits - 1));
  }
  const MatMulNBits& op_;
  int64_t blocks_;
  const Tensor& scales_;
  PackedRows weights_{}, packed_zeros_{};
  Tensor zeros_;
  std::vector<int64_t> groups_;
};

}  // namespace

Tensor wide_weights(const MatMulNBits& op, const NBitsWeights& weights) {
  const Weights rows(op, weights);
  Tensor w(DType::kF32, {op.n, op.k});
  std::vector<double> values;
  for (int64_t n = 0; n < op.n; ++n) {
    rows.row(n, values);
    std::copy(values.begin(), values.end(), w.mutable_data<float>() + n * op.k);
  }
  return w;
}

static void infer(const MatMulNBits& op, InferContext& context) {
  const int64_t blocks = blocks_of(op);
  const Fact& a = context.input(kA);
  context.require(is_float(a.dtype()), "matmul_nbits of {}", dtype_name(a.dtype()));
  context.require(context.dtype(kWeights) == DType::kU8, "packed weights of {}", dtype_name(context.dtype(kWeights)));
  context.require(is_float(context.dtype(kScales)), "scales of {}", dtype_name(context.dtype(kScales)));
  if (const auto& shape = context.shape(kScales)) {
    unify(product(*shape), checked_mul(op.n, blocks), "scales and blocks of weights");
  }
  if (!a.has_rank()) return context.set_output(0, a.dtype(), std::nullopt);
  context.require(a.rank() >= 1, "matmul_nbits of {}", a.text());
  unify(a.shape->back(), op.k, "inner sizes of matmul_nbits");
  DimShape shape = *a.shape;
  shape.back() = op.n;
  context.set_output(0, a.dtype(), std::move(shape));
}

static void eval(const MatMulNBits& op, EvalContext& context) {
  const Tensor& a = context.tensor(kA);
  if (a.rank() < 1 || a.dim(-1) != op.k) fail(Code::kInvalidArgument, "{} times [{}, {}]", a.type_text(), op.k, op.n);
  const auto optional = [&](size_t i) { return context.has(i) ? &context.tensor(i) : nullptr; };
  const Weights weights(op, {&context.tensor(kWeights), &context.tensor(kScales), optional(kZeros), optional(kGroups)});
  Shape shape = a.shape();
  shape.back() = op.n;
  if (context.has(kBias)) check_count(context.tensor(kBias), op.n, "biases");
  const std::vector<double> x = to_doubles(a);
  Tensor& y = context.output(0, a.dtype(), shape);
  const int64_t rows = op.n == 0 ? 0 : y.count() / op.n;
  std::vector<double> w;
  for (int64_t n = 0; n < op.n; ++n) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    weights.row(n, w);
    const double bias = context.has(kBias) ? read_double(context.tensor(kBias), n) : 0;
    for (int64_t m = 0; m < rows; ++m) {
      const double* row = x.data() + m * op.k;
      double sum = 0;
      for (int64_t k = 0; k < op.k; ++k) sum += row[k] * w[static_cast<size_t>(k)];
      write_double(y, m * op.n + n, sum + bias);
    }
  }
}

const OpDef MatMulNBits::def = define_op<MatMulNBits, infer, eval>(
    {"matmul_nbits", "A W^T + bias with block-quantised W", 3, 6, 1, kNoTraits, {2, 1}});

}  // namespace ingot
