// Ingot's builder, owned; and plans for the nodes of a session.
#pragma once

#include "provider.h"

namespace ingot_ort {

struct BuilderRelease {
  void operator()(ingot_builder* builder) const { ingot_builder_release(builder); }
};
using Builder = std::unique_ptr<ingot_builder, BuilderRelease>;

// `model`: bytes of an ONNX model, copied. Throws Failure.
Builder make_builder(const std::string& model, const Options& options);
Plan build(ingot_builder* builder);
// Throws Failure when the plan does not run here.
Session open(const ingot_plan* plan, const Options& options);
// Serves at once; what it measures takes over later.
Session open_warming(ingot_builder* builder, const Options& options);
// The plan that serves now.
Plan plan_of(const ingot_session* session);

}  // namespace ingot_ort
