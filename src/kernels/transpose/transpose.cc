#include "kernels/transpose/transpose.h"

#include "kernels/families.h"
#include "ops/transpose.h"

namespace ingot::kernels {
namespace {

class TransposeKernel : public BoundKernel {
 public:
  explicit TransposeKernel(const StridedCopy& copy) : copy_(copy) {}
  void run(const RunArgs& args) const noexcept override { copy_.run(args.parallel, args.inputs[0], args.outputs[0]); }

 private:
  StridedCopy copy_;
};

const OpDef* const kOps[] = {&Transpose::def};

const char* refuse(const Problem& problem) {
  const DType dtype = problem.inputs[0].dtype;
  if (dtype == DType::kString || dtype_bits(dtype) < 8) return "elements of no whole number of bytes";
  return problem.inputs[0].shape.size() > 16 ? "too many axes" : nullptr;
}

template <int64_t ns_per_kilobyte> double cost(const Problem& problem, const Target& target) {
  double elements = 1;
  for (const int64_t size : problem.inputs[0].shape) elements *= size < 0 ? 64 : static_cast<double>(size);
  const double bytes = elements * dtype_bits(problem.inputs[0].dtype) / 8;
  const double threads = bytes > (64 << 10) ? target.threads : 1;
  return 100 + bytes * ns_per_kilobyte / 1024 / threads;
}

template <TransposeBlock block> std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target&) {
  const Shape& from = problem.inputs[0].shape;
  const Shape& to = problem.outputs[0].shape;
  const std::vector<int64_t>& permutation = problem.op.as<Transpose>()->permutation;
  if (permutation.size() != from.size() || to.size() != from.size()) {
    fail(Code::kInvalidArgument, "a transposition of {} axes of {}", permutation.size(), shape_text(from));
  }
  const Shape from_strides = row_major_strides(from), to_strides = row_major_strides(to);
  std::vector<CopyAxis> axes;
  for (size_t i = 0; i < to.size(); ++i) {
    const auto axis = static_cast<size_t>(normalize_axis(permutation[i], static_cast<int64_t>(from.size())));
    if (from[axis] != to[i]) fail(Code::kInvalidArgument, "{} transposed is not {}", shape_text(from), shape_text(to));
    axes.push_back({to[i], from_strides[axis], to_strides[i]});
  }
  return std::make_unique<TransposeKernel>(StridedCopy(axes, dtype_bits(problem.inputs[0].dtype) / 8, block));
}

std::string text(const Problem& problem) {
  return fmt::format("transpose {}{} {}", dtype_name(problem.inputs[0].dtype), shape_text(problem.inputs[0].shape),
                     shape_text(problem.op.as<Transpose>()->permutation));
}

constexpr Row kRows[] = {
    {"avx2_transpose_bytes_8x8", IsaLevel::kAvx2, refuse, cost<100>, bind<avx2::transpose_block>},
    {"reference_transpose_bytes", IsaLevel::kReference, refuse, cost<400>, bind<transpose_block>},
};

}  // namespace

const Family kTransposeFamily = {"transpose", "axes permuted, block by block", kOps, kRows, text};

}  // namespace ingot::kernels
