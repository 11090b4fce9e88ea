// Matrix products, reductions, sorting, running sums.
#include "ops/matmul.h"

#include "onnx/convert/converters.h"
#include "onnx/convert/einsum_lowering.h"
#include "onnx/convert/emit.h"
#include "ops/arg_reduce.h"
#include "ops/cumulative.h"
#include "ops/det.h"
#include "ops/fused.h"
#include "ops/top_k.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

// numpy.matmul: a vector on the left is a row, on the right a column, and its axis vanishes from the result.
void convert_matmul(Conversion& c) {
  ir::ValueId a = c.input(0), b = c.input(1);
  const bool row = c.fact(a).has_rank() && c.fact(a).rank() == 1;
  const bool column = c.fact(b).has_rank() && c.fact(b).rank() == 1;
  if (row) a = emit_reshape(c, a, {1, shape_of(c, a)[0]});
  if (column) b = emit_reshape(c, b, {shape_of(c, b)[0], 1});
  ir::ValueId y = c.add(MatMul{}, {a, b});
  if (row || column) {
    DimShape shape = shape_of(c, y);
    if (column) shape.pop_back();
    if (row) shape.erase(shape.end() - (column ? 1 : 2));
    y = emit_reshape(c, y, std::move(shape));
  }
  c.set_output(0, y);
}

void convert_gemm(Conversion& c) {
  MatMul matmul;
  matmul.trans_a = c.get_int("transA", 0) != 0;
  matmul.trans_b = c.get_int("transB", 0) != 0;
  matmul.alpha = c.get_float("alpha", 1);
  const double beta = c.get_float("beta", 1);
  for (const size_t i : {0, 1}) {
    const Fact& fact = c.input_fact(i);
    if (fact.has_rank() && fact.rank() != 2) fail(Code::kInvalidModel, "Gemm takes matrices, got {}", fact.text());
  }
  std::vector<ir::ValueId> inputs{c.input(0), c.input(1)};
  if (c.has(2) && beta != 0)
    inputs.push_back(beta == 1 ? c.input(2) : emit_scalar(c, BinaryFn::kMul, c.input(2), beta));
  c.set_output(0, c.add(std::move(matmul), std::move(inputs)));
}

void convert_einsum(Conversion& c) { c.set_output(0, lower_einsum(c, c.get_string("equation", ""), c.inputs())); }

template <ReduceFn fn> void convert_reduce(Conversion& c) {
  Reduce reduce{fn, c.get_ints("axes"), c.get_int("keepdims", 1) != 0, c.get_int("noop_with_empty_axes", 0) != 0};
  std::vector<ir::ValueId> inputs{c.input(0)};
  if (const auto axes = known_ints(c, 1)) {
    reduce.axes = *axes;
  } else if (c.has(1)) {
    inputs.push_back(c.input(1));
  }
  c.set_output(0, c.add(std::move(reduce), std::move(inputs)));
}

template <ArgFn fn> void convert_arg(Conversion& c) {
  c.set_output(0, c.add(ArgReduce{fn, c.get_int("axis", 0), c.get_int("keepdims", 1) != 0,
                                  c.get_int("select_last_index", 0) != 0},
                        {c.input(0)}));
}

template <CumulativeFn fn> void convert_cumulative(Conversion& c) {
  Cumulative cumulative{fn, 0, c.get_int("exclusive", 0) != 0, c.get_int("reverse", 0) != 0};
  std::vector<ir::ValueId> inputs{c.input(0)};
  const Tensor* axis = c.constant(1);
  if (axis != nullptr && axis->count() == 1) {
    cumulative.axis = read_int(*axis, 0);
  } else {
    inputs.push_back(c.input(1));
  }
  c.set_output(0, c.add(cumulative, std::move(inputs)));
}

// Before opset 10 k is an attribute; before 11 only the largest elements can be asked for.
void convert_top_k(Conversion& c) {
  TopK top{c.get_int("k", 0), c.get_int("axis", -1), c.get_int("largest", 1) != 0};
  std::vector<ir::ValueId> inputs{c.input(0)};
  if (c.opset() >= 10) {
    const Tensor* k = c.constant(1);
    if (k != nullptr && k->count() == 1) {
      top.k = read_int(*k, 0);
    } else {
      inputs.push_back(c.input(1));
    }
  }
  c.set_outputs(c.add_node(top, std::move(inputs)));
}

void convert_det(Conversion& c) { c.set_output(0, c.add(Det{}, {c.input(0)})); }

constexpr Converter kConverters[] = {
    {"", "MatMul", convert_matmul},
    {"", "Gemm", convert_gemm},
    {"", "Einsum", convert_einsum},
    {"", "ReduceSum", convert_reduce<ReduceFn::kSum>},
    {"", "ReduceMean", convert_reduce<ReduceFn::kMean>},
    {"", "ReduceProd", convert_reduce<ReduceFn::kProd>},
    {"", "ReduceMin", convert_reduce<ReduceFn::kMin>},
    {"", "ReduceMax", convert_reduce<ReduceFn::kMax>},
    {"", "ReduceL1", convert_reduce<ReduceFn::kL1>},
    {"", "ReduceL2", convert_reduce<ReduceFn::kL2>},
    {"", "ReduceSumSquare", convert_reduce<ReduceFn::kSumSquare>},
    {"", "ReduceLogSum", convert_reduce<ReduceFn::kLogSum>},
    {"", "ReduceLogSumExp", convert_reduce<ReduceFn::kLogSumExp>},
    {"", "ArgMax", convert_arg<ArgFn::kMax>},
    {"", "ArgMin", convert_arg<ArgFn::kMin>},
    {"", "CumSum", convert_cumulative<CumulativeFn::kSum>},
    {"", "CumProd", convert_cumulative<CumulativeFn::kProd>},
    {"", "TopK", convert_top_k},
    {"", "Det", convert_det},
};

}  // namespace

std::span<const Converter> math_converters() { return kConverters; }

}  // namespace ingot::onnx
