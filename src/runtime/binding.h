// A program with the sizes of its inputs fixed: concrete shapes, bound kernels, places in the arena.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "runtime/memory_plan.h"
#include "runtime/schedule.h"

namespace ingot::runtime {

// Where the bytes of a planned value are.
struct Place {
  enum Kind : uint8_t { kNone, kArena, kOutput, kOther } kind = kNone;  // kOther: as the value `other`
  int64_t offset = 0;                                                   // kArena
  int32_t output = -1;                                                  // kOutput: which one
  ValueIndex other = -1;
};

struct Binding {
  std::vector<Shape> input_shapes;  // the key: shapes of the program's inputs (empty for dynamic ones)
  SymbolValues symbols;
  std::vector<Shape> shapes;                                   // of every early value
  std::vector<Place> places;                                   // of every planned value
  std::vector<std::unique_ptr<kernels::BoundKernel>> kernels;  // of every early kernel step
  std::vector<int64_t> scratch;                                // offset in the arena, by step
  std::vector<bool> copied_output;  // output i shares its bytes with something else and is copied at the end
  int64_t arena_bytes = 0;
  int64_t largest_live_set = 0;
};

// Throws kInvalidArgument (what was expected and what came) when the shapes do not fit the program.
std::unique_ptr<Binding> bind_shapes(const Schedule& schedule, const kernels::Target& target,
                                     std::span<const Shape> input_shapes);

// The problem of a step with the given operand shapes.
kernels::Problem step_problem(const plan::Program& program, const plan::Step& step,
                              const std::function<Shape(ValueIndex)>& shape_of);

// Sizes of `dims`; throws kInvalidArgument when a symbol is unknown or a size negative.
Shape evaluate_shape(const DimShape& dims, const SymbolValues& symbols, const std::string& name);
// Binds the bare symbols of `dims` to the sizes of `shape`, checks the rest.
void match_shape(const DimShape& dims, const Shape& shape, SymbolValues& symbols, const std::string& name);

}  // namespace ingot::runtime
