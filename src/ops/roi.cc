#include "ops/roi.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/window.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int64_t kMaxSamples = int64_t{1} << 20;  // per bin: more come only from hostile regions

struct Image {
  int64_t n, c, h, w;
};

Image image_of(const Tensor& x, const char* what) {
  if (x.rank() != 4) fail(Code::kInvalidArgument, "{} takes images [n,c,h,w], got {}", what, x.type_text());
  return {x.dim(0), x.dim(1), x.dim(2), x.dim(3)};
}

void infer_regions(InferContext& context, int64_t columns, int64_t height, int64_t width, const char* what) {
  const Fact &x = context.input(0), &rois = context.input(1);
  context.require(is_float(x.dtype()), "{} takes floating-point elements, got {}", what, dtype_name(x.dtype()));
  context.require(!x.has_rank() || x.rank() == 4, "{} takes images [n,c,h,w], got {}", what, x.text());
  context.require(!rois.has_rank() || rois.rank() == 2, "{} takes regions [r,{}], got {}", what, columns, rois.text());
  context.require(height >= 1 && width >= 1, "{} into {} by {} bins", what, height, width);
  if (rois.has_rank()) unify((*rois.shape)[1], columns, "numbers of a region");
  context.set_output(0, x.dtype(),
                     DimShape{rois.has_rank() ? (*rois.shape)[0] : context.fresh_dim(),
                              x.has_rank() ? (*x.shape)[1] : context.fresh_dim(), height, width});
}

int64_t checked_image(double index, int64_t count) {
  if (!(index >= 0 && index < static_cast<double>(count))) {
    fail(Code::kInvalidArgument, "a region names image {} of {}", index, count);
  }
  return static_cast<int64_t>(index);
}

// Elements [first, last) of bin `b` of `bins` over [start, start + length), clipped to [0, size).
void bin_range(int64_t b, int64_t bins, double start, double length, int64_t size, int64_t& first, int64_t& last) {
  const double bin = length / static_cast<double>(bins);
  const auto clip = [&](double x) {
    return !(x > 0) ? 0 : x >= static_cast<double>(size) ? size : static_cast<int64_t>(x);
  };
  first = clip(std::floor(static_cast<double>(b) * bin) + start);
  last = clip(std::ceil(static_cast<double>(b + 1) * bin) + start);
}

// Sample positions along one axis of all bins: [bins][samples].
struct AxisSamples {
  int64_t count = 0;  // per bin
  std::vector<double> positions;
};

AxisSamples samples_of(double start, double end, int64_t bins, int64_t ratio, bool half_pixel) {
  const double length = half_pixel ? end - start : std::max(end - start, 1.0);
  const double bin = length / static_cast<double>(bins);
  AxisSamples samples;
  const double count = ratio > 0 ? static_cast<double>(ratio) : std::ceil(bin);
  if (!(count <= static_cast<double>(kMaxSamples))) fail(Code::kInvalidArgument, "a region of length {}", length);
  samples.count = std::max<int64_t>(0, static_cast<int64_t>(count));
  for (int64_t b = 0; b < bins; ++b) {
    for (int64_t i = 0; i < samples.count; ++i) {
      samples.positions.push_back(start + static_cast<double>(b) * bin +
                                  (static_cast<double>(i) + 0.5) * bin / static_cast<double>(samples.count));
    }
  }
  return samples;
}

// The two neighbours of a position and the weight of the second; false when it lies outside the image.
bool neighbours(double position, int64_t size, int64_t& low, int64_t& high, double& fraction) {
  if (!(position >= -1 && position <= static_cast<double>(size)) || size == 0) return false;
  position = std::max(position, 0.0);
  low = std::min(static_cast<int64_t>(position), size - 1);
  high = std::min(low + 1, size - 1);
  fraction = low == size - 1 ? 0 : position - static_cast<double>(low);
  return true;
}

// One bin of all channels; `pixels`: the image, [h*w][c].
void align_bin(const RoiAlign& align, const double* pixels, const Image& image, const AxisSamples& ys,
               const AxisSamples& xs, int64_t by, int64_t bx, std::vector<double>& result) {
  const bool average = align.fn == RoiAlignFn::kAverage;
  const int64_t count = ys.count * xs.count;
  std::fill(result.begin(), result.end(), average || count == 0 ? 0.0 : -INFINITY);
  const auto sample = [&](const double(&w)[4], const double* p0, const double* p1, const double* p2, const double* p3) {
    for (int64_t c = 0; c < image.c; ++c) {
      double& at = result[static_cast<size_t>(c)];
      const double v0 = w[0] * p0[c], v1 = w[1] * p1[c], v2 = w[2] * p2[c], v3 = w[3] * p3[c];
      at = average ? at + v0 + v1 + v2 + v3 : std::max(std::max(std::max(std::max(at, v0), v1), v2), v3);
    }
  };
  const auto pixel = [&](int64_t y, int64_t x) { return pixels + (y * image.w + x) * image.c; };
  for (int64_t i = by * ys.count; i < (by + 1) * ys.count; ++i) {
    for (int64_t j = bx * xs.count; j < (bx + 1) * xs.count; ++j) {
      int64_t y0, y1, x0, x1;
      double fy, fx;
      if (neighbours(ys.positions[static_cast<size_t>(i)], image.h, y0, y1, fy) &&
          neighbours(xs.positions[static_cast<size_t>(j)], image.w, x0, x1, fx)) {
        sample({(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx}, pixel(y0, x0), pixel(y0, x1),
               pixel(y1, x0), pixel(y1, x1));
      } else if (!average) {
        for (double& at : result) at = std::max(at, 0.0);
      }
    }
  }
  if (average && count > 0) {
    for (double& at : result) at /= static_cast<double>(count);
  }
}

}  // namespace

static void infer_max(const MaxRoiPool& pool, InferContext& context) {
  context.require(pool.pooled.size() == 2, "max_roi_pool into {} bins", shape_text(pool.pooled));
  infer_regions(context, 5, pool.pooled[0], pool.pooled[1], "max_roi_pool");
}

static void eval_max(const MaxRoiPool& pool, EvalContext& context) {
  const Tensor &x = context.tensor(0), &rois = context.tensor(1);
  const Image image = image_of(x, "max_roi_pool");
  if (rois.rank() != 2 || rois.dim(1) != 5 || pool.pooled.size() != 2) {
    fail(Code::kInvalidArgument, "max_roi_pool of regions {}", rois.type_text());
  }
  const auto data = to_doubles(x), regions = to_doubles(rois);
  const int64_t height = pool.pooled[0], width = pool.pooled[1];
  Tensor& result = context.output(0, x.dtype(), {rois.dim(0), image.c, height, width});
  for (int64_t o = 0; o < result.count(); ++o) {
    const int64_t bx = o % width, by = o / width % height, c = o / (width * height) % image.c;
    const double* region = regions.data() + o / (width * height * image.c) * 5;
    const int64_t n = checked_image(region[0], image.n);
    double corner[4];
    for (int i = 0; i < 4; ++i) corner[i] = std::round(region[i + 1] * pool.spatial_scale);
    int64_t y0, y1, x0, x1;
    bin_range(by, height, corner[1], std::max(corner[3] - corner[1] + 1, 1.0), image.h, y0, y1);
    bin_range(bx, width, corner[0], std::max(corner[2] - corner[0] + 1, 1.0), image.w, x0, x1);
    double best = y0 < y1 && x0 < x1 ? -INFINITY : 0;
    for (int64_t row = y0; row < y1; ++row) {
      for (int64_t column = x0; column < x1; ++column) {
        best = std::max(best, data[static_cast<size_t>(((n * image.c + c) * image.h + row) * image.w + column)]);
      }
    }
    write_double(result, o, best);
  }
}

static void infer_align(const RoiAlign& align, InferContext& context) {
  context.require(align.sampling_ratio >= 0 && align.sampling_ratio <= kMaxSamples, "sampling ratio {}",
                  align.sampling_ratio);
  const auto& images = context.shape(2);
  context.require(is_int(context.dtype(2)) && (!images || images->size() == 1), "roi_align with image indices {}",
                  context.input(2).text());
  infer_regions(context, 4, align.height, align.width, "roi_align");
}

static void eval_align(const RoiAlign& align, EvalContext& context) {
  const Tensor &x = context.tensor(0), &rois = context.tensor(1), &images = context.tensor(2);
  const Image image = image_of(x, "roi_align");
  if (rois.rank() != 2 || rois.dim(1) != 4 || images.shape() != Shape{rois.dim(0)}) {
    fail(Code::kInvalidArgument, "roi_align of regions {} of images {}", rois.type_text(), images.type_text());
  }
  const auto data = to_channels_last(to_doubles(x), x.shape()), regions = to_doubles(rois);
  const int64_t bins = align.height * align.width;
  Tensor& result = context.output(0, x.dtype(), {rois.dim(0), image.c, align.height, align.width});
  std::vector<double> y(static_cast<size_t>(result.count())), line(static_cast<size_t>(image.c));
  const double shift = align.half_pixel ? 0.5 : 0;
  for (int64_t r = 0; r < rois.dim(0); ++r) {
    const int64_t n = checked_image(read_double(images, r), image.n);
    double corner[4];
    for (int64_t i = 0; i < 4; ++i) corner[i] = regions[static_cast<size_t>(r * 4 + i)] * align.spatial_scale - shift;
    const AxisSamples ys = samples_of(corner[1], corner[3], align.height, align.sampling_ratio, align.half_pixel);
    const AxisSamples xs = samples_of(corner[0], corner[2], align.width, align.sampling_ratio, align.half_pixel);
    const double* pixels = data.data() + n * image.c * image.h * image.w;
    for (int64_t bin = 0; bin < bins; ++bin) {
      align_bin(align, pixels, image, ys, xs, bin / align.width, bin % align.width, line);
      for (int64_t c = 0; c < image.c; ++c) {
        y[static_cast<size_t>((r * image.c + c) * bins + bin)] = line[static_cast<size_t>(c)];
      }
    }
  }
  write_doubles(result, y);
}

const OpDef MaxRoiPool::def =
    define_op<MaxRoiPool, infer_max, eval_max>({"max_roi_pool", "largest element of each bin of each region", 2, 2, 1});
const OpDef RoiAlign::def = define_op<RoiAlign, infer_align, eval_align>(
    {"roi_align", "average (largest) of bilinear samples in each bin of each region", 3, 3, 1, kNoTraits, {8, 2}});

}  // namespace ingot
