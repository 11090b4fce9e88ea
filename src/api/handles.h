// What the opaque handles hold.
#pragma once
#include <functional>
#include <list>
#include <mutex>
#include <string>

#include "api/guard.h"
#include "plan/plan.h"
#include "runtime/session.h"
#include "tensor/value.h"

namespace ingot::service {
class WarmUp;
}

struct ingot_value {
  ingot::Value value;
  std::string device = {};  // whose memory a tensor's raw() is an address in; "": the host's
};

struct ingot_plan {
  std::shared_ptr<const ingot::plan::Plan> plan;
  mutable std::string text, json, target;
};

namespace ingot::api {

// For what reads the bytes: throws kInvalidArgument when they lie on a device.
inline const Value& host_value(const ingot_value* value) {
  if (!value->device.empty()) fail(Code::kInvalidArgument, "the value lies in memory of {}", value->device);
  return value->value;
}

// The type and sizes that a caller names. Throw kInvalidArgument; element_count's errors for the sizes.
inline DType checked_dtype(ingot_dtype dtype) {
  if (!is_valid_dtype(dtype)) fail(Code::kInvalidArgument, "{} is no element type", static_cast<int>(dtype));
  return static_cast<DType>(dtype);
}
inline Shape checked_shape(const int64_t* shape, size_t rank) {
  require(shape != nullptr || rank == 0, "shape");
  Shape sizes(shape, shape + rank);
  element_count(sizes);  // throws on negative sizes and overflow
  return sizes;
}

// A plan on its device. Another may take its place while runs are under way.
struct Running {
  Running(std::shared_ptr<const plan::Plan> p, const runtime::SessionOptions& options)
      : plan(p), session(std::move(p), options) {}
  std::shared_ptr<const plan::Plan> plan;
  runtime::Session session;
};
// What takes over from a plan that cannot be opened, or go on, because of an error; null: nothing does.
using Replace = std::function<std::shared_ptr<Running>(const plan::Plan& plan, const Error& error)>;

}  // namespace ingot::api

struct ingot_session {
  // Opens the plan, or what `replace` gives for it.
  ingot_session(std::shared_ptr<const ingot::plan::Plan> plan, const ingot::runtime::SessionOptions& options,
                ingot::api::Replace replace);

  std::shared_ptr<ingot::api::Running> running() const;
  // What runs in place of `failed`, as of now; throws `error` when nothing does.
  std::shared_ptr<ingot::api::Running> after(const std::shared_ptr<ingot::api::Running>& failed,
                                             const ingot::Error& error);
  // Runs that begin from now on take `next`, unless something else than `expected` serves by now: then false.
  bool replace(const std::shared_ptr<ingot::api::Running>& expected, std::shared_ptr<ingot::api::Running> next);

  const std::shared_ptr<const ingot::plan::Plan> plan;  // whose names and types the session has
  std::vector<std::string> input_types, output_types, input_shapes, output_shapes;
  mutable std::list<std::string> json;  // every text that was handed out; guarded by the mutex
  mutable std::mutex mutex;

 private:
  const ingot::api::Replace replace_;
  std::shared_ptr<ingot::api::Running> running_;

 public:
  // What builds the plan that is to take over; null without one. Last, so that it ends before what it uses.
  std::shared_ptr<ingot::service::WarmUp> warm_up;
};

namespace ingot::api {

// NULL: the defaults.
runtime::SessionOptions runtime_options(const ingot_session_options* given);
std::unique_ptr<ingot_session> make_session(std::shared_ptr<const plan::Plan> plan,
                                            const runtime::SessionOptions& options, Replace replace);
// ingot_session_create for both libraries; the whole one can replace a plan.
ingot_error* create_session(const ingot_plan* plan, const ingot_session_options* options, ingot_session** session,
                            const std::function<Replace(const runtime::SessionOptions&)>& replace);

std::string plan_json(const plan::Plan& plan);
std::string session_json(runtime::Session& session);
// ONNX Runtime's spelling of a type, and a shape as a JSON array.
std::string onnx_type_text(const Type& type);
std::string shape_json(const plan::ValueDef& value);

}  // namespace ingot::api
