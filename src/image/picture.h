// What the decoders of one file format give to image.cc.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ingot::image {

using Input = std::span<const uint8_t>;

struct Picture {
  uint32_t width = 0, height = 0, channels = 0;
  std::vector<uint8_t> pixels;
};

// Leaves a decoder; `reason` is a static text. Never crosses a C library's frames.
struct Damaged {
  const char* reason;
};

// A picture of that size filled with zeros; throws Damaged when it is empty or over `max_bytes`.
Picture make_picture(uint64_t width, uint64_t height, uint32_t channels, uint64_t max_bytes);

// One decoder per file; each throws Damaged. `max_bytes` bounds the pixels.
bool is_bmp(Input input);
Picture decode_bmp(Input input, uint64_t max_bytes);
bool is_pnm(Input input);
Picture decode_pnm(Input input, uint64_t max_bytes);
bool is_jpeg(Input input);
Picture decode_jpeg(Input input, uint64_t max_bytes);
bool is_jpeg2000(Input input);
Picture decode_jpeg2000(Input input, uint64_t max_bytes);
bool is_png(Input input);
Picture decode_png(Input input, uint64_t max_bytes);
bool is_tiff(Input input);
Picture decode_tiff(Input input, uint64_t max_bytes);
bool is_webp(Input input);
Picture decode_webp(Input input, uint64_t max_bytes);

}  // namespace ingot::image
