#include "kernels/copy/strided_copy.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "kernels/copy/copy_rows.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kColumnsPerBlock = 32;
constexpr int64_t kTaskBytes = 64 << 10;

struct Bytes16 {
  uint64_t low, high;
};

// Calls body with an object of an integer-like type of `bytes`.
template <class Body> void with_element(int64_t bytes, Body&& body) {
  switch (bytes) {
    case 1: return body(uint8_t{});
    case 2: return body(uint16_t{});
    case 4: return body(uint32_t{});
    case 8: return body(uint64_t{});
    default: return body(Bytes16{});
  }
}

// Elements need not be aligned.
template <int64_t size> void move_element(const std::byte* from, std::byte* to) { std::memcpy(to, from, size); }

void repeat(const std::byte* from, std::byte* to, int64_t count, int64_t bytes) {
  with_element(bytes, [&](auto value) {
    std::memcpy(&value, from, sizeof(value));
    for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * sizeof(value), &value, sizeof(value));
  });
}

void copy_strided(const std::byte* from, std::byte* to, const CopyAxis& axis, int64_t bytes) {
  with_element(bytes, [&](auto element) {
    constexpr int64_t kSize = sizeof(element);
    for (int64_t i = 0; i < axis.size; ++i) move_element<kSize>(from + i * axis.from * kSize, to + i * axis.to * kSize);
  });
}

}  // namespace

void transpose_block(const std::byte* from, int64_t from_stride, std::byte* to, int64_t to_stride, int64_t rows,
                     int64_t columns, int64_t bytes) {
  with_element(bytes, [&](auto element) {
    constexpr int64_t kSize = sizeof(element);
    for (int64_t x = 0; x < columns; ++x) {
      for (int64_t y = 0; y < rows; ++y) {
        move_element<kSize>(from + (y * from_stride + x) * kSize, to + (x * to_stride + y) * kSize);
      }
    }
  });
}

StridedCopy::StridedCopy(std::span<const CopyAxis> axes, int64_t bytes, TransposeBlock block)
    : bytes_(bytes), block_(block) {
  INGOT_ASSERT(axes.size() <= kMaxCopyAxes, "the rank was checked");
  for (const CopyAxis& axis : axes) {
    if (axis.size == 0) return;  // no units
  }
  collapse(axes);
  choose_inner();
  if (kind_ == Inner::kRun && outer_count_ == 0) {
    piece_ = kTaskBytes / bytes_;
    units_ = (inner_.size + piece_ - 1) / piece_;
    return;
  }
  units_ = 1;
  for (size_t i = 0; i < outer_count_; ++i) units_ *= outer_[i].size;
  const int64_t columns = kind_ == Inner::kTranspose ? std::min(columns_.size, kColumnsPerBlock) : 1;
  units_per_task_ = std::max<int64_t>(1, kTaskBytes / (inner_.size * bytes_ * columns));
}

void StridedCopy::collapse(std::span<const CopyAxis> axes) {
  for (const CopyAxis& axis : axes) {
    if (axis.size == 1) continue;
    CopyAxis* last = outer_count_ > 0 ? &outer_[outer_count_ - 1] : nullptr;
    if (last != nullptr && last->from == axis.from * axis.size && last->to == axis.to * axis.size) {
      *last = {last->size * axis.size, axis.from, axis.to};
    } else {
      outer_[outer_count_++] = axis;
    }
  }
  // A short contiguous run is one wide element.
  while (outer_count_ > 1) {
    const CopyAxis last = outer_[outer_count_ - 1];
    const int64_t run = last.size, wide = run * bytes_;
    bool fits = last.from == 1 && last.to == 1 && (wide == 2 || wide == 4 || wide == 8 || wide == 16) &&
                outer_[outer_count_ - 2].to == run;
    for (size_t i = 0; i + 1 < outer_count_; ++i) fits = fits && outer_[i].from % run == 0 && outer_[i].to % run == 0;
    if (!fits) break;
    bytes_ = wide;
    --outer_count_;
    for (size_t i = 0; i < outer_count_; ++i) outer_[i].from /= run, outer_[i].to /= run;
  }
}

void StridedCopy::choose_inner() {
  inner_ = outer_count_ > 0 ? outer_[--outer_count_] : CopyAxis{1, 1, 1};
  kind_ = inner_.from == 1 ? Inner::kRun : inner_.from == 0 ? Inner::kRepeat : Inner::kStrided;
  if (inner_.to != 1) kind_ = Inner::kStrided;
  if (kind_ != Inner::kStrided || inner_.to != 1) return;
  for (size_t i = 0; i < outer_count_; ++i) {
    if (outer_[i].from != 1) continue;
    kind_ = Inner::kTranspose;
    columns_ = outer_[i];
    std::copy(outer_.begin() + i + 1, outer_.begin() + outer_count_, outer_.begin() + i);
    const int64_t blocks = (columns_.size + kColumnsPerBlock - 1) / kColumnsPerBlock;
    outer_[outer_count_ - 1] = {blocks, kColumnsPerBlock, kColumnsPerBlock * columns_.to};
    return;
  }
}

void StridedCopy::run_unit(const std::byte* from, std::byte* to, int64_t columns) const noexcept {
  switch (kind_) {
    case Inner::kRun: break;  // by rows, see run_task
    case Inner::kRepeat: repeat(from, to, inner_.size, bytes_); break;
    case Inner::kStrided: copy_strided(from, to, inner_, bytes_); break;
    case Inner::kTranspose: block_(from, inner_.from, to, columns_.to, inner_.size, columns, bytes_); break;
  }
}

void StridedCopy::run_task(int64_t task, const std::byte* from, std::byte* to) const noexcept {
  if (piece_ > 0) {
    const int64_t first = task * piece_, count = std::min(piece_, inner_.size - first);
    std::memcpy(to + first * bytes_, from + first * bytes_, count * bytes_);
    return;
  }
  const int64_t begin = task * units_per_task_, end = std::min(units_, begin + units_per_task_);
  std::array<int64_t, kMaxCopyAxes> index;
  int64_t source = 0, target = 0, rest = begin;
  for (size_t axis = outer_count_; axis-- > 0;) {
    index[axis] = rest % outer_[axis].size;
    rest /= outer_[axis].size;
    source += index[axis] * outer_[axis].from;
    target += index[axis] * outer_[axis].to;
  }
  const size_t last = outer_count_ - 1;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t columns =
        kind_ == Inner::kTranspose ? std::min(kColumnsPerBlock, columns_.size - index[last] * kColumnsPerBlock) : 0;
    if (kind_ == Inner::kRun) {
      const CopyAxis& rows = outer_[last];
      const int64_t count = std::min(end - unit, rows.size - index[last]), more = count - 1;
      copy_rows(from + source * bytes_, rows.from * bytes_, count, inner_.size * bytes_, to + target * bytes_,
                rows.to * bytes_);
      unit += more, index[last] += more, source += more * rows.from, target += more * rows.to;
    } else {
      run_unit(from + source * bytes_, to + target * bytes_, columns);
    }
    for (size_t axis = outer_count_; axis-- > 0;) {
      source += outer_[axis].from;
      target += outer_[axis].to;
      if (++index[axis] < outer_[axis].size) break;
      source -= outer_[axis].from * outer_[axis].size;
      target -= outer_[axis].to * outer_[axis].size;
      index[axis] = 0;
    }
  }
}

void StridedCopy::run(const Parallel& parallel, const void* from, void* to) const noexcept {
  parallel.run(tasks(),
               [&](int64_t task) { run_task(task, static_cast<const std::byte*>(from), static_cast<std::byte*>(to)); });
}

}  // namespace ingot::kernels
