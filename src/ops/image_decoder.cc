#include "ops/image_decoder.h"

#include <memory>

#include "base/component.h"
#include "base/log.h"
#include "image/image.h"
#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {
namespace {

struct Codec {
  decltype(&ingot_image_decode) decode = nullptr;
  decltype(&ingot_image_free) release = nullptr;
  std::string reason;
};

const Codec& codec() {
  static const Codec loaded = [] {
    Codec result;
    void* component = open_component("libingot_image.so", result.reason);
    if (component == nullptr) return result;
    const auto abi = reinterpret_cast<decltype(&ingot_image_abi)>(component_symbol(component, "ingot_image_abi"));
    if (abi == nullptr || abi() != INGOT_IMAGE_ABI) {
      result.reason = "it belongs to another version";
      return result;
    }
    result.decode = reinterpret_cast<decltype(result.decode)>(component_symbol(component, "ingot_image_decode"));
    result.release = reinterpret_cast<decltype(result.release)>(component_symbol(component, "ingot_image_free"));
    return result;
  }();
  return loaded;
}

int64_t channels(PixelFormat format) { return format == PixelFormat::kGrayscale ? 1 : 3; }

// ITU-R 601 luma in 16 bits, rounded.
uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

void store_pixels(const IngotImage& image, PixelFormat format, uint8_t* to) {
  const size_t count = size_t{image.width} * image.height;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* from = image.pixels + i * image.channels;
    const uint8_t rgb[] = {from[0], from[image.channels == 3 ? 1 : 0], from[image.channels == 3 ? 2 : 0]};
    if (format == PixelFormat::kGrayscale) {
      *to++ = image.channels == 1 ? from[0] : luma(rgb);
      continue;
    }
    for (size_t k = 0; k < 3; ++k) *to++ = rgb[format == PixelFormat::kBgr ? 2 - k : k];
  }
}

}  // namespace

static void infer(const ImageDecoder& op, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.dtype() == DType::kU8, "a picture's bytes are {}", dtype_name(x.dtype()));
  context.require(!x.has_rank() || x.rank() == 1, "a picture's bytes are {}", x.text());
  context.set_output(0, DType::kU8, DimShape{context.fresh_dim(), context.fresh_dim(), channels(op.format)});
}

static void eval(const ImageDecoder& op, EvalContext& context) {
  if (codec().decode == nullptr || codec().release == nullptr) {
    fail(Code::kUnsupported, "pictures need the component libingot_image.so: {}", codec().reason);
  }
  const Tensor& x = context.tensor(0);
  IngotImage image{};
  const char* reason = "";
  const auto budget = static_cast<uint64_t>(context.host().memory_budget);
  if (!codec().decode(x.data<uint8_t>(), static_cast<uint64_t>(x.count()), budget, &image, &reason)) {
    log(LogLevel::kWarning, "a picture of {} bytes cannot be decoded: {}", x.count(), reason);
    context.output(0, DType::kU8, {0, 0, channels(op.format)});
    return;
  }
  const std::unique_ptr<IngotImage, decltype(&ingot_image_free)> guard(&image, codec().release);
  Tensor& y = context.output(0, DType::kU8, {image.height, image.width, channels(op.format)});
  store_pixels(image, op.format, y.mutable_data<uint8_t>());
}

const OpDef ImageDecoder::def =
    define_op<ImageDecoder, infer, eval>({"image_decoder", "pixels of the picture in a file", 1, 1, 1});

}  // namespace ingot
