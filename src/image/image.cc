#include "image/image.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "image/picture.h"

namespace ingot::image {

Picture make_picture(uint64_t width, uint64_t height, uint32_t channels, uint64_t max_bytes) {
  constexpr uint64_t kMaxSide = 1 << 20;
  if (width == 0 || height == 0) throw Damaged{"the picture is empty"};
  if (width > kMaxSide || height > kMaxSide || width * height * channels > max_bytes) {
    throw Damaged{"the picture is too large"};
  }
  Picture picture;
  picture.width = static_cast<uint32_t>(width);
  picture.height = static_cast<uint32_t>(height);
  picture.channels = channels;
  picture.pixels.resize(width * height * channels);
  return picture;
}

namespace {

struct Format {
  bool (*is)(Input);
  Picture (*decode)(Input, uint64_t);
};

constexpr Format kFormats[] = {
#ifdef INGOT_IMAGE_JPEG
    {is_jpeg, decode_jpeg},
#endif
#ifdef INGOT_IMAGE_PNG
    {is_png, decode_png},
#endif
#ifdef INGOT_IMAGE_WEBP
    {is_webp, decode_webp},
#endif
#ifdef INGOT_IMAGE_TIFF
    {is_tiff, decode_tiff},
#endif
#ifdef INGOT_IMAGE_JPEG2000
    {is_jpeg2000, decode_jpeg2000},
#endif
    {is_bmp, decode_bmp},           {is_pnm, decode_pnm},
};

Picture decode(Input input, uint64_t max_bytes) {
  for (const Format& format : kFormats) {
    if (format.is(input)) return format.decode(input, max_bytes);
  }
  throw Damaged{"the format is unknown or was left out of this build"};
}

}  // namespace
}  // namespace ingot::image

extern "C" {

__attribute__((visibility("default"))) int ingot_image_abi(void) { return INGOT_IMAGE_ABI; }

__attribute__((visibility("default"))) bool ingot_image_decode(const uint8_t* bytes, uint64_t size, uint64_t max_bytes,
                                                               IngotImage* image, const char** reason) {
  *image = {};
  try {
    const ingot::image::Picture picture = ingot::image::decode({bytes, size}, max_bytes);
    auto* pixels = static_cast<uint8_t*>(std::malloc(picture.pixels.size()));
    if (pixels == nullptr) throw std::bad_alloc();
    std::memcpy(pixels, picture.pixels.data(), picture.pixels.size());
    *image = {picture.width, picture.height, picture.channels, pixels};
    return true;
  } catch (const ingot::image::Damaged& damaged) {
    *reason = damaged.reason;
  } catch (const std::bad_alloc&) {
    *reason = "the memory does not suffice";
  }
  return false;
}

__attribute__((visibility("default"))) void ingot_image_free(IngotImage* image) {
  std::free(image->pixels);
  *image = {};
}

}  // extern "C"
