#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "image/picture.h"

namespace ingot::image {
namespace {

struct Stream {
  Input input;
  toff_t at = 0;
};

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t count) {
  auto* stream = static_cast<Stream*>(handle);
  if (count < 0 || stream->at >= stream->input.size()) return 0;
  const auto have = std::min<uint64_t>(static_cast<uint64_t>(count), stream->input.size() - stream->at);
  std::memcpy(to, stream->input.data() + stream->at, have);
  stream->at += have;
  return static_cast<tmsize_t>(have);
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto* stream = static_cast<Stream*>(handle);
  const toff_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? stream->at : stream->input.size();
  stream->at = base + offset;
  return stream->at;
}

int quiet(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

}  // namespace

bool is_tiff(Input input) {
  if (input.size() < 8) return false;
  return std::memcmp(input.data(), "II*\0", 4) == 0 || std::memcmp(input.data(), "MM\0*", 4) == 0 ||
         std::memcmp(input.data(), "II+\0", 4) == 0 || std::memcmp(input.data(), "MM\0+", 4) == 0;
}

Picture decode_tiff(Input input, uint64_t max_bytes) {
  Stream stream{input};
  const std::unique_ptr<TIFFOpenOptions, Close> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), quiet, nullptr);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), quiet, nullptr);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(std::min<uint64_t>(max_bytes, 1ull << 40)));
  const std::unique_ptr<TIFF, Close> tiff(TIFFClientOpenExt(
      "memory", "rm", &stream, read_bytes, [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; }, seek,
      [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return static_cast<Stream*>(handle)->input.size(); }, nullptr, nullptr,
      options.get()));
  if (!tiff) throw Damaged{"the TIFF header is damaged"};
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  Picture picture = make_picture(width, height, 3, max_bytes / 4 * 3);
  std::vector<uint32_t> raster(size_t{width} * height);
  if (TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1) == 0) {
    throw Damaged{"the TIFF data are damaged or of an unknown kind"};
  }
  for (size_t i = 0; i < raster.size(); ++i) {
    picture.pixels[i * 3] = static_cast<uint8_t>(TIFFGetR(raster[i]));
    picture.pixels[i * 3 + 1] = static_cast<uint8_t>(TIFFGetG(raster[i]));
    picture.pixels[i * 3 + 2] = static_cast<uint8_t>(TIFFGetB(raster[i]));
  }
  return picture;
}

}  // namespace ingot::image
