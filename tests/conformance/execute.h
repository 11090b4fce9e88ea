// Running one case.
#pragma once
#include <string>

#include "conformance/cases.h"
#include "conformance/engine.h"

namespace ingot::conformance {

// Where the steps of a case's plan ran. kNone: it did not run, or ended before that was known.
enum class Place { kNone, kDevice, kBoth, kHost };
std::string place_name(Place place);  // "not run", "device", "both", "host"

struct Outcome {
  std::string reason;  // empty: every data set passes; else one line
  Place place = Place::kNone;
  double seconds = 0;
};

Outcome run_case(const Case& each, const Engine& engine);

}  // namespace ingot::conformance
