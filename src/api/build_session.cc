// Sessions of libingot: they go on on the CPU when the plan's device is absent, full or lost, and the plan allows it;
// and they may serve while a better plan is built.
#include <nlohmann/json.hpp>

#include "api/builder.h"
#include "api/custom_operator.h"
#include "api/handles.h"
#include "base/log.h"
#include "ingot/ingot.h"
#include "service/cached_build.h"
#include "service/fallback.h"
#include "service/warm_up.h"

namespace ingot::api {
namespace {

Replace fall_back(const runtime::SessionOptions& options) {
  return [options](const plan::Plan& plan, const Error& error) -> std::shared_ptr<Running> {
    if (!service::may_fall_back(plan, error)) return nullptr;
    const std::string device = plan.info.option("device", "cpu");
    try {
      auto made = std::make_shared<const plan::Plan>(service::plan_for_cpu(plan));
      log(LogLevel::kWarning, "device {}: {}; the session goes on on the CPU", device, error.message());
      return std::make_shared<Running>(std::move(made), options);
    } catch (const Error& second) {
      log(LogLevel::kWarning, "device {}: no fallback to the CPU: {}", device, second.message());
      return nullptr;
    }
  };
}

}  // namespace
}  // namespace ingot::api

using ingot::api::guard;
using ingot::api::require;
using ingot::api::Running;
using ingot::service::WarmUp;

namespace {

// Builds what the warm-up is for and puts it in the place of the session's first plan. The session waits for this in
// its destructor, so it is there.
WarmUp::Work take_over(const ingot_builder& builder, const ingot::service::Options& options,
                       std::vector<ingot::onnx::CustomOperator> custom,
                       const ingot::runtime::SessionOptions& session_options, ingot_session& session) {
  return [model = builder.model, name = builder.name, hash = builder.hash, options, custom = std::move(custom),
          session_options, &session](const ingot::Progress& progress) {
    const auto first = session.running();
    auto result = ingot::service::cached_build(*model, name, hash, options, custom, progress);
    auto plan = std::make_shared<const ingot::plan::Plan>(std::move(result.plan));
    if (!session.replace(first, std::make_shared<Running>(std::move(plan), session_options))) {
      ingot::fail(ingot::Code::kDevice, "the session left its device while the plan was built");
    }
    return result.report_json;
  };
}

std::string warm_up_text(const WarmUp* warm_up, double seconds) {
  nlohmann::json text = {{"state", "none"}, {"reason", ""}, {"seconds", 0}, {"report", nlohmann::json::object()}};
  if (warm_up != nullptr) {
    const auto report = warm_up->wait(seconds);
    text = {{"state", name_of(report.state)},
            {"reason", report.reason},
            {"seconds", report.seconds},
            {"report", nlohmann::json::parse(report.build_json)}};
  }
  return text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

extern "C" {

ingot_error* ingot_session_create(const ingot_plan* plan, const ingot_session_options* options,
                                  ingot_session** session) {
  return ingot::api::create_session(plan, options, session, ingot::api::fall_back);
}

ingot_error* ingot_session_create_warming(ingot_builder* builder, const ingot_session_options* given,
                                          ingot_session** session) {
  return guard([&] {
    require(builder != nullptr && session != nullptr, "builder or session");
    const auto custom = ingot::api::registered_custom_operators();
    const auto options = ingot::api::runtime_options(given);
    const auto open = [&](ingot::plan::Plan plan) {
      return ingot::api::make_session(std::make_shared<const ingot::plan::Plan>(std::move(plan)), options,
                                      ingot::api::fall_back(options));
    };
    const auto asked = ingot::service::options_to_warm_up(builder->options);
    auto kept = ingot::service::cached_plan(*builder->model, builder->name, builder->hash, asked, custom);
    if (kept) {
      auto made = open(std::move(kept->plan));
      made->warm_up = std::make_shared<WarmUp>(kept->report_json);
      builder->report = std::move(kept->report_json);
      *session = made.release();
      return;
    }
    auto quick = ingot::service::cached_build(*builder->model, builder->name, builder->hash,
                                              ingot::service::options_to_serve_at_once(builder->options), custom,
                                              ingot::Progress(builder->progress));
    builder->report = std::move(quick.report_json);
    auto made = open(std::move(quick.plan));
    made->warm_up = std::make_shared<WarmUp>(builder->name, take_over(*builder, asked, custom, options, *made));
    *session = made.release();
  });
}

ingot_error* ingot_session_warm_up(const ingot_session* session, double seconds, char** json) {
  return guard([&] {
    require(session != nullptr && json != nullptr, "session or json");
    *json = ingot::api::copy_text(warm_up_text(session->warm_up.get(), seconds));
  });
}

void ingot_session_stop_warm_up(ingot_session* session) {
  if (session != nullptr && session->warm_up) session->warm_up->stop();
}

}  // extern "C"
