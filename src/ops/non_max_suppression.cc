#include "ops/non_max_suppression.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const NonMaxSuppression&, InferContext& context) {
  for (size_t i = 0; i < 2; ++i) {
    const Fact& fact = context.input(i);
    context.require(fact.dtype() == DType::kF32 || fact.dtype() == DType::kF16, "boxes or scores of type {}",
                    dtype_name(fact.dtype()));
    context.require(!fact.has_rank() || fact.rank() == 3, "boxes or scores are {}", fact.text());
  }
  context.set_output(0, DType::kI64, DimShape{context.fresh_dim(), 3});
}

namespace {

struct Box {
  float low_x, low_y, high_x, high_y;
};

Box box_at(const Tensor& boxes, int64_t index, bool center) {
  std::array<float, 4> v;
  for (size_t i = 0; i < 4; ++i) v[i] = static_cast<float>(read_double(boxes, index * 4 + static_cast<int64_t>(i)));
  if (center) return {v[0] - v[2] / 2, v[1] - v[3] / 2, v[0] + v[2] / 2, v[1] + v[3] / 2};
  return {std::min(v[1], v[3]), std::min(v[0], v[2]), std::max(v[1], v[3]), std::max(v[0], v[2])};
}

bool overlap_exceeds(const Box& a, const Box& b, float threshold) {
  const float width = std::min(a.high_x, b.high_x) - std::max(a.low_x, b.low_x);
  const float height = std::min(a.high_y, b.high_y) - std::max(a.low_y, b.low_y);
  if (!(width > 0 && height > 0)) return false;
  const float common = width * height;
  const float area_a = (a.high_x - a.low_x) * (a.high_y - a.low_y);
  const float area_b = (b.high_x - b.low_x) * (b.high_y - b.low_y);
  return common / (area_a + area_b - common) > threshold;
}

// Boxes kept, coordinate by coordinate: compilers turn the search for what may overlap into vectors.
class KeptBoxes {
 public:
  void add(const Box& box) {
    low_x_.push_back(box.low_x);
    low_y_.push_back(box.low_y);
    high_x_.push_back(box.high_x);
    high_y_.push_back(box.high_y);
  }
  // Whether some box overlaps `candidate` by more than `threshold`.
  bool cover(const Box& candidate, float threshold) const {
    for (size_t begin = 0; begin < low_x_.size(); begin += kBlock) {
      const size_t end = std::min(low_x_.size(), begin + kBlock);
      if (!may_overlap(candidate, begin, end)) continue;
      for (size_t i = begin; i < end; ++i) {
        if (overlap_exceeds(candidate, {low_x_[i], low_y_[i], high_x_[i], high_y_[i]}, threshold)) return true;
      }
    }
    return false;
  }

 private:
  static constexpr size_t kBlock = 64;

  bool may_overlap(const Box& candidate, size_t begin, size_t end) const {
    const float *low_x = low_x_.data(), *low_y = low_y_.data(), *high_x = high_x_.data(), *high_y = high_y_.data();
    int found = 0;
    for (size_t i = begin; i < end; ++i) {
      // Not "greater": NaN must reach the exact test.
      found |= static_cast<int>(!(high_x[i] <= candidate.low_x)) & static_cast<int>(!(low_x[i] >= candidate.high_x)) &
               static_cast<int>(!(high_y[i] <= candidate.low_y)) & static_cast<int>(!(low_y[i] >= candidate.high_y));
    }
    return found != 0;
  }

  std::vector<float> low_x_, low_y_, high_x_, high_y_;
};

// The boxes kept so far, by the columns of the plane that they reach into: only boxes that share a column overlap.
class KeptColumns {
 public:
  // `all`: every box that may be asked about. Columns are about as wide as they are.
  explicit KeptColumns(const std::vector<Box>& all) {
    double low = INFINITY, high = -INFINITY, widths = 0;
    for (const Box& box : all) {
      low = std::min(low, static_cast<double>(box.low_x));
      high = std::max(high, static_cast<double>(box.high_x));
      widths += static_cast<double>(box.high_x) - static_cast<double>(box.low_x);
    }
    const double columns = (high - low) / (widths / static_cast<double>(all.size()));
    if (std::isfinite(columns) && columns > 1) {  // else, or with coordinates that are no numbers: one column
      columns_.resize(static_cast<size_t>(std::min(columns, kMostColumns)));
      first_ = low;
      per_unit_ = static_cast<double>(columns_.size()) / (high - low);
    }
  }
  void add(const Box& box) {
    for (size_t i = column(box.low_x), last = column(box.high_x); i <= last; ++i) columns_[i].add(box);
  }
  bool cover(const Box& candidate, float threshold) const {
    for (size_t i = column(candidate.low_x), last = column(candidate.high_x); i <= last; ++i) {
      if (columns_[i].cover(candidate, threshold)) return true;
    }
    return false;
  }

 private:
  static constexpr double kMostColumns = 256;

  size_t column(float x) const {
    if (columns_.size() == 1) return 0;
    const double at = (static_cast<double>(x) - first_) * per_unit_;
    return static_cast<size_t>(std::clamp(at, 0.0, static_cast<double>(columns_.size() - 1)));
  }

  std::vector<KeptBoxes> columns_ = std::vector<KeptBoxes>(1);
  double first_ = 0, per_unit_ = 0;
};

double one_number(const EvalContext& context, size_t index, double fallback) {
  if (!context.has(index)) return fallback;
  const Tensor& tensor = context.tensor(index);
  if (tensor.count() != 1) fail(Code::kInvalidArgument, "input {} of nms is {}", index, tensor.type_text());
  return read_double(tensor, 0);
}

}  // namespace

static void eval(const NonMaxSuppression& nms, EvalContext& context) {
  const Tensor &boxes = context.tensor(0), &scores = context.tensor(1);
  if (boxes.rank() != 3 || scores.rank() != 3 || boxes.dim(2) != 4 || boxes.dim(0) != scores.dim(0) ||
      boxes.dim(1) != scores.dim(2)) {
    fail(Code::kInvalidArgument, "boxes {} and scores {} do not fit", boxes.type_text(), scores.type_text());
  }
  const double limit = one_number(context, 2, 0), threshold = one_number(context, 4, -INFINITY);
  const auto overlap = static_cast<float>(one_number(context, 3, 0));
  const int64_t count = boxes.dim(1), classes = scores.dim(1);
  std::vector<int64_t> result;
  for (int64_t line = 0; line < boxes.dim(0) * classes; ++line) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    const int64_t batch = line / classes;
    std::vector<double> score;
    std::vector<int64_t> order;
    for (int64_t box = 0; box < count; ++box) {
      score.push_back(read_double(scores, line * count + box));
      if (!context.has(4) || score.back() > threshold) order.push_back(box);
      if (std::isnan(score.back())) score.back() = -INFINITY;  // sorts last, so that the order stays strict
    }
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return score[static_cast<size_t>(a)] > score[static_cast<size_t>(b)];
    });
    std::vector<Box> candidates;
    for (const int64_t box : order) candidates.push_back(box_at(boxes, batch * count + box, nms.center_point_box));
    KeptColumns kept(candidates);
    int64_t taken = 0;
    for (size_t i = 0; i < order.size() && static_cast<double>(taken) < limit; ++i) {
      if (kept.cover(candidates[i], overlap)) continue;
      kept.add(candidates[i]);
      ++taken;
      result.insert(result.end(), {batch, line % classes, order[i]});
    }
  }
  write_ints(context.output(0, DType::kI64, {static_cast<int64_t>(result.size() / 3), 3}), result);
}

const OpDef NonMaxSuppression::def = define_op<NonMaxSuppression, infer, eval>(
    {"non_max_suppression", "(batch, class, box) of the best boxes that overlap no better one too much", 2, 5, 1});

}  // namespace ingot
