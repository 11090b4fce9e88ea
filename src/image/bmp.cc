// Windows bitmaps: 1, 4, 8, 16, 24 and 32 bits, uncompressed or with bit fields.
#include <bit>
#include <cstdlib>

#include "image/picture.h"

namespace ingot::image {
namespace {

uint32_t little(Input input, size_t at, size_t bytes) {
  if (at > input.size() || input.size() - at < bytes) throw Damaged{"the bitmap is cut off"};
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint32_t>(input[at + i]) << (8 * i);
  return value;
}

struct Header {
  uint32_t pixels, width, height, bits, colors, palette, palette_entry;
  bool bottom_up;
  uint32_t masks[3];
};

Header read_header(Input input) {
  Header h{};
  h.pixels = little(input, 10, 4);
  const uint32_t size = little(input, 14, 4);
  if (size < 12 || size > 4096) throw Damaged{"the bitmap has an unknown header"};
  const bool old = size < 40;
  h.width = little(input, 18, old ? 2 : 4);
  const auto height = static_cast<int32_t>(little(input, old ? 20 : 22, old ? 2 : 4));
  h.bottom_up = height >= 0;
  h.height = height >= 0 ? static_cast<uint32_t>(height) : 0u - static_cast<uint32_t>(height);
  h.bits = little(input, old ? 24 : 28, 2);
  const uint32_t compression = old ? 0 : little(input, 30, 4);
  h.palette = 14 + size;
  h.palette_entry = old ? 3 : 4;
  h.colors = old ? 0 : little(input, 46, 4);
  if (h.bits <= 8 && (h.colors == 0 || h.colors > (1u << h.bits))) h.colors = 1u << h.bits;
  const bool known = h.bits == 1 || h.bits == 4 || h.bits == 8 || h.bits == 16 || h.bits == 24 || h.bits == 32;
  const bool fields = (compression == 3 || compression == 6) && (h.bits == 16 || h.bits == 32);
  if (!known || (compression != 0 && !fields)) throw Damaged{"the bitmap is compressed"};
  if (fields) {
    for (uint32_t i = 0; i < 3; ++i) h.masks[i] = little(input, 54 + 4 * i, 4);
  } else if (h.bits == 16) {
    h.masks[0] = 0x7c00, h.masks[1] = 0x3e0, h.masks[2] = 0x1f;
  } else {
    h.masks[0] = 0xff0000, h.masks[1] = 0xff00, h.masks[2] = 0xff;
  }
  return h;
}

uint8_t masked(uint32_t value, uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const uint64_t highest = mask >> shift;
  return static_cast<uint8_t>(((value & mask) >> shift) * 255ull / highest);
}

void read_pixel(Input input, const Header& h, size_t row, uint32_t x, uint8_t* rgb) {
  if (h.bits <= 8) {
    const uint32_t byte = little(input, row + uint64_t{x} * h.bits / 8, 1);
    const uint32_t index = byte >> (8 - h.bits - x * uint64_t{h.bits} % 8) & ((1u << h.bits) - 1);
    if (index >= h.colors) throw Damaged{"the bitmap names a color that it has not"};
    const uint32_t bgr = little(input, h.palette + size_t{index} * h.palette_entry, 3);
    rgb[0] = static_cast<uint8_t>(bgr >> 16), rgb[1] = static_cast<uint8_t>(bgr >> 8),
    rgb[2] = static_cast<uint8_t>(bgr);
    return;
  }
  const uint32_t value = little(input, row + size_t{x} * (h.bits / 8), h.bits / 8);
  for (int i = 0; i < 3; ++i) rgb[i] = masked(value, h.masks[i]);
}

}  // namespace

bool is_bmp(Input input) { return input.size() >= 26 && input[0] == 'B' && input[1] == 'M'; }

Picture decode_bmp(Input input, uint64_t max_bytes) {
  const Header h = read_header(input);
  const uint64_t row_bytes = (uint64_t{h.width} * h.bits + 31) / 32 * 4;
  // A file must hold what it promises before memory is taken for it.
  if (h.pixels > input.size() || row_bytes * h.height > input.size() - h.pixels + 3) {
    throw Damaged{"the bitmap is cut off"};
  }
  Picture picture = make_picture(h.width, h.height, 3, max_bytes);
  for (uint32_t y = 0; y < h.height; ++y) {
    const size_t row = h.pixels + size_t{h.bottom_up ? h.height - 1 - y : y} * row_bytes;
    for (uint32_t x = 0; x < h.width; ++x) {
      read_pixel(input, h, row, x, picture.pixels.data() + (size_t{y} * h.width + x) * 3);
    }
  }
  return picture;
}

}  // namespace ingot::image
