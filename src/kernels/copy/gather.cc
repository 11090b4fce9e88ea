#include <algorithm>
#include <cstring>

#include "kernels/copy/copy.h"
#include "ops/gather.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTaskBytes = 64 << 10;

class GatherKernel : public BoundKernel {
 public:
  GatherKernel(int64_t outer, int64_t size, int64_t piece, int64_t count, bool wide)
      : size_(size), piece_(piece), count_(count), rows_(outer * count), wide_(wide) {
    rows_per_task_ = std::max<int64_t>(1, kTaskBytes / std::max<int64_t>(piece_, 16));
  }

  void run(const RunArgs& args) const noexcept override {
    const auto* from = static_cast<const std::byte*>(args.inputs[0]);
    auto* to = static_cast<std::byte*>(args.outputs[0]);
    args.parallel.run((rows_ + rows_per_task_ - 1) / rows_per_task_, [&](int64_t task) {
      const int64_t begin = task * rows_per_task_, end = std::min(rows_, begin + rows_per_task_);
      const bool inside = wide_ ? copy<int64_t>(args.inputs[1], from, to, begin, end)
                                : copy<int32_t>(args.inputs[1], from, to, begin, end);
      if (!inside && args.error != nullptr) args.error->store("an index to gather is outside its axis");
    });
  }

 private:
  template <class Index>
  bool copy(const void* indices, const std::byte* from, std::byte* to, int64_t begin, int64_t end) const {
    switch (piece_) {
      case 1: return copy_pieces<Index, 1>(indices, from, to, begin, end);
      case 2: return copy_pieces<Index, 2>(indices, from, to, begin, end);
      case 4: return copy_pieces<Index, 4>(indices, from, to, begin, end);
      case 8: return copy_pieces<Index, 8>(indices, from, to, begin, end);
      default: return copy_pieces<Index, 0>(indices, from, to, begin, end);
    }
  }
  // kPiece: bytes of a piece when they are known, else 0.
  template <class Index, int64_t kPiece>
  bool copy_pieces(const void* indices, const std::byte* from, std::byte* to, int64_t begin, int64_t end) const {
    const int64_t piece = kPiece > 0 ? kPiece : piece_;
    int64_t outer = begin / count_, i = begin % count_;
    bool inside = true;
    for (int64_t row = begin; row < end; ++row) {
      int64_t index = static_cast<const Index*>(indices)[i];
      if (index < 0) index += size_;
      if (index < 0 || index >= size_) {
        inside = false;
        std::memset(to + row * piece, 0, piece);
      } else {
        std::memcpy(to + row * piece, from + (outer * size_ + index) * piece, piece);
      }
      if (++i == count_) i = 0, ++outer;
    }
    return inside;
  }

  int64_t size_, piece_, count_, rows_, rows_per_task_;
  bool wide_;
};

}  // namespace

std::unique_ptr<BoundKernel> bind_gather(const Problem& problem) {
  const Shape& from = problem.inputs[0].shape;
  const auto axis =
      static_cast<size_t>(normalize_axis(problem.op.as<Gather>()->axis, static_cast<int64_t>(from.size())));
  const std::span<const int64_t> sizes(from);
  const int64_t inner = element_count(sizes.subspan(axis + 1));
  const bool nothing = element_count(problem.outputs[0].shape) == 0;
  return std::make_unique<GatherKernel>(nothing ? 0 : element_count(sizes.first(axis)), from[axis],
                                        inner * element_bytes(problem.inputs[0]),
                                        element_count(problem.inputs[1].shape), problem.inputs[1].dtype == DType::kI64);
}

}  // namespace ingot::kernels
