#include "ops/concat.h"

#include <algorithm>
#include <numeric>

#include "kernels/copy/copy.h"
#include "kernels/copy/joined_rows.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskBytes = 16 << 10;  // about, of whole rows where they are shorter

class ConcatKernel : public BoundKernel {
 public:
  explicit ConcatKernel(JoinedRows rows) : rows_(std::move(rows)) {
    const int64_t whole = rows_.row_bytes() > 0 ? kTaskBytes / rows_.row_bytes() : 0;
    task_bytes_ = whole > 0 ? whole * rows_.row_bytes() : kTaskBytes;
  }

  void run(const RunArgs& args) const noexcept override {
    const int64_t tasks = (rows_.bytes() + task_bytes_ - 1) / task_bytes_;
    args.parallel.run(tasks, [&](int64_t task) {
      const int64_t begin = task * task_bytes_, end = std::min(rows_.bytes(), begin + task_bytes_);
      rows_.copy(begin, end, args.inputs, static_cast<std::byte*>(args.outputs[0]) + begin);
    });
  }

 private:
  JoinedRows rows_;
  int64_t task_bytes_;
};

}  // namespace

std::unique_ptr<BoundKernel> bind_concat(const Problem& problem) {
  std::vector<int64_t> inputs(problem.inputs.size());
  std::iota(inputs.begin(), inputs.end(), 0);
  return std::make_unique<ConcatKernel>(JoinedRows(problem, inputs, problem.op.as<Concat>()->axis, problem.outputs[0]));
}

}  // namespace ingot::kernels
