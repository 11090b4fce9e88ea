#include <webp/decode.h>

#include <cstring>

#include "image/picture.h"

namespace ingot::image {

bool is_webp(Input input) {
  return input.size() >= 16 && std::memcmp(input.data(), "RIFF", 4) == 0 &&
         std::memcmp(input.data() + 8, "WEBP", 4) == 0;
}

Picture decode_webp(Input input, uint64_t max_bytes) {
  int width = 0, height = 0;
  if (WebPGetInfo(input.data(), input.size(), &width, &height) == 0 || width <= 0 || height <= 0) {
    throw Damaged{"the WebP header is damaged"};
  }
  Picture picture = make_picture(static_cast<uint64_t>(width), static_cast<uint64_t>(height), 3, max_bytes);
  if (WebPDecodeRGBInto(input.data(), input.size(), picture.pixels.data(), picture.pixels.size(), width * 3) ==
      nullptr) {
    throw Damaged{"the WebP data are damaged"};
  }
  return picture;
}

}  // namespace ingot::image
