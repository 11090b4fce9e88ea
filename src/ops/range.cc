#include "ops/range.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

void check_inputs(DType start, DType limit, DType delta) {
  if (start != limit || start != delta || !(is_int(start) || is_float(start))) {
    fail(Code::kInvalidArgument, "range takes three numbers of one type, got {}, {} and {}", dtype_name(start),
         dtype_name(limit), dtype_name(delta));
  }
}

int64_t element_count_of(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  for (const Tensor* each : {&start, &limit, &delta}) {
    if (each->count() != 1) fail(Code::kInvalidArgument, "range takes scalars, got {}", each->type_text());
  }
  if (is_float(start.dtype())) {
    const double count = std::ceil((read_double(limit, 0) - read_double(start, 0)) / read_double(delta, 0));
    if (std::isnan(count) || count > 0x1p62) fail(Code::kInvalidArgument, "a range of {} elements", count);
    return count > 0 ? static_cast<int64_t>(count) : 0;
  }
  const bool is_signed = is_signed_int(start.dtype());
  const auto wide = [&](const Tensor& x) {
    const int64_t bits = read_int(x, 0);
    return is_signed ? static_cast<__int128>(bits) : static_cast<__int128>(static_cast<uint64_t>(bits));
  };
  const __int128 step = wide(delta), distance = wide(limit) - wide(start);
  if (step == 0) fail(Code::kInvalidArgument, "a range of step 0");
  if ((distance > 0) != (step > 0) || distance == 0) return 0;
  const __int128 count = (distance + step + (step > 0 ? -1 : 1)) / step;
  if (count > INT64_MAX) fail(Code::kInvalidArgument, "a range of more than 2^63 elements");
  return static_cast<int64_t>(count);
}

std::optional<Dim> symbolic_count(const InferContext& context) {
  const auto start = context.elements(0), limit = context.elements(1), delta = context.elements(2);
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 || delta->size() != 1) return std::nullopt;
  const auto step = (*delta)[0].constant();
  if (!step || *step == 0 || *step == INT64_MIN) return std::nullopt;
  const Dim distance = *step > 0 ? (*limit)[0] - (*start)[0] : (*start)[0] - (*limit)[0];
  return Dim::ceil_div(non_negative(distance), Dim(*step > 0 ? *step : -*step));
}

}  // namespace

static void infer(const Range&, InferContext& context) {
  check_inputs(context.dtype(0), context.dtype(1), context.dtype(2));
  const DType dtype = context.dtype(0);
  const Tensor *start = context.value(0), *limit = context.value(1), *delta = context.value(2);
  std::optional<Dim> count;
  if (start != nullptr && limit != nullptr && delta != nullptr) {
    count = element_count_of(*start, *limit, *delta);
  } else {
    count = symbolic_count(context);
  }
  if (!count) count = context.fresh_dim();
  const auto first = context.elements(0), step = context.elements(2);
  std::optional<DimShape> elements;
  if (count->is_constant() && *count->constant() <= 64 && first && step && first->size() == 1 && step->size() == 1) {
    elements.emplace();
    for (int64_t i = 0; i < *count->constant(); ++i) elements->push_back((*first)[0] + (*step)[0] * Dim(i));
  }
  context.set_output(0, elements_fact(dtype, {*count}, std::move(elements)));
}

static void eval(const Range&, EvalContext& context) {
  const Tensor &start = context.tensor(0), &limit = context.tensor(1), &delta = context.tensor(2);
  check_inputs(start.dtype(), limit.dtype(), delta.dtype());
  Tensor& y = context.output(0, start.dtype(), {element_count_of(start, limit, delta)});
  for (int64_t i = 0; i < y.count(); ++i) {
    if (is_float(y.dtype())) {
      write_double(y, i, read_double(start, 0) + static_cast<double>(i) * read_double(delta, 0));
    } else {
      write_int(y, i,
                static_cast<int64_t>(static_cast<uint64_t>(read_int(start, 0)) +
                                     static_cast<uint64_t>(i) * static_cast<uint64_t>(read_int(delta, 0))));
    }
  }
}

const OpDef Range::def = define_op<Range, infer, eval>({"range", "start, start + delta, ... before limit", 3, 3, 1});

}  // namespace ingot
