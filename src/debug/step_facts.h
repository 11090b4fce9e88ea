// What is known of the steps of a plan for given inputs, before anything is said about them.
#pragma once
#include "base/progress.h"
#include "kernels/kernel.h"
#include "runtime/session.h"

namespace ingot::debug {

struct StepTimes {
  int64_t median_ns = 0, least_ns = 0;
};

struct Measured {
  int64_t total_ns = 0;          // median of whole runs; 0: not timed
  std::vector<StepTimes> steps;  // empty: not timed; on a device each by itself, those of the host left out as 0
  std::vector<Shape> shapes;     // of every value of the main program that a run showed; empty shape and !seen: unknown
  std::vector<bool> seen;
};

// Shapes that follow from the inputs' shapes alone.
Measured shapes_of(const plan::Program& program, std::span<const Value> inputs);
// The same, completed by a run, and the times of `rounds` more.
Measured measure(runtime::Session& session, std::span<const Value> inputs, int rounds, const Progress& progress);

// The problem that step `index` solves; sizes that are not known as -1.
kernels::Problem problem_of(const plan::Program& program, size_t index, const Measured& measured);

}  // namespace ingot::debug
