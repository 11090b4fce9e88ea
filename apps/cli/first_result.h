// Where the time to the first result of a session on an accelerator went.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ingot::cli {

// Seconds since this process began, to a hundredth.
double process_seconds();
// `device`: of a session's description; one line for people.
std::string preparation_text(const nlohmann::json& device);

}  // namespace ingot::cli
