// Names of devices.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace ingot::device {

// The devices of "cuda:0,1" (cuda:0, cuda:1), "cuda,cuda:2" or "null,null": at commas, a bare number is of the kind
// before it. Says nothing of whether they exist.
std::vector<std::string> device_names(const std::string& text);

// N of "cuda:N", 0 of "cuda"; none of other names.
std::optional<int> cuda_ordinal(const std::string& name);

}  // namespace ingot::device
