// Segments over the vector vocabulary (kernels/isa/vec_*.h and vec_storage.h), written once. Included inside a target
// region. T: the data's elements.
#define INGOT_UNROLL _Pragma("GCC unroll 16")

template <bool whole, class T> inline __attribute__((always_inline)) F load_channels(const T* from, int64_t rest) {
  if constexpr (whole) {
    return get(from);
  } else {
    return get_part(from, rest);
  }
}

template <bool whole, class T, int kPixels>
inline __attribute__((always_inline)) void store_pixels(T* to, int64_t stride, const F (&y)[kPixels], int64_t rest) {
  INGOT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    if constexpr (whole) {
      put(to + p * stride, y[p]);
    } else {
      put_part(to + p * stride, y[p], rest);
    }
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
  for (int p = 0; p < kPixels; ++p) sums[p] = min2(high, max2(low, sums[p]));
  if (args.narrow != nullptr) {
    store_pixels<whole>(reinterpret_cast<Brain*>(args.narrow) + at, args.y_stride, sums, rest);
  } else {
    store_pixels<whole>(args.y + at, args.y_stride, sums, rest);
  }
}

template <class T, int kPixels, int kWidth, int kStride, bool whole>
inline __attribute__((always_inline)) void slide(const SegmentArgs& args, const float* weights, int64_t at,
                                                 int64_t rest) {
  constexpr int kColumns = (kPixels - 1) * kStride + kWidth;
  F sums[kPixels];
  INGOT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p] = set1(0);
  const void* const* pixels = args.pixels;
  const int64_t from = args.first + args.moved + at;
  for (int64_t line = 0; line < args.lines; ++line, pixels += kColumns, weights += kWidth * kLanes) {
    F w[kWidth];
    INGOT_UNROLL
    for (int k = 0; k < kWidth; ++k) w[k] = load(weights + k * kLanes);
    _Pragma("GCC unroll 32") for (int column = 0; column < kColumns; ++column) {
      const F x = load_channels<whole>(static_cast<const T*>(pixels[column]) + from, rest);
      INGOT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const int k = column - p * kStride;
        if (k >= 0 && k < kWidth) sums[p] = fma(x, w[k], sums[p]);
      }
    }
  }
  finish_vector<kPixels, whole>(args, sums, at, rest);
}

// Sums over the channels of groups: lane i reads its group's channel i + r for every rotation r.
template <class T, int kPixels, int kStride, bool whole>
inline __attribute__((always_inline)) void rotate(const SegmentArgs& args, const float* weights, int64_t at,
                                                  int64_t rest) {
  constexpr int kWidth = kRotatingWidth, kColumns = (kPixels - 1) * kStride + kWidth;
  F sums[kPixels];
  INGOT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p] = set1(0);
  const void* const* pixels = args.pixels;
  const int64_t from = args.first + args.moved + at;
  for (int64_t line = 0; line < args.lines; ++line, pixels += kColumns) {
    for (int64_t r = 0; r < args.rotations; ++r, weights += kWidth * kLanes) {
      const I lanes = load_lanes(args.lanes + r * kLanes);
      F w[kWidth];
      INGOT_UNROLL
      for (int k = 0; k < kWidth; ++k) w[k] = load(weights + k * kLanes);
      _Pragma("GCC unroll 32") for (int column = 0; column < kColumns; ++column) {
        const F x = permute(load_channels<whole>(static_cast<const T*>(pixels[column]) + from, rest), lanes);
        INGOT_UNROLL
        for (int p = 0; p < kPixels; ++p) {
          const int k = column - p * kStride;
          if (k >= 0 && k < kWidth) sums[p] = fma(x, w[k], sums[p]);
        }
      }
    }
  }
  finish_vector<kPixels, whole>(args, sums, at, rest);
}

// Where the filters of a channel lie side by side (spreads), their lanes read the same element.
template <class T, int kPixels, bool spreads, bool whole>
inline __attribute__((always_inline)) void gather(const SegmentArgs& args, const float* weights, int64_t at,
                                                  int64_t rest) {
  F sums[kPixels];
  INGOT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p] = set1(0);
  const void* const* pixels = args.pixels;
  const int64_t filters = spreads ? args.spread : 1;
  const int64_t from = args.moved + (args.first + at) / filters, count = (whole ? kLanes : rest) / filters;
  const auto read = [&](const void* pixel) {
    const T* x = static_cast<const T*>(pixel) + from;
    if constexpr (spreads) {
      return permute(get_part(x, count), load_lanes(args.lanes));
    } else {
      return load_channels<whole>(x, rest);
    }
  };
  for (int64_t position = 0; position < args.lines; ++position, pixels += kPixels, weights += kLanes) {
    const F w = load(weights);
    INGOT_UNROLL
    for (int p = 0; p < kPixels; ++p) sums[p] = fma(read(pixels[p]), w, sums[p]);
  }
  finish_vector<kPixels, whole>(args, sums, at, rest);
}

template <class T, int kPixels, int kWidth, int kStride> void sliding_segment(const SegmentArgs& args) noexcept {
  const float* weights = args.weights;
  const int64_t step = args.lines * kWidth * kLanes;
  int64_t at = 0;
  for (; at + kLanes <= args.channels; at += kLanes, weights += step) {
    slide<T, kPixels, kWidth, kStride, true>(args, weights, at, 0);
  }
  if (at < args.channels) slide<T, kPixels, kWidth, kStride, false>(args, weights, at, args.channels - at);
}

template <class T, int kPixels, int kStride> void rotating_segment(const SegmentArgs& args) noexcept {
  const float* weights = args.weights;
  const int64_t step = args.lines * args.rotations * kRotatingWidth * kLanes;
  int64_t at = 0;
  for (; at + kLanes <= args.channels; at += kLanes, weights += step) {
    rotate<T, kPixels, kStride, true>(args, weights, at, 0);
  }
  if (at < args.channels) rotate<T, kPixels, kStride, false>(args, weights, at, args.channels - at);
}

template <class T, int kPixels, bool spreads> void gathering_segment(const SegmentArgs& args) noexcept {
  const float* weights = args.weights;
  const int64_t step = args.lines * kLanes;
  int64_t at = 0;
  for (; at + kLanes <= args.channels; at += kLanes, weights += step) {
    gather<T, kPixels, spreads, true>(args, weights, at, 0);
  }
  if (at < args.channels) gather<T, kPixels, spreads, false>(args, weights, at, args.channels - at);
}

template <class T, int kWidth, int kStride> constexpr void set_sliding(SegmentFn (&of)[kSizeCount]) {
  of[0] = sliding_segment<T, kSizes[0], kWidth, kStride>;
  of[1] = sliding_segment<T, kSizes[1], kWidth, kStride>;
  of[2] = sliding_segment<T, kSizes[2], kWidth, kStride>;
  of[3] = sliding_segment<T, kSizes[3], kWidth, kStride>;
}

template <class T, int kStride> constexpr void set_rotating(SegmentFn (&of)[kSizeCount]) {
  of[0] = rotating_segment<T, kSizes[0], kStride>;
  of[1] = rotating_segment<T, kSizes[1], kStride>;
  of[2] = rotating_segment<T, kSizes[2], kStride>;
  of[3] = rotating_segment<T, kSizes[3], kStride>;
}

template <class T, bool with_groups = true> constexpr SegmentFunctions make_functions() {
  SegmentFunctions functions = {};
  set_sliding<T, kWidths[0], 1>(functions.sliding[0][0]);
  set_sliding<T, kWidths[0], 2>(functions.sliding[0][1]);
  set_sliding<T, kWidths[1], 1>(functions.sliding[1][0]);
  set_sliding<T, kWidths[1], 2>(functions.sliding[1][1]);
  set_sliding<T, kWidths[2], 1>(functions.sliding[2][0]);
  set_sliding<T, kWidths[2], 2>(functions.sliding[2][1]);
  functions.gathering[0] = gathering_segment<T, kSizes[0], false>;
  functions.gathering[1] = gathering_segment<T, kSizes[1], false>;
  functions.gathering[2] = gathering_segment<T, kSizes[2], false>;
  functions.gathering[3] = gathering_segment<T, kSizes[3], false>;
  if constexpr (with_groups) {
    set_rotating<T, 1>(functions.rotating[0]);
    set_rotating<T, 2>(functions.rotating[1]);
    functions.spreading[0] = gathering_segment<T, kSizes[0], true>;
    functions.spreading[1] = gathering_segment<T, kSizes[1], true>;
    functions.spreading[2] = gathering_segment<T, kSizes[2], true>;
    functions.spreading[3] = gathering_segment<T, kSizes[3], true>;
  }
  return functions;
}

constexpr SegmentSet make_segments(const char* packing, double gflops, gemm::TransposeFn transpose) {
  return {static_cast<int>(kLanes),
          packing,
          gflops,
          transpose,
          make_functions<float>(),
          make_functions<Brain>(),
          make_functions<uint8_t, false>(),
          make_functions<int8_t, false>()};
}

#undef INGOT_UNROLL
