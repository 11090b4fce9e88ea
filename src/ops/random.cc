#include "ops/random.h"

#include <bit>
#include <cmath>

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mix(uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ull;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebull;
  return word ^ (word >> 31);
}

uint64_t seed_of(bool seeded, double seed, const EvalContext& context) {
  return seeded ? mix(std::bit_cast<uint64_t>(seed) + 1) : context.host().seed;
}

// Box and Muller's transform of two uniform numbers.
double normal_number(uint64_t seed, uint64_t index) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform_number(seed, 2 * index)));
  return radius * std::cos(2 * M_PI * uniform_number(seed, 2 * index + 1));
}

}  // namespace

double uniform_number(uint64_t seed, uint64_t index) {
  return static_cast<double>(mix(seed + (index + 1) * 0x9e3779b97f4a7c15ull) >> 11) * 0x1p-53;
}

static void infer_random(const Random& random, InferContext& context) {
  context.require(is_float(random.dtype), "random numbers are floating-point, not {}", dtype_name(random.dtype));
  require_index_type(context.dtype(0));
  std::optional<DimShape> shape = context.elements(0);
  if (!shape && context.shape(0) && context.shape(0)->size() == 1) {
    const auto count = context.shape(0)->front().constant();
    if (count && *count <= 1024) shape = context.fresh_shape(static_cast<size_t>(*count));
  }
  context.set_output(0, random.dtype, std::move(shape));
}

static void eval_random(const Random& random, EvalContext& context) {
  if (!is_float(random.dtype)) fail(Code::kInvalidArgument, "no random numbers of {}", dtype_name(random.dtype));
  require_index_type(context.tensor(0).dtype());
  Tensor& y = context.output(0, random.dtype, to_ints(context.tensor(0)));
  const uint64_t seed = seed_of(random.seeded, random.seed, context);
  for (int64_t i = 0; i < y.count(); ++i) {
    const auto index = static_cast<uint64_t>(i);
    write_double(y, i,
                 random.distribution == Distribution::kUniform
                     ? random.a + (random.b - random.a) * uniform_number(seed, index)
                     : random.a + random.b * normal_number(seed, index));
  }
}

static void infer_multinomial(const Multinomial& multinomial, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()) && (!x.has_rank() || x.rank() == 2),
                  "multinomial takes f32[rows, classes], got {}", x.text());
  context.require(is_index_type(multinomial.dtype), "samples are i32 or i64, not {}", dtype_name(multinomial.dtype));
  context.require(multinomial.samples >= 0, "{} samples", multinomial.samples);
  context.set_output(0, multinomial.dtype,
                     DimShape{x.has_rank() ? (*x.shape)[0] : context.fresh_dim(), multinomial.samples});
}

static void eval_multinomial(const Multinomial& multinomial, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  require_index_type(multinomial.dtype);
  if (x.rank() != 2 || (x.dim(1) == 0 && x.dim(0) > 0)) {
    fail(Code::kInvalidArgument, "multinomial takes [rows, classes], got {}", x.type_text());
  }
  Tensor& y = context.output(0, multinomial.dtype, {x.dim(0), multinomial.samples});
  const uint64_t seed = seed_of(multinomial.seeded, multinomial.seed, context);
  const int64_t classes = x.dim(1);
  std::vector<double> sums(static_cast<size_t>(classes));
  for (int64_t row = 0; row < x.dim(0); ++row) {
    double largest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < classes; ++k) largest = std::max(largest, read_double(x, row * classes + k));
    for (int64_t k = 0; k < classes; ++k) {
      sum += std::exp(read_double(x, row * classes + k) - largest);
      sums[static_cast<size_t>(k)] = sum;
    }
    for (int64_t i = 0; i < multinomial.samples; ++i) {
      const int64_t at = row * multinomial.samples + i;
      const double wanted = uniform_number(seed, static_cast<uint64_t>(at)) * sum;
      int64_t chosen = 0;
      while (chosen + 1 < classes && sums[static_cast<size_t>(chosen)] <= wanted) ++chosen;
      write_int(y, at, chosen);
    }
  }
}

const OpDef Random::def = define_op<Random, infer_random, eval_random>(
    {"random", "random numbers of the given shape: uniform in [a, b) or normal of mean a, standard deviation b", 1, 1,
     1, kNondeterministic});
const OpDef Multinomial::def = define_op<Multinomial, infer_multinomial, eval_multinomial>(
    {"multinomial", "class indices drawn per row of unnormalised log-probabilities", 1, 1, 1, kNondeterministic});

}  // namespace ingot
