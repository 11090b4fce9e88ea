// Pictures in files to pixels.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class PixelFormat : uint8_t { kRgb, kBgr, kGrayscale };
template <> struct EnumNames<PixelFormat> { static constexpr const char* kNames[] = {"rgb", "bgr", "grayscale"}; };

// u8 bytes of a BMP, JPEG, JPEG 2000, TIFF, PNG, WebP or PNM file -> u8[height, width, channels]; what cannot be
// decoded gives an empty tensor. Needs the component libingot_image.so: kUnsupported when it is absent.
struct ImageDecoder {
  PixelFormat format = PixelFormat::kRgb;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("format", &ImageDecoder::format)); }
};

}  // namespace ingot
