#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strings.h"

#ifdef INGOT_HAS_RE2
#include <re2/re2.h>
#endif

namespace ingot {

static void infer(const RegexFullMatch&, InferContext& context) {
  context.require(context.dtype(0) == DType::kString, "expected strings, got {}", dtype_name(context.dtype(0)));
  context.set_output(0, DType::kBool, context.shape(0));
}

#ifdef INGOT_HAS_RE2
static void eval(const RegexFullMatch& op, EvalContext& context) {
  // RE2 matches in linear time within bounded memory, whatever the pattern.
  const re2::RE2 pattern(op.pattern, re2::RE2::Quiet);
  if (!pattern.ok()) fail(Code::kInvalidModel, "the pattern '{}' is invalid: {}", op.pattern, pattern.error());
  const Tensor& x = context.tensor(0);
  Tensor& y = context.output(0, DType::kBool, x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    y.mutable_data<bool>()[i] = re2::RE2::FullMatch(x.data<std::string>()[i], pattern);
  }
}
#else
static void eval(const RegexFullMatch&, EvalContext&) {
  fail(Code::kUnsupported, "this build has no regular expressions: it was configured without the re2 library");
}
#endif

const OpDef RegexFullMatch::def = define_op<RegexFullMatch, infer, eval>(
    {"regex_full_match", "whether the whole string matches the pattern", 1, 1, 1});

}  // namespace ingot
