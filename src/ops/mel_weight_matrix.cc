#include "ops/mel_weight_matrix.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

double scalar(const Tensor& tensor) {
  if (tensor.count() != 1) fail(Code::kInvalidArgument, "expected one number, got {}", tensor.type_text());
  return read_double(tensor, 0);
}

void check_type(DType dtype) {
  if (!is_float(dtype) && !is_int(dtype)) fail(Code::kInvalidArgument, "no weights of {}", dtype_name(dtype));
}

Dim known_size(const InferContext& context, size_t input) {
  const auto elements = context.elements(input);
  if (elements && elements->size() == 1) return elements->front();
  return context.fresh_dim();
}

double mel_of(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz_of(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

}  // namespace

static void infer(const MelWeightMatrix& mel, InferContext& context) {
  check_type(mel.dtype);
  context.set_output(0, mel.dtype,
                     DimShape{Dim::floor_div(known_size(context, 1), 2) + Dim(1), known_size(context, 0)});
}

static void eval(const MelWeightMatrix& mel, EvalContext& context) {
  check_type(mel.dtype);
  const double bins_wanted = scalar(context.tensor(0)), length = scalar(context.tensor(1));
  const double rate = scalar(context.tensor(2));
  if (!(bins_wanted >= 0 && bins_wanted < 1 << 24 && length >= 0 && length < 1 << 30 && rate > 0)) {
    fail(Code::kInvalidArgument, "{} mel bins of a DFT of {} at {} Hz", bins_wanted, length, rate);
  }
  const auto bins = static_cast<int64_t>(bins_wanted), rows = static_cast<int64_t>(length) / 2 + 1;
  Tensor& y = context.output(0, mel.dtype, {rows, bins});
  for (int64_t i = 0; i < y.count(); ++i) write_int(y, i, 0);
  const double low = mel_of(scalar(context.tensor(3))), high = mel_of(scalar(context.tensor(4)));
  const double step = (high - low) / (bins_wanted + 2);
  std::vector<int64_t> edges;
  for (int64_t i = 0; i < bins + 2; ++i) {
    const double edge = std::floor((length + 1) * hertz_of(low + static_cast<double>(i) * step) / rate);
    if (!(edge >= 0 && edge <= static_cast<double>(rows))) {
      fail(Code::kInvalidArgument, "a mel edge in spectrogram bin {} of {}", edge, rows);
    }
    edges.push_back(static_cast<int64_t>(edge));
  }
  const auto put = [&](int64_t row, int64_t bin, double weight) {
    if (row < rows) write_double(y, row * bins + bin, weight);
  };
  for (int64_t bin = 0; bin < bins; ++bin) {
    const int64_t left = edges[static_cast<size_t>(bin)], center = edges[static_cast<size_t>(bin) + 1];
    const int64_t right = edges[static_cast<size_t>(bin) + 2];
    if (left == center) put(center, bin, 1);
    for (int64_t row = left; row <= center && left != center; ++row) {
      put(row, bin, static_cast<double>(row - left) / static_cast<double>(center - left));
    }
    for (int64_t row = center; row < right; ++row) {
      put(row, bin, static_cast<double>(right - row) / static_cast<double>(right - center));
    }
  }
}

const OpDef MelWeightMatrix::def = define_op<MelWeightMatrix, infer, eval>(
    {"mel_weight_matrix", "triangular weights from spectrogram bins to mel bins", 5, 5, 1});

}  // namespace ingot
