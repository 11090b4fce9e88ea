#include "ops/fourier.h"

#include <algorithm>
#include <numbers>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

using Complex = std::complex<double>;

// Transform of x[offset], x[offset + stride], ... (count of them); roots[j] = exp(-+2 pi i j / roots.size()).
std::vector<Complex> transform(const std::vector<Complex>& x, size_t offset, size_t stride, size_t count,
                               const std::vector<Complex>& roots) {
  const size_t step = roots.size() / count;
  std::vector<Complex> result(count);
  if (count % 2 == 0) {
    const auto even = transform(x, offset, stride * 2, count / 2, roots);
    const auto odd = transform(x, offset + stride, stride * 2, count / 2, roots);
    for (size_t k = 0; k < count / 2; ++k) {
      const Complex turned = odd[k] * roots[k * step];
      result[k] = even[k] + turned;
      result[k + count / 2] = even[k] - turned;
    }
    return result;
  }
  for (size_t k = 0; k < count; ++k) {
    for (size_t n = 0; n < count; ++n) result[k] += x[offset + n * stride] * roots[k * n % count * step];
  }
  return result;
}

int64_t one_integer(const Tensor& tensor, const char* what) {
  if (tensor.count() != 1 || !is_int(tensor.dtype())) {
    fail(Code::kInvalidArgument, "{} is {}", what, tensor.type_text());
  }
  return read_int(tensor, 0);
}

// Content of integer input `index` when it is one known expression.
std::optional<Dim> one_expression(const InferContext& context, size_t index) {
  const auto elements = context.elements(index);
  if (!elements || elements->size() != 1) return std::nullopt;
  return (*elements)[0];
}

void require_real(const InferContext& context, size_t index) {
  context.require(is_float(context.dtype(index)), "a Fourier transform of {}", dtype_name(context.dtype(index)));
}

int64_t checked_axis(int64_t axis, int64_t rank) {
  axis = normalize_axis(axis, rank);
  if (axis == rank - 1) fail(Code::kInvalidArgument, "a Fourier transform along the axis of real and imaginary parts");
  return axis;
}

}  // namespace

void fourier_transform(std::vector<Complex>& x, bool inverse) {
  if (x.empty()) return;
  std::vector<Complex> roots(x.size());
  const double turn = (inverse ? 2 : -2) * std::numbers::pi / static_cast<double>(x.size());
  for (size_t k = 0; k < x.size(); ++k) roots[k] = std::polar(1.0, turn * static_cast<double>(k));
  x = transform(x, 0, 1, x.size(), roots);
}

static void infer(const Dft& dft, InferContext& context) {
  require_real(context, 0);
  const Fact& x = context.input(0);
  const bool to_real = dft.inverse && dft.onesided;
  if (!x.has_rank()) return context.set_output(0, x.dtype(), std::nullopt);
  context.require(x.rank() >= 2, "a Fourier transform of {}", x.text());
  const auto axis_value = context.has(2) ? one_expression(context, 2) : Dim(dft.axis);
  if (!axis_value || !axis_value->is_constant()) {
    return context.set_output(0, x.dtype(), context.fresh_shape(static_cast<size_t>(x.rank())));
  }
  const auto axis = static_cast<size_t>(checked_axis(*axis_value->constant(), x.rank()));
  DimShape shape = *x.shape;
  const Dim size = shape[axis];
  std::optional<Dim> length = to_real ? (size - Dim(1)) * Dim(2) : size;
  if (context.has(1)) length = one_expression(context, 1);
  shape[axis] = !length                        ? context.fresh_dim()
                : dft.onesided && !dft.inverse ? Dim::floor_div(*length, 2) + Dim(1)
                                               : *length;
  shape.back() = to_real ? 1 : 2;
  context.set_output(0, x.dtype(), std::move(shape));
}

// Makes the spectrum of a real signal of `length` from its first half.
static void mirror(std::vector<Complex>& bins, size_t length) {
  for (size_t k = length / 2 + 1; k < length; ++k) bins[k] = std::conj(bins[length - k]);
  if (length > 0) bins[0] = bins[0].real();
  if (length % 2 == 0 && length > 0) bins[length / 2] = bins[length / 2].real();
}

static void eval(const Dft& dft, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 2 || x.dim(-1) < 1 || x.dim(-1) > 2) {
    fail(Code::kInvalidArgument, "a Fourier transform of {}", x.type_text());
  }
  const int64_t axis = checked_axis(context.has(2) ? one_integer(context.tensor(2), "the axis") : dft.axis, x.rank());
  const int64_t size = x.dim(axis), parts = x.dim(-1);
  const bool to_real = dft.inverse && dft.onesided;
  const int64_t length =
      context.has(1) ? one_integer(context.tensor(1), "the length") : (to_real ? 2 * (size - 1) : size);
  if (length < 1) fail(Code::kInvalidArgument, "a Fourier transform of length {}", length);
  Shape shape = x.shape();
  shape[static_cast<size_t>(axis)] = dft.onesided && !dft.inverse ? length / 2 + 1 : length;
  shape.back() = to_real ? 1 : 2;
  Tensor& y = context.output(0, x.dtype(), shape);
  const int64_t inner = element_count({shape.begin() + axis + 1, shape.end() - 1});
  const int64_t outer = element_count({shape.begin(), shape.begin() + axis});
  const int64_t used = std::min(size, to_real ? length / 2 + 1 : length), kept = shape[static_cast<size_t>(axis)];
  for (int64_t line = 0; line < outer * inner; ++line) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    const int64_t o = line / inner, i = line % inner;
    std::vector<Complex> values(static_cast<size_t>(length));
    for (int64_t k = 0; k < used; ++k) {
      const int64_t at = ((o * size + k) * inner + i) * parts;
      values[static_cast<size_t>(k)] = {read_double(x, at), parts == 2 ? read_double(x, at + 1) : 0};
    }
    if (to_real) mirror(values, static_cast<size_t>(length));
    fourier_transform(values, dft.inverse);
    const double scale = dft.inverse ? 1 / static_cast<double>(length) : 1;
    for (int64_t k = 0; k < kept; ++k) {
      const int64_t at = ((o * kept + k) * inner + i) * shape.back();
      write_double(y, at, values[static_cast<size_t>(k)].real() * scale);
      if (!to_real) write_double(y, at + 1, values[static_cast<size_t>(k)].imag() * scale);
    }
  }
}

const OpDef Dft::def =
    define_op<Dft, infer, eval>({"dft", "X[k] = sum x[n] exp(-2 pi i k n / N) along an axis", 1, 3, 1});

static void infer(const Stft& stft, InferContext& context) {
  require_real(context, 0);
  const Fact& x = context.input(0);
  if (!x.has_rank()) return context.set_output(0, x.dtype(), context.fresh_shape(4));
  context.require(x.rank() == 2 || x.rank() == 3, "a short-time Fourier transform of {}", x.text());
  std::optional<Dim> frame = (*x.shape)[1];
  if (context.has(2)) {
    context.require(!context.shape(2) || context.shape(2)->size() == 1, "the window is {}", context.input(2).text());
    frame = context.shape(2) ? std::optional((*context.shape(2))[0]) : std::nullopt;
  }
  if (context.has(3)) frame = one_expression(context, 3);
  const auto step = one_expression(context, 1);
  DimShape shape{(*x.shape)[0], context.fresh_dim(), context.fresh_dim(), 2};
  if (frame && step && step->is_constant() && *step->constant() > 0) {
    shape[1] = Dim::max(0, Dim::floor_div((*x.shape)[1] - *frame, *step) + Dim(1));
  }
  if (frame) shape[2] = stft.onesided ? Dim::floor_div(*frame, 2) + Dim(1) : *frame;
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const Stft& stft, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const int64_t parts = x.rank() == 3 ? x.dim(2) : 1;
  if (x.rank() < 2 || x.rank() > 3 || parts < 1 || parts > 2) {
    fail(Code::kInvalidArgument, "a short-time Fourier transform of {}", x.type_text());
  }
  const int64_t batch = x.dim(0), length = x.dim(1), step = one_integer(context.tensor(1), "the step");
  const Tensor* window = context.has(2) ? &context.tensor(2) : nullptr;
  const int64_t frame = context.has(3)      ? one_integer(context.tensor(3), "the frame length")
                        : window != nullptr ? window->count()
                                            : length;
  if (step < 1 || frame < 1) fail(Code::kInvalidArgument, "frames of {} every {} samples", frame, step);
  if (window != nullptr && window->count() != frame) {
    fail(Code::kInvalidArgument, "a window of {} for frames of {}", window->count(), frame);
  }
  const int64_t frames = length < frame ? 0 : (length - frame) / step + 1;
  const int64_t kept = stft.onesided ? frame / 2 + 1 : frame;
  Tensor& y = context.output(0, x.dtype(), {batch, frames, kept, 2});
  for (int64_t f = 0; f < batch * frames; ++f) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    const int64_t start = f / frames * length + f % frames * step;
    std::vector<Complex> values(static_cast<size_t>(frame));
    for (int64_t n = 0; n < frame; ++n) {
      const int64_t at = (start + n) * parts;
      const Complex sample(read_double(x, at), parts == 2 ? read_double(x, at + 1) : 0);
      values[static_cast<size_t>(n)] = sample * (window != nullptr ? read_double(*window, n) : 1);
    }
    fourier_transform(values, false);
    for (int64_t k = 0; k < kept; ++k) {
      write_double(y, (f * kept + k) * 2, values[static_cast<size_t>(k)].real());
      write_double(y, (f * kept + k) * 2 + 1, values[static_cast<size_t>(k)].imag());
    }
  }
}

const OpDef Stft::def =
    define_op<Stft, infer, eval>({"stft", "Fourier transforms of windowed frames of a signal", 2, 4, 1});

}  // namespace ingot
