#include "ops/cast.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Shortest text that reads back as the same number.
std::string number_text(const Tensor& x, int64_t i) {
  if (x.dtype() == DType::kU64) return std::to_string(static_cast<uint64_t>(read_int(x, i)));
  if (!is_float(x.dtype())) return std::to_string(read_int(x, i));
  const double value = read_double(x, i);
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-INF" : "INF";
  return x.dtype() == DType::kF64 ? fmt::format("{}", value) : fmt::format("{}", static_cast<float>(value));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  return text.starts_with('+') ? text.substr(1) : text;
}

// std::from_chars for floating-point numbers, "inf" and "nan" in any case included.
double parse_double(const std::string& text) {
  const std::string_view word = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end != word.data() + word.size() || word.empty() || error == std::errc::invalid_argument) {
    fail(Code::kInvalidArgument, "'{}' is no number", text);
  }
  if (error != std::errc::result_out_of_range) return value;
  // from_chars leaves the value alone when it is too large or too small.
  const auto exponent = word.find_first_of("eE");
  const bool tiny = exponent != std::string_view::npos && word.substr(exponent + 1).starts_with('-');
  return tiny ? 0.0 : word.starts_with('-') ? -INFINITY : INFINITY;
}

void parse_number(const std::string& text, Tensor& y, int64_t i) {
  const std::string_view word = trimmed(text);
  if (y.dtype() == DType::kBool) {
    if (word == "True" || word == "true") return write_int(y, i, 1);
    if (word == "False" || word == "false") return write_int(y, i, 0);
  }
  if (is_int(y.dtype())) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error == std::errc() && end == word.data() + word.size()) return write_int(y, i, value);
    uint64_t large = 0;
    const auto [large_end, large_error] = std::from_chars(word.data(), word.data() + word.size(), large);
    if (large_error == std::errc() && large_end == word.data() + word.size()) {
      return write_int(y, i, static_cast<int64_t>(large));
    }
  }
  write_double(y, i, parse_double(text));
}

E8M0Rounding e8m0_rounding(RoundMode mode) {
  switch (mode) {
    case RoundMode::kUp: return E8M0Rounding::kUp;
    case RoundMode::kDown: return E8M0Rounding::kDown;
    case RoundMode::kNearest: return E8M0Rounding::kNearest;
  }
  return E8M0Rounding::kUp;
}

template <class F8> void store_f8(const Cast& cast, Tensor& y, int64_t i, double value) {
  static_cast<F8*>(y.mutable_raw())[i] = F8(static_cast<float>(value), cast.saturate);
}

// Floating-point or integer `value` into y[i].
void store(const Cast& cast, Tensor& y, int64_t i, double value) {
  switch (y.dtype()) {
    case DType::kF8E4M3FN: return store_f8<F8E4M3FN>(cast, y, i, value);
    case DType::kF8E4M3FNUZ: return store_f8<F8E4M3FNUZ>(cast, y, i, value);
    case DType::kF8E5M2: return store_f8<F8E5M2>(cast, y, i, value);
    case DType::kF8E5M2FNUZ: return store_f8<F8E5M2FNUZ>(cast, y, i, value);
    case DType::kF8E8M0:
      static_cast<F8E8M0*>(y.mutable_raw())[i] =
          F8E8M0(static_cast<float>(value), cast.saturate, e8m0_rounding(cast.round_mode));
      return;
    default: write_double(y, i, value);
  }
}

void check_types(DType from, DType to) {
  if (to == DType::kUndefined || is_complex(from) != is_complex(to)) {
    fail(Code::kInvalidArgument, "no cast from {} to {}", dtype_name(from), dtype_name(to));
  }
}

Tensor widen_complex(const Tensor& x, DType to) {
  Tensor y(to, x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    if (to == DType::kC128) {
      y.mutable_data<std::complex<double>>()[i] = x.data<std::complex<float>>()[i];
    } else {
      y.mutable_data<std::complex<float>>()[i] = std::complex<float>(x.data<std::complex<double>>()[i]);
    }
  }
  return y;
}

}  // namespace

static void infer(const Cast& cast, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "cast takes a tensor, got {}", x.type.text());
  check_types(x.dtype(), cast.to);
  if (x.elements && x.has_rank()) {
    context.set_output(0, elements_fact(cast.to, *x.shape, x.elements));
    return;
  }
  context.set_output(0, cast.to, x.shape);
}

static void eval(const Cast& cast, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const DType from = x.dtype(), to = cast.to;
  check_types(from, to);
  if (from == to) return context.share_output(0, x, x.shape());
  if (is_complex(from)) return context.share_output(0, widen_complex(x, to), x.shape());
  Tensor& y = context.output(0, to, x.shape());
  const bool exact_ints = (is_int(from) || from == DType::kBool) && (is_int(to) || to == DType::kBool);
  for (int64_t i = 0; i < x.count(); ++i) {
    if (from == DType::kString) {
      parse_number(x.data<std::string>()[i], y, i);
    } else if (to == DType::kString) {
      y.mutable_data<std::string>()[i] = number_text(x, i);
    } else if (exact_ints) {
      write_int(y, i, read_int(x, i));
    } else if (from == DType::kU64) {
      store(cast, y, i, static_cast<double>(static_cast<uint64_t>(read_int(x, i))));
    } else {
      store(cast, y, i, read_double(x, i));
    }
  }
}

const OpDef Cast::def = define_op<Cast, infer, eval>(
    {"cast", "every element converted to another type, by ONNX Cast's rules", 1, 1, 1, kElementwise});

}  // namespace ingot
