#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "image/picture.h"

namespace ingot::image {
namespace {

constexpr uint8_t kBoxes[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '}, kCodestream[] = {0xff, 0x4f, 0xff, 0x51};

struct Source {
  Input input;
  size_t at = 0;
};

OPJ_SIZE_T read_bytes(void* to, OPJ_SIZE_T count, void* user) {
  auto* source = static_cast<Source*>(user);
  const size_t have = std::min<size_t>(count, source->input.size() - source->at);
  if (have == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, source->input.data() + source->at, have);
  source->at += have;
  return have;
}

OPJ_BOOL seek(OPJ_OFF_T offset, void* user) {
  auto* source = static_cast<Source*>(user);
  if (offset < 0 || static_cast<uint64_t>(offset) > source->input.size()) return OPJ_FALSE;
  source->at = static_cast<size_t>(offset);
  return OPJ_TRUE;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* user) {
  auto* source = static_cast<Source*>(user);
  return seek(static_cast<OPJ_OFF_T>(source->at) + count, user) == OPJ_TRUE ? count : -1;
}

// The library's stream and codec are both void*, handled by pointer to it.
struct FreeStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct FreeCodec {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct FreeImage {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};

int sample(const opj_image_comp_t& component, uint32_t x, uint32_t y, uint32_t dx, uint32_t dy) {
  const uint32_t column = std::min(x * dx / component.dx, component.w - 1);
  const uint32_t row = std::min(y * dy / component.dy, component.h - 1);
  int64_t value = component.data[size_t{row} * component.w + column];
  if (component.sgnd != 0) value += int64_t{1} << (component.prec - 1);
  if (component.prec > 8) value >>= component.prec - 8;
  if (component.prec < 8) value = value * 255 / ((1 << component.prec) - 1);
  return static_cast<int>(std::clamp<int64_t>(value, 0, 255));
}

uint8_t to_byte(double value) { return static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); }

Picture to_picture(const opj_image_t& image, uint64_t max_bytes) {
  const uint32_t channels = image.numcomps >= 3 ? 3 : 1;
  const opj_image_comp_t& first = image.comps[0];
  Picture picture = make_picture(first.w, first.h, channels, max_bytes);
  const bool luma = channels == 3 && image.color_space == OPJ_CLRSPC_SYCC;
  for (uint32_t y = 0; y < first.h; ++y) {
    for (uint32_t x = 0; x < first.w; ++x) {
      uint8_t* pixel = picture.pixels.data() + (size_t{y} * first.w + x) * channels;
      int values[3] = {};
      for (uint32_t k = 0; k < channels; ++k) values[k] = sample(image.comps[k], x, y, first.dx, first.dy);
      for (uint32_t k = 0; k < channels; ++k) pixel[k] = static_cast<uint8_t>(values[k]);
      if (!luma) continue;
      const double blue = values[1] - 128, red = values[2] - 128;
      pixel[0] = to_byte(values[0] + 1.402 * red);
      pixel[1] = to_byte(values[0] - 0.344136 * blue - 0.714136 * red);
      pixel[2] = to_byte(values[0] + 1.772 * blue);
    }
  }
  return picture;
}

void check_components(const opj_image_t& image, bool decoded, uint64_t max_bytes) {
  if (image.numcomps < 1 || image.numcomps > 4) throw Damaged{"the JPEG 2000 picture has too many components"};
  uint64_t total = 0;
  for (uint32_t k = 0; k < image.numcomps; ++k) {
    const opj_image_comp_t& component = image.comps[k];
    if (component.w == 0 || component.h == 0 || component.dx == 0 || component.dy == 0 || component.prec < 1 ||
        component.prec > 31 || component.w > 1 << 20 || component.h > 1 << 20 ||
        (decoded && component.data == nullptr)) {
      throw Damaged{"a JPEG 2000 component is empty"};
    }
    total += uint64_t{component.w} * component.h;
  }
  if (total > max_bytes / 4) throw Damaged{"the picture is too large"};
}

}  // namespace

bool is_jpeg2000(Input input) {
  const auto begins = [&](Input magic) {
    return input.size() > 12 && std::equal(magic.begin(), magic.end(), input.begin());
  };
  return begins(kBoxes) || begins(kCodestream);
}

Picture decode_jpeg2000(Input input, uint64_t max_bytes) {
  Source source{input};
  const std::unique_ptr<opj_stream_t, FreeStream> stream(opj_stream_default_create(OPJ_TRUE));
  const std::unique_ptr<opj_codec_t, FreeCodec> codec(
      opj_create_decompress(input[0] == 0xff ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
  if (!stream || !codec) throw Damaged{"the memory does not suffice"};
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), input.size());
  opj_stream_set_read_function(stream.get(), read_bytes);
  opj_stream_set_seek_function(stream.get(), seek);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* raw = nullptr;
  const bool header = opj_setup_decoder(codec.get(), &parameters) == OPJ_TRUE &&
                      opj_read_header(stream.get(), codec.get(), &raw) == OPJ_TRUE;
  const std::unique_ptr<opj_image_t, FreeImage> image(raw);
  if (!header || !image) throw Damaged{"the JPEG 2000 header is damaged"};
  check_components(*image, false, max_bytes);
  if (opj_decode(codec.get(), stream.get(), image.get()) != OPJ_TRUE) throw Damaged{"the JPEG 2000 data are damaged"};
  check_components(*image, true, max_bytes);
  return to_picture(*image, max_bytes);
}

}  // namespace ingot::image
