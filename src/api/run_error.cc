#include "api/guard.h"
#include "base/log.h"
#include "base/option_name.h"

extern "C" {

const char* ingot_version(void) { return INGOT_LIBRARY_VERSION; }

ingot_error* ingot_error_create(ingot_code code, const char* message) {
  return ingot::api::make_error(code, message != nullptr ? message : "");
}
ingot_code ingot_error_code(const ingot_error* error) { return error != nullptr ? error->code : INGOT_OK; }
const char* ingot_error_message(const ingot_error* error) { return error != nullptr ? error->message.c_str() : ""; }
void ingot_error_release(ingot_error* error) { delete error; }

size_t ingot_name_distance(const char* name, const char* valid) {
  return ingot::name_distance(name != nullptr ? name : "", valid != nullptr ? valid : "");
}

void ingot_set_log(int least_level, void (*sink)(void*, int, const char*), void* user) {
  ingot::set_log_level(static_cast<ingot::LogLevel>(least_level < 0 ? 0 : least_level > 4 ? 4 : least_level));
  if (sink == nullptr) {
    ingot::set_log_sink({});
    return;
  }
  ingot::set_log_sink([sink, user](ingot::LogLevel level, std::string_view line) {
    sink(user, static_cast<int>(level), std::string(line).c_str());
  });
}

}  // extern "C"
