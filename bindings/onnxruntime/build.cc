#include "build.h"

namespace ingot_ort {

Builder make_builder(const std::string& model, const Options& options) {
  ingot_builder* created = nullptr;
  check(ingot_builder_from_bytes(model.data(), model.size(), nullptr, &created));
  Builder builder(created);
  check(ingot_builder_set_option(created, "device", options.device.c_str()));
  check(ingot_builder_set_option(created, "fallback", options.device == "cpu" ? "false" : "true"));
  for (const auto& [name, value] : options.build) {
    check(ingot_builder_set_option(created, name.c_str(), value.c_str()));
  }
  return builder;
}

Plan build(ingot_builder* builder) {
  ingot_plan* plan = nullptr;
  check(ingot_build(builder, &plan));
  return Plan(plan);
}

Session open(const ingot_plan* plan, const Options& options) {
  ingot_session* session = nullptr;
  check(ingot_session_create(plan, &options.session, &session));
  return Session(session);
}

Session open_warming(ingot_builder* builder, const Options& options) {
  ingot_session* session = nullptr;
  check(ingot_session_create_warming(builder, &options.session, &session));
  return Session(session);
}

Plan plan_of(const ingot_session* session) {
  ingot_plan* plan = nullptr;
  check(ingot_session_plan(session, &plan));
  return Plan(plan);
}

}  // namespace ingot_ort
