// Segments over the vector vocabulary (kernels/isa/vec_*.h), written once. Included inside a target region.
#define INGOT_UNROLL _Pragma("GCC unroll 16")

template <bool whole> inline __attribute__((always_inline)) F load_channels(const float* from, int64_t rest) {
  if constexpr (whole) {
    return load(from);
  } else {
    return load_part(from, rest);
  }
}

// Adds bias and addend, clamps and stores the sums of one vector of channels at `at`.
template <int kPixels, bool whole>
inline __attribute__((always_inline)) void finish_vector(const SegmentArgs& args, F (&sums)[kPixels], int64_t at,
                                                         int64_t rest) {
  const gemm::TileFinish& finish = args.finish;
  if (finish.bias != nullptr) {
    INGOT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      sums[p] = sums[p] + load_channels<whole>(finish.bias + p * finish.bias_stride + at, rest);
    }
  }
  if (finish.addend != nullptr) {
    INGOT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      sums[p] = sums[p] + load_channels<whole>(finish.addend + p * finish.addend_stride + at, rest);
    }
  }
  const F low = set1(finish.low), high = set1(finish.high);
  INGOT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const F y = min2(high, max2(low, sums[p]));
    float* to = args.y + p * args.y_stride + at;
    if constexpr (whole) {
      store(to, y);
    } else {
      store_part(to, y, rest);
    }
  }
}

template <int kPixels, int kWidth, int kStride, bool whole>
inline __attribute__((always_inline)) void slide(const SegmentArgs& args, const float* weights, int64_t at,
                                                 int64_t rest) {
  constexpr int kColumns = (kPixels - 1) * kStride + kWidth;
  F sums[kPixels];
  INGOT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p] = set1(0);
  const float* const* pixels = args.pixels;
  for (int64_t line = 0; line < args.lines; ++line, pixels += kColumns, weights += kWidth * kLanes) {
    F w[kWidth];
    INGOT_UNROLL
    for (int k = 0; k < kWidth; ++k) w[k] = load(weights + k * kLanes);
    _Pragma("GCC unroll 32") for (int column = 0; column < kColumns; ++column) {
      const F x = load_channels<whole>(pixels[column] + args.first + at, rest);
      INGOT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const int k = column - p * kStride;
        if (k >= 0 && k < kWidth) sums[p] = fma(x, w[k], sums[p]);
      }
    }
  }
  finish_vector<kPixels, whole>(args, sums, at, rest);
}

template <int kPixels, bool whole>
inline __attribute__((always_inline)) void gather(const SegmentArgs& args, const float* weights, int64_t at,
                                                  int64_t rest) {
  F sums[kPixels];
  INGOT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p] = set1(0);
  const float* const* pixels = args.pixels;
  for (int64_t position = 0; position < args.lines; ++position, pixels += kPixels, weights += kLanes) {
    const F w = load(weights);
    INGOT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      sums[p] = fma(load_channels<whole>(pixels[p] + args.first + at, rest), w, sums[p]);
    }
  }
  finish_vector<kPixels, whole>(args, sums, at, rest);
}

template <int kPixels, int kWidth, int kStride> void sliding_segment(const SegmentArgs& args) noexcept {
  const float* weights = args.weights;
  const int64_t step = args.lines * kWidth * kLanes;
  int64_t at = 0;
  for (; at + kLanes <= args.channels; at += kLanes, weights += step) {
    slide<kPixels, kWidth, kStride, true>(args, weights, at, 0);
  }
  if (at < args.channels) slide<kPixels, kWidth, kStride, false>(args, weights, at, args.channels - at);
}

template <int kPixels> void gathering_segment(const SegmentArgs& args) noexcept {
  const float* weights = args.weights;
  const int64_t step = args.lines * kLanes;
  int64_t at = 0;
  for (; at + kLanes <= args.channels; at += kLanes, weights += step) gather<kPixels, true>(args, weights, at, 0);
  if (at < args.channels) gather<kPixels, false>(args, weights, at, args.channels - at);
}

template <int kWidth, int kStride> constexpr void set_sliding(SegmentFn (&of)[kSizeCount]) {
  of[0] = sliding_segment<kSizes[0], kWidth, kStride>;
  of[1] = sliding_segment<kSizes[1], kWidth, kStride>;
  of[2] = sliding_segment<kSizes[2], kWidth, kStride>;
  of[3] = sliding_segment<kSizes[3], kWidth, kStride>;
}

constexpr SegmentSet make_segments(const char* packing, double gflops, gemm::TransposeFn transpose) {
  SegmentSet set = {static_cast<int>(kLanes), packing, gflops, transpose, {}, {}};
  set_sliding<kWidths[0], 1>(set.sliding[0][0]);
  set_sliding<kWidths[0], 2>(set.sliding[0][1]);
  set_sliding<kWidths[1], 1>(set.sliding[1][0]);
  set_sliding<kWidths[1], 2>(set.sliding[1][1]);
  set_sliding<kWidths[2], 1>(set.sliding[2][0]);
  set_sliding<kWidths[2], 2>(set.sliding[2][1]);
  set.gathering[0] = gathering_segment<kSizes[0]>;
  set.gathering[1] = gathering_segment<kSizes[1]>;
  set.gathering[2] = gathering_segment<kSizes[2]>;
  set.gathering[3] = gathering_segment<kSizes[3]>;
  return set;
}

#undef INGOT_UNROLL
