// The tuning database as people see it: list, merge, pin.
#include <nlohmann/json.hpp>

#include "api/guard.h"
#include "ingot/ingot.h"
#include "plan/plan.h"
#include "tune/tuner.h"

using ingot::api::guard;
using ingot::api::require;
using ingot::tuning::Database;
using nlohmann::json;

namespace {

std::filesystem::path path_of(const char* database) {
  std::filesystem::path path = database != nullptr && *database != 0 ? database : ingot::tuning::default_database();
  if (path.empty()) {
    ingot::fail(ingot::Code::kNotFound, "no tuning database: give one, or set INGOT_CACHE_DIR or HOME");
  }
  return path;
}

// One that a person names has to exist; the default may be empty.
Database read_named(const char* name) {
  const auto path = path_of(name);
  if (name != nullptr && *name != 0 && !std::filesystem::exists(path)) {
    ingot::fail(ingot::Code::kNotFound, "there is no tuning database {}", path.string());
  }
  return Database::read(path);
}

void hand_out(const json& value, char** text) {
  *text = ingot::api::copy_text(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace

extern "C" {

ingot_error* ingot_tuning_list(const char* database, char** text) {
  return guard([&] {
    require(text != nullptr, "text");
    json list = json::array();
    const Database known = read_named(database);
    for (const auto& [key, entry] : known.entries()) {
      list.push_back({{"problem", key.problem},
                      {"isa", key.isa},
                      {"cpu", key.cpu},
                      {"threads", key.threads},
                      {"best", entry.best},
                      {"ns", entry.ns},
                      {"model", entry.model},
                      {"pinned", entry.pinned},
                      {"ignored", ingot::tune::reason_to_ignore(key)}});
    }
    hand_out({{"database", path_of(database).string()},
              {"shipped", ingot::tuning::shipped_database().string()},
              {"entries", list}},
             text);
  });
}

ingot_error* ingot_tuning_merge(const char* source, const char* database, char** text) {
  return guard([&] {
    require(text != nullptr, "text");
    const auto path = path_of(database);
    ingot::tuning::save(read_named(source), path);
    hand_out({{"database", path.string()}, {"entries", Database::read(path).entries().size()}}, text);
  });
}

ingot_error* ingot_tuning_pin(const char* database, const char* problem, const char* kernel, int threads) {
  return guard([&] {
    require(problem != nullptr && *problem != 0, "problem");
    const auto path = path_of(database);
    const int count = threads > 0 ? threads : ingot::cpu_features().cores;
    const auto key = ingot::tune::key_of(problem, ingot::kernels::this_machine(count));
    if (kernel == nullptr || *kernel == 0) {
      ingot::tuning::update(path, [&](Database& known) {
        if (!known.erase(key)) ingot::fail(ingot::Code::kNotFound, "the database knows nothing of '{}'", problem);
      });
      return;
    }
    if (ingot::kernels::find_row(kernel) == nullptr) {
      ingot::fail(ingot::Code::kInvalidArgument, "there is no kernel '{}'", kernel);
    }
    ingot::tuning::update(path, [&](Database& known) {
      ingot::tuning::Entry entry{kernel, {}, true};
      if (const auto* measured = known.find(key); measured != nullptr) entry.ns = measured->ns;
      known.put(key, std::move(entry));
    });
  });
}

}  // extern "C"
