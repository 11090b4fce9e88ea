#include "kernels/copy/copy.h"

#include "kernels/families.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/gather_elements.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/scatter_elements.h"
#include "ops/slice.h"
#include "ops/squeeze.h"
#include "ops/tile.h"

namespace ingot::kernels {
namespace {

struct Mover {
  const OpDef* op;
  const char* (*refuse)(const Problem& problem);  // may be null
  std::unique_ptr<BoundKernel> (*bind)(const Problem& problem);
};
const Mover kMovers[] = {{&Concat::def, nullptr, bind_concat},
                         {&Slice::def, refuse_slice, bind_slice},
                         {&Gather::def, nullptr, bind_gather},
                         {&Expand::def, nullptr, bind_expand},
                         {&Tile::def, nullptr, bind_tile},
                         {&Pad::def, refuse_pad, bind_pad},
                         {&Reshape::def, nullptr, bind_reshape},
                         {&Squeeze::def, nullptr, bind_reshape},
                         {&Unsqueeze::def, nullptr, bind_reshape},
                         {&GatherElements::def, nullptr, bind_gather_elements},
                         {&ScatterElements::def, refuse_scatter_elements, bind_scatter_elements}};
const OpDef* const kOps[] = {
    &Concat::def,  &Slice::def,   &Gather::def,    &Expand::def,         &Tile::def,           &Pad::def,
    &Reshape::def, &Squeeze::def, &Unsqueeze::def, &GatherElements::def, &ScatterElements::def};

const Mover& mover_of(const Problem& problem) {
  for (const Mover& mover : kMovers) {
    if (mover.op == &problem.op.def()) return mover;
  }
  fail(Code::kInternal, "{} moves no data", problem.op.name());
}

const char* refuse(const Problem& problem) {
  for (const Operand& operand : problem.inputs) {
    if (!operand.present()) continue;
    if (operand.dtype == DType::kString || dtype_bits(operand.dtype) < 8) return "elements of no whole number of bytes";
    if (operand.shape.size() > kMaxCopyAxes / 2) return "too many axes";
  }
  const Mover& mover = mover_of(problem);
  return mover.refuse == nullptr ? nullptr : mover.refuse(problem);
}

double cost(const Problem& problem, const Target& target) {
  double bytes = static_cast<double>(element_bytes(problem.outputs[0]));
  for (const int64_t size : problem.outputs[0].shape) bytes *= size < 0 ? 64 : static_cast<double>(size);
  return 100 + bytes / 15 / (bytes > (128 << 10) ? target.threads : 1);
}

std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target&) { return mover_of(problem).bind(problem); }

bool in_place(const Problem& problem, size_t input) {
  const auto bind = mover_of(problem).bind;
  return input == 0 && (bind == bind_reshape || bind == bind_scatter_elements);
}

std::string text(const Problem& problem) {
  std::string result = "copy " + problem.op.text();
  for (const Operand& input : problem.inputs) {
    result += input.present() ? fmt::format(" {}{}", dtype_name(input.dtype), shape_text(input.shape)) : " -";
  }
  return result + " -> " + shape_text(problem.outputs[0].shape);
}

constexpr Row kRows[] = {
    {"reference_copy_bytes", IsaLevel::kReference, refuse, cost, bind, nullptr, nullptr, in_place},
};

}  // namespace

const Family kCopyFamily = {"copy", "data movement by rows", kOps, kRows, text};

}  // namespace ingot::kernels
