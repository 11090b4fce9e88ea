#include "ops/concat.h"
#include "kernels/copy/copy.h"

namespace ingot::kernels {
namespace {

class ConcatKernel : public BoundKernel {
 public:
  struct Part {
    size_t input;
    StridedCopy copy;
    int64_t offset;  // bytes in the output
    int64_t first_task;
  };
  ConcatKernel(std::vector<Part> parts, int64_t tasks) : parts_(std::move(parts)), tasks_(tasks) {}

  void run(const RunArgs& args) const noexcept override {
    args.parallel.run(tasks_, [&](int64_t task) {
      size_t p = 0;
      while (p + 1 < parts_.size() && parts_[p + 1].first_task <= task) ++p;
      const Part& part = parts_[p];
      part.copy.run_task(task - part.first_task, static_cast<const std::byte*>(args.inputs[part.input]),
                         static_cast<std::byte*>(args.outputs[0]) + part.offset);
    });
  }

 private:
  std::vector<Part> parts_;
  int64_t tasks_;
};

}  // namespace

std::unique_ptr<BoundKernel> bind_concat(const Problem& problem) {
  const Shape& to = problem.outputs[0].shape;
  const auto axis = static_cast<size_t>(normalize_axis(problem.op.as<Concat>()->axis, static_cast<int64_t>(to.size())));
  const int64_t bytes = element_bytes(problem.outputs[0]);
  const Shape to_strides = row_major_strides(to);
  std::vector<ConcatKernel::Part> parts;
  int64_t at = 0, tasks = 0;
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const Shape& from = problem.inputs[i].shape;
    Shape same = to;
    if (from.size() == to.size()) same[axis] = from[axis];
    if (from != same || problem.inputs[i].dtype != problem.outputs[0].dtype) {
      fail(Code::kInvalidArgument, "{} does not join into {}", shape_text(from), shape_text(to));
    }
    const Shape from_strides = row_major_strides(from);
    std::vector<CopyAxis> axes;
    for (size_t k = 0; k < to.size(); ++k) axes.push_back({from[k], from_strides[k], to_strides[k]});
    StridedCopy copy(axes, bytes);
    const int64_t own = copy.tasks();
    if (own > 0) parts.push_back({i, copy, at * to_strides[axis] * bytes, tasks});
    tasks += own;
    at += from[axis];
  }
  if (at != to[axis]) fail(Code::kInvalidArgument, "{} elements join into {}", at, shape_text(to));
  return std::make_unique<ConcatKernel>(std::move(parts), tasks);
}

}  // namespace ingot::kernels
