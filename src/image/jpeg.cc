#include <csetjmp>
#include <cstdio>
#include <memory>

#include "image/picture.h"

// jpeglib.h needs size_t and FILE before it.
#include <jpeglib.h>

namespace ingot::image {
namespace {

// libjpeg leaves a failed call by longjmp: nothing with a destructor may be made between setjmp and the last call.
struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf escape;
  Decoder() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr common) {
      std::longjmp(static_cast<Decoder*>(common->client_data)->escape, 1);
    };
    errors.output_message = [](j_common_ptr) {};
  }
  ~Decoder() { jpeg_destroy_decompress(&info); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

bool start(Decoder& decoder, Input input) {
  if (setjmp(decoder.escape) != 0) return false;
  jpeg_create_decompress(&decoder.info);
  jpeg_mem_src(&decoder.info, input.data(), input.size());
  jpeg_read_header(&decoder.info, TRUE);
  const bool four = decoder.info.num_components == 4;
  decoder.info.out_color_space = four ? JCS_CMYK : decoder.info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&decoder.info);
  return true;
}

bool read_rows(Decoder& decoder, uint8_t* pixels, size_t row_bytes) {
  if (setjmp(decoder.escape) != 0) return false;
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + decoder.info.output_scanline * row_bytes;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  return true;
}

// Inks, inverted where Adobe's marker says so, to light.
Picture from_cmyk(const Picture& inks, bool inverted) {
  Picture picture{inks.width, inks.height, 3, std::vector<uint8_t>(inks.pixels.size() / 4 * 3)};
  for (size_t i = 0; i < picture.pixels.size() / 3; ++i) {
    const auto light = [&](size_t k) { return inverted ? inks.pixels[i * 4 + k] : 255 - inks.pixels[i * 4 + k]; };
    for (size_t k = 0; k < 3; ++k) picture.pixels[i * 3 + k] = static_cast<uint8_t>(light(k) * light(3) / 255);
  }
  return picture;
}

}  // namespace

bool is_jpeg(Input input) { return input.size() > 3 && input[0] == 0xff && input[1] == 0xd8 && input[2] == 0xff; }

Picture decode_jpeg(Input input, uint64_t max_bytes) {
  const auto decoder = std::make_unique<Decoder>();
  if (!start(*decoder, input)) throw Damaged{"the JPEG header is damaged"};
  const auto& info = decoder->info;
  const auto channels = static_cast<uint32_t>(info.output_components);
  Picture picture = make_picture(info.output_width, info.output_height, channels, max_bytes);
  if (!read_rows(*decoder, picture.pixels.data(), size_t{picture.width} * channels)) {
    throw Damaged{"the JPEG data are damaged"};
  }
  return channels == 4 ? from_cmyk(picture, info.saw_Adobe_marker) : picture;
}

}  // namespace ingot::image
