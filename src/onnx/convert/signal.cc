// Signal processing and vision.
#include "onnx/convert/converters.h"
#include "ops/fourier.h"
#include "ops/image_decoder.h"
#include "ops/non_max_suppression.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

void convert_dft(Conversion& c) {
  Dft op;
  op.inverse = c.get_int("inverse", 0) != 0;
  op.onesided = c.get_int("onesided", 0) != 0;
  op.axis = c.opset() < 20 ? c.get_int("axis", 1) : -2;
  std::vector<ir::ValueId> inputs{c.input(0), c.optional(1)};
  if (const Tensor* axis = c.constant(2); axis != nullptr && axis->count() == 1) {
    op.axis = read_int(*axis, 0);
  } else {
    inputs.push_back(c.optional(2));
  }
  c.set_output(0, c.add(op, std::move(inputs)));
}

void convert_stft(Conversion& c) { c.set_output(0, c.add(Stft{c.get_int("onesided", 1) != 0}, c.inputs())); }

void convert_non_max_suppression(Conversion& c) {
  c.set_output(0, c.add(NonMaxSuppression{c.get_int("center_point_box", 0) != 0}, c.inputs()));
}

void convert_image_decoder(Conversion& c) {
  const std::string format = c.get_string("pixel_format", "RGB");
  if (format != "RGB" && format != "BGR" && format != "Grayscale") {
    fail(Code::kInvalidModel, "pixel_format '{}' is unknown", format);
  }
  const PixelFormat pixels = format == "RGB"   ? PixelFormat::kRgb
                             : format == "BGR" ? PixelFormat::kBgr
                                               : PixelFormat::kGrayscale;
  c.set_output(0, c.add(ImageDecoder{pixels}, {c.input(0)}));
}

constexpr Converter kTable[] = {
    {"", "ImageDecoder", convert_image_decoder},
    {"", "DFT", convert_dft},
    {"", "STFT", convert_stft},
    {"", "NonMaxSuppression", convert_non_max_suppression},
};

}  // namespace

std::span<const Converter> signal_converters() { return kTable; }

}  // namespace ingot::onnx
