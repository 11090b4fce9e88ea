#include <png.h>

#include <cstring>
#include <memory>

#include "image/picture.h"

namespace ingot::image {
namespace {

// libpng leaves a failed call by longjmp: nothing with a destructor may be made between setjmp and the last call.
struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  Input input;
  size_t at = 0;
  explicit Decoder(Input bytes) : input(bytes) {
    png = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, nullptr, [](png_structp p, png_const_charp) { png_longjmp(p, 1); },
        [](png_structp, png_const_charp) {});
    if (png != nullptr) info = png_create_info_struct(png);
  }
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

void read_bytes(png_structp png, png_bytep to, size_t count) {
  auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder->input.size() - decoder->at) png_error(png, "the data end early");
  std::memcpy(to, decoder->input.data() + decoder->at, count);
  decoder->at += count;
}

bool start(Decoder& d) {
  if (setjmp(png_jmpbuf(d.png)) != 0) return false;
  png_set_read_fn(d.png, &d, read_bytes);
  png_set_user_limits(d.png, 1 << 20, 1 << 20);
  png_read_info(d.png, d.info);
  png_set_expand(d.png);
  png_set_strip_16(d.png);
  png_set_strip_alpha(d.png);
  png_set_interlace_handling(d.png);
  png_read_update_info(d.png, d.info);
  return true;
}

bool read_rows(Decoder& d, png_bytepp rows) {
  if (setjmp(png_jmpbuf(d.png)) != 0) return false;
  png_read_image(d.png, rows);
  return true;
}

}  // namespace

bool is_png(Input input) { return input.size() >= 8 && png_sig_cmp(input.data(), 0, 8) == 0; }

Picture decode_png(Input input, uint64_t max_bytes) {
  Decoder decoder(input);
  if (decoder.info == nullptr) throw Damaged{"libpng does not start"};
  if (!start(decoder)) throw Damaged{"the PNG header is damaged"};
  const uint32_t channels = png_get_channels(decoder.png, decoder.info);
  if (channels != 1 && channels != 3) throw Damaged{"the PNG has channels of an unknown meaning"};
  Picture picture = make_picture(png_get_image_width(decoder.png, decoder.info),
                                 png_get_image_height(decoder.png, decoder.info), channels, max_bytes);
  const size_t row_bytes = size_t{picture.width} * channels;
  if (png_get_rowbytes(decoder.png, decoder.info) != row_bytes) throw Damaged{"the PNG has rows of a wrong size"};
  std::vector<png_bytep> rows(picture.height);
  for (size_t y = 0; y < rows.size(); ++y) rows[y] = picture.pixels.data() + y * row_bytes;
  if (!read_rows(decoder, rows.data())) throw Damaged{"the PNG data are damaged"};
  return picture;
}

}  // namespace ingot::image
