// Pooling over windows of the spatial axes.
#pragma once
#include "ops/op.h"
#include "ops/window.h"

namespace ingot {

enum class PoolFn : uint8_t { kMax, kAverage, kLp };
template <> struct EnumNames<PoolFn> { static constexpr const char* kNames[] = {"max", "average", "lp"}; };

// x: [n, c, spatial...], or [n, spatial..., c] when channels_last. Output 1 of max (optional): flat i64 indices of the
// maxima as ONNX MaxPool defines them. With ceil_mode the last window may start inside the padding before the data,
// never past the data. With `auto_pad` the pads follow from the sizes and the field stays empty.
struct Pool {
  PoolFn fn = PoolFn::kMax;
  std::vector<int64_t> kernel, strides, dilations, pads;
  AutoPad auto_pad = AutoPad::kNone;
  bool ceil_mode = false;
  bool count_include_pad = false;
  bool column_major = false;  // of the indices
  bool with_indices = false;
  double p = 2;
  bool channels_last = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("fn", &Pool::fn), field("kernel", &Pool::kernel), field("strides", &Pool::strides),
                           field("dilations", &Pool::dilations), field("pads", &Pool::pads),
                           field("auto_pad", &Pool::auto_pad), field("ceil_mode", &Pool::ceil_mode),
                           field("count_include_pad", &Pool::count_include_pad),
                           field("column_major", &Pool::column_major), field("with_indices", &Pool::with_indices),
                           field("p", &Pool::p), field("channels_last", &Pool::channels_last));
  }
};

}  // namespace ingot
