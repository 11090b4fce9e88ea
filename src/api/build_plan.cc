#include <cstring>
#include <nlohmann/json.hpp>

#include "api/builder.h"
#include "api/custom_operator.h"
#include "api/handles.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "ingot/ingot.h"
#include "service/cached_build.h"

using ingot::api::guard;
using ingot::api::require;

namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

extern "C" {

ingot_error* ingot_builder_from_file(const char* path, ingot_builder** builder) {
  return guard([&] {
    require(path != nullptr && builder != nullptr, "path");
    auto made = std::make_unique<ingot_builder>();
    ingot::with_frame([&] { return std::string("file ") + path; },
                      [&] {
                        const auto file = ingot::MappedFile::open(path);
                        made->model = std::make_shared<ingot::onnx::Model>(
                            ingot::onnx::parse_model(file->bytes(), file, folder_of(path)));
                        made->hash = ingot::hash128(file->bytes()).hex();
                      });
    made->name = std::filesystem::path(path).filename().string();
    *builder = made.release();
  });
}

ingot_error* ingot_builder_from_bytes(const void* bytes, size_t size, const char* folder, ingot_builder** builder) {
  return guard([&] {
    require(bytes != nullptr && builder != nullptr, "bytes");
    // Plans share the weights of the model and outlive the builder: they need bytes that are theirs.
    const auto* first = static_cast<const std::byte*>(bytes);
    const auto copy = std::make_shared<const std::vector<std::byte>>(first, first + size);
    const ingot::Bytes view{copy->data(), copy->size()};
    auto made = std::make_unique<ingot_builder>();
    made->model =
        std::make_shared<ingot::onnx::Model>(ingot::onnx::parse_model(view, copy, folder != nullptr ? folder : ""));
    made->name = "model";
    made->hash = ingot::hash128(view).hex();
    *builder = made.release();
  });
}

void ingot_builder_release(ingot_builder* builder) { delete builder; }

ingot_error* ingot_build_option_check(const char* name, const char* value) {
  return guard([&] {
    require(name != nullptr && value != nullptr, "option");
    ingot::service::Options options;
    ingot::service::set_option(options, name, value);
  });
}

ingot_error* ingot_builder_set_option(ingot_builder* builder, const char* name, const char* value) {
  return guard([&] {
    require(builder != nullptr && name != nullptr && value != nullptr, "builder, name or value");
    ingot::service::set_option(builder->options, name, value);
  });
}

const char* ingot_build_options_json(void) {
  static const std::string text = [] {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& option : ingot::service::option_rows()) {
      list.push_back({{"name", option.name}, {"default", option.default_value}, {"doc", option.doc}});
    }
    return list.dump();
  }();
  return text.c_str();
}

void ingot_builder_set_progress(ingot_builder* builder, int (*callback)(void*, const char*, size_t, size_t),
                                void* user) {
  if (builder == nullptr) return;
  builder->progress = nullptr;
  if (callback == nullptr) return;
  builder->progress = [callback, user](std::string_view stage, size_t done, size_t total) {
    return callback(user, std::string(stage).c_str(), done, total) != 0;
  };
}

ingot_error* ingot_build(ingot_builder* builder, ingot_plan** plan) {
  return guard([&] {
    require(builder != nullptr && plan != nullptr, "builder");
    auto result =
        ingot::service::cached_build(*builder->model, builder->name, builder->hash, builder->options,
                                     ingot::api::registered_custom_operators(), ingot::Progress(builder->progress));
    builder->report = std::move(result.report_json);
    builder->dump = std::move(result.dump);
    *plan = new ingot_plan{std::make_shared<const ingot::plan::Plan>(std::move(result.plan)), {}, {}, {}};
  });
}

const char* ingot_builder_report_json(const ingot_builder* builder) {
  return builder != nullptr ? builder->report.c_str() : "{}";
}
const char* ingot_builder_dump(const ingot_builder* builder) { return builder != nullptr ? builder->dump.c_str() : ""; }

ingot_error* ingot_plan_bytes(const ingot_plan* plan, void** bytes, size_t* size) {
  return guard([&] {
    require(plan != nullptr && bytes != nullptr && size != nullptr, "plan or bytes");
    const auto serialized = ingot::plan::serialize_plan(*plan->plan);
    auto* copy = new char[serialized.size()];
    std::memcpy(copy, serialized.data(), serialized.size());
    *bytes = copy;
    *size = serialized.size();
  });
}

ingot_error* ingot_plan_respecialize(const ingot_plan* plan, ingot_plan** result) {
  return guard([&] {
    require(plan != nullptr && result != nullptr, "plan");
    auto made = ingot::compiler::respecialize(*plan->plan);
    *result = new ingot_plan{std::make_shared<const ingot::plan::Plan>(std::move(made)), {}, {}, {}};
  });
}

}  // extern "C"
