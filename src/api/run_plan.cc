#include <fstream>

#include "api/handles.h"
#include "base/cpu.h"
#include "base/mapped_file.h"

using ingot::api::copy_text;
using ingot::api::guard;
using ingot::api::require;

namespace {

std::string target_text(const std::string& version, uint64_t abi, const std::string& isa, const std::string& cpu) {
  return fmt::format("ingot {}, kernel interface {}, {}, {}", version, abi, isa, cpu);
}

}  // namespace

extern "C" {

ingot_error* ingot_plan_load(const char* path, int verify_weights, ingot_plan** plan) {
  return guard([&] {
    require(path != nullptr && plan != nullptr, "path");
    auto loaded = std::make_shared<const ingot::plan::Plan>(ingot::plan::read_plan(path));
    if (verify_weights != 0) {
      ingot::with_frame([&] { return std::string("file ") + path; },
                        [&] { ingot::plan::verify_plan_bytes(ingot::MappedFile::open(path)->bytes()); });
    }
    *plan = new ingot_plan{std::move(loaded), {}, {}, {}};
  });
}

ingot_error* ingot_plan_from_bytes(const void* bytes, size_t size, ingot_plan** plan) {
  return guard([&] {
    require(bytes != nullptr && plan != nullptr, "bytes");
    auto parsed = ingot::plan::parse_plan({static_cast<const std::byte*>(bytes), size}, nullptr);
    *plan = new ingot_plan{std::make_shared<const ingot::plan::Plan>(std::move(parsed)), {}, {}, {}};
  });
}

ingot_error* ingot_plan_save(const ingot_plan* plan, const char* path) {
  return guard([&] {
    require(plan != nullptr && path != nullptr, "plan or path");
    ingot::plan::write_plan(*plan->plan, path);
  });
}

void ingot_plan_release(ingot_plan* plan) { delete plan; }

const char* ingot_target_text(void) {
  static const std::string text = target_text(INGOT_LIBRARY_VERSION, ingot::plan::kernel_abi(),
                                              ingot::isa_name(ingot::cpu_isa()), ingot::cpu_features().model);
  return text.c_str();
}

const char* ingot_plan_target_text(const ingot_plan* plan) {
  if (plan == nullptr) return "";
  const auto& info = plan->plan->info;
  if (plan->target.empty()) {
    plan->target = target_text(info.library_version, info.kernel_abi, info.target_isa, info.target_cpu);
  }
  return plan->target.c_str();
}

const char* ingot_plan_text(const ingot_plan* plan) {
  if (plan == nullptr) return "";
  if (plan->text.empty()) plan->text = ingot::plan::plan_text(*plan->plan);
  return plan->text.c_str();
}

const char* ingot_plan_json(const ingot_plan* plan) {
  if (plan == nullptr) return "{}";
  if (plan->json.empty()) plan->json = ingot::api::plan_json(*plan->plan);
  return plan->json.c_str();
}

ingot_error* ingot_plan_diff(const ingot_plan* before, const ingot_plan* after, char** text) {
  return guard([&] {
    require(before != nullptr && after != nullptr && text != nullptr, "plan");
    *text = copy_text(ingot::plan::diff_plans(*before->plan, *after->plan));
  });
}

void ingot_string_release(char* text) { delete[] text; }

int ingot_is_plan_file(const char* path) {
  if (path == nullptr) return 0;
  char head[8] = {};
  std::ifstream file(path, std::ios::binary);
  file.read(head, sizeof(head));
  return file && ingot::plan::is_plan(std::as_bytes(std::span(head))) ? 1 : 0;
}

}  // extern "C"
