// What `ingot explain` found as one HTML page that needs nothing else: styles and script are inside.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ingot::cli {

// `explained`: the JSON of ingot_session_explain. Every text from the model is escaped.
std::string explain_page(const nlohmann::json& explained);

}  // namespace ingot::cli
