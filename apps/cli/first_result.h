// Where the time to the first result of a session on an accelerator went.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ingot::cli {

// Seconds since this process began, to a hundredth.
double process_seconds();
// `device`: of a session's description; one line for people.
std::string preparation_text(const nlohmann::json& device);
// Of its memory, and how far that is above what weights and the largest set of values alive at once take.
std::string device_memory_text(const nlohmann::json& device);

}  // namespace ingot::cli
