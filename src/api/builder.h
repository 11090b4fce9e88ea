// What the opaque handle of a builder holds.
#pragma once
#include <memory>

#include "ingot/ingot.h"
#include "service/options.h"

struct ingot_builder {
  std::shared_ptr<ingot::onnx::Model> model;  // shared with builds that go on after the builder
  std::string name, hash;
  ingot::service::Options options;
  ingot::ProgressCallback progress;
  std::string report = "{}", dump;
};
