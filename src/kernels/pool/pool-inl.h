// The functions of pool.h on one ISA; included inside its namespace.

template <bool maximum> inline F combined(F sum, F x) {
  if constexpr (maximum) return select(is_nan(sum), sum, max2(sum, x));  // NaN wins
  return sum + x;
}
template <bool maximum> inline float combined(float sum, float x) {
  if constexpr (maximum) return sum != sum || sum > x ? sum : x;
  return sum + x;
}
template <bool maximum> constexpr float kNothing = maximum ? -INFINITY : 0.0f;

inline float divisor_of(const PoolArgs& args, const PoolSpan& columns) {
  return static_cast<float>(args.count_padding ? args.rows.padded * columns.padded : args.rows.count * columns.count);
}

// `kWide` vectors of channels of one window, or with kWide 0 the first n channels of one vector.
template <class T, bool maximum, int kWide>
inline void pool_channels(const PoolArgs& args, const PoolSpan& columns, const T* x, T* y, int64_t n) {
  constexpr int kVectors = kWide == 0 ? 1 : kWide;
  F sums[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sums[v] = set1(kNothing<maximum>);
  for (int64_t r = 0; r < args.rows.count; ++r) {
    const T* at = x + ((args.rows.first + r * args.row_dilation) * args.width + columns.first) * args.channels;
    for (int64_t k = 0; k < columns.count; ++k, at += args.column_dilation * args.channels) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        sums[v] = combined<maximum>(sums[v], kWide == 0 ? get_part(at, n) : get(at + v * kLanes));
      }
    }
  }
  const F divisor = set1(divisor_of(args, columns));
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const F result = maximum ? sums[v] : sums[v] / divisor;
    kWide == 0 ? put_part(y, result, n) : put(y + v * kLanes, result);
  }
}

template <class T, bool maximum> void pool_channels_last(const PoolArgs& args) noexcept {
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  for (int64_t o = 0; o < args.outputs; ++o, y += args.channels) {
    const PoolSpan columns = args.columns[o];
    int64_t c = 0;
    for (; c + 4 * kLanes <= args.channels; c += 4 * kLanes) {
      pool_channels<T, maximum, 4>(args, columns, x + c, y + c, 0);
    }
    for (; c + kLanes <= args.channels; c += kLanes) pool_channels<T, maximum, 1>(args, columns, x + c, y + c, 0);
    if (c < args.channels) pool_channels<T, maximum, 0>(args, columns, x + c, y + c, args.channels - c);
  }
}

// line[i] = the window's rows combined at column first + i.
template <class T, bool maximum>
inline void combine_rows(const PoolArgs& args, const T* x, int64_t first, int64_t count, float* line) {
  const T* top = x + args.rows.first * args.width + first;
  const int64_t step = args.row_dilation * args.width;
  for (int64_t i = 0; i < count; i += kLanes) {
    const int64_t n = count - i < kLanes ? count - i : kLanes;
    F sum = set1(kNothing<maximum>);
    for (int64_t r = 0; r < args.rows.count; ++r) {
      const T* at = top + r * step + i;
      sum = combined<maximum>(sum, n == kLanes ? get(at) : get_part(at, n));
    }
    store(line + i, sum);  // the line is a vector longer than its content
  }
}

inline constexpr int64_t kPoolLine = 1024;

// How many outputs from `o` to `end` have windows of one size, each a column after the one before, all in the columns
// [first, last) of the line.
inline int64_t side_by_side(const PoolArgs& args, int64_t o, int64_t end, int64_t first, int64_t last) {
  const PoolSpan& window = args.columns[o];
  const int64_t reach = window.first + (window.count - 1) * args.column_dilation;
  if (window.count == 0 || window.first < first) return 0;
  int64_t n = 0;
  for (; o + n < end && reach + n < last; ++n) {
    const PoolSpan& other = args.columns[o + n];
    if (other.first != window.first + n || other.count != window.count || other.padded != window.padded) break;
  }
  return n;
}

template <class T, bool maximum> void pool_channels_first(const PoolArgs& args) noexcept {
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  alignas(64) float line[kPoolLine + kLanes];
  alignas(64) float results[2 * kLanes];
  int64_t line_first = 0, line_end = 0;  // columns that the line holds
  for (int64_t begin = 0; begin < args.outputs; begin += kLanes) {
    const int64_t n = args.outputs - begin < kLanes ? args.outputs - begin : kLanes;
    for (int64_t o = begin; o < begin + n;) {
      const PoolSpan columns = args.columns[o];
      if (const int64_t beside = side_by_side(args, o, begin + n, line_first, line_end); beside > 1) {
        F sums = set1(kNothing<maximum>);
        for (int64_t k = 0; k < columns.count; ++k) {
          sums = combined<maximum>(sums, load(line + columns.first - line_first + k * args.column_dilation));
        }
        store(results + (o - begin), maximum ? sums : sums / set1(divisor_of(args, columns)));
        o += beside;
        continue;
      }
      float sum = kNothing<maximum>;
      int64_t done = 0;
      while (done < columns.count) {
        const int64_t column = columns.first + done * args.column_dilation;
        if (column < line_first || column >= line_end) {
          line_first = column;
          line_end = column + kPoolLine < args.width ? column + kPoolLine : args.width;
          combine_rows<T, maximum>(args, x, line_first, line_end - line_first, line);
        }
        int64_t at = column;
        for (; done < columns.count && at < line_end; ++done, at += args.column_dilation) {
          sum = combined<maximum>(sum, line[at - line_first]);
        }
      }
      results[o - begin] = maximum ? sum : sum / divisor_of(args, columns);
      ++o;
    }
    put_part(y + begin, load_part(results, n), n);
  }
}

template <class T> PoolFunction pick_pool(bool maximum, bool channels_last) {
  if (channels_last) return maximum ? pool_channels_last<T, true> : pool_channels_last<T, false>;
  return maximum ? pool_channels_first<T, true> : pool_channels_first<T, false>;
}
inline PoolFunction find_pool(DType dtype, bool maximum, bool channels_last) {
  switch (dtype) {
    case DType::kF32: return pick_pool<float>(maximum, channels_last);
    case DType::kF16: return pick_pool<Half>(maximum, channels_last);
    case DType::kBF16: return pick_pool<Brain>(maximum, channels_last);
    default: return nullptr;
  }
}
