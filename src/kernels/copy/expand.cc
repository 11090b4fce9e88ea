// Expand, tile and reshape: the output's sizes say all.
#include "kernels/copy/copy.h"

namespace ingot::kernels {
namespace {

class CopyKernel : public BoundKernel {
 public:
  explicit CopyKernel(StridedCopy copy) : copy_(copy) {}
  void run(const RunArgs& args) const noexcept override {
    if (args.inputs[0] != args.outputs[0]) copy_.run(args.parallel, args.inputs[0], args.outputs[0]);
  }

 private:
  StridedCopy copy_;
};

[[noreturn]] void mismatch(const Shape& from, const Shape& to) {
  fail(Code::kInvalidArgument, "{} does not become {}", shape_text(from), shape_text(to));
}

}  // namespace

std::unique_ptr<BoundKernel> bind_expand(const Problem& problem) {
  const Shape& from = problem.inputs[0].shape;
  const Shape& to = problem.outputs[0].shape;
  if (from.size() > to.size()) mismatch(from, to);
  const Shape from_strides = row_major_strides(from), to_strides = row_major_strides(to);
  std::vector<CopyAxis> axes;
  for (size_t k = 0; k < to.size(); ++k) {
    axes.push_back({to[k], 0, to_strides[k]});
    const size_t missing = to.size() - from.size();
    if (k < missing || from[k - missing] == 1) continue;
    if (from[k - missing] != to[k]) mismatch(from, to);
    axes.back().from = from_strides[k - missing];
  }
  return std::make_unique<CopyKernel>(StridedCopy(axes, element_bytes(problem.inputs[0])));
}

std::unique_ptr<BoundKernel> bind_tile(const Problem& problem) {
  const Shape& from = problem.inputs[0].shape;
  const Shape& to = problem.outputs[0].shape;
  if (from.size() != to.size()) mismatch(from, to);
  const Shape from_strides = row_major_strides(from), to_strides = row_major_strides(to);
  std::vector<CopyAxis> axes;
  for (size_t k = 0; k < to.size(); ++k) {
    const int64_t repeats = from[k] == 0 ? 0 : to[k] / from[k];
    if (repeats * from[k] != to[k]) mismatch(from, to);
    axes.push_back({repeats, 0, from[k] * to_strides[k]});
    axes.push_back({from[k], from_strides[k], to_strides[k]});
  }
  return std::make_unique<CopyKernel>(StridedCopy(axes, element_bytes(problem.inputs[0])));
}

std::unique_ptr<BoundKernel> bind_reshape(const Problem& problem) {
  const int64_t count = element_count(problem.outputs[0].shape);
  if (element_count(problem.inputs[0].shape) != count) mismatch(problem.inputs[0].shape, problem.outputs[0].shape);
  const CopyAxis all[] = {{count, 1, 1}};
  return std::make_unique<CopyKernel>(StridedCopy(all, element_bytes(problem.inputs[0])));
}

}  // namespace ingot::kernels
