// What a run of many cases came to, as text and as JSON.
#pragma once
#include <string>
#include <vector>

#include "conformance/workers.h"

namespace ingot::conformance {

// Passed and all cases of every folder; unless `device` is "cpu", by where the steps ran.
std::string report_text(const std::vector<Case>& cases, const std::vector<Outcome>& outcomes,
                        const std::string& device);
// {"folders": {folder: {"passed", "total"}}, "cases": [{"case", "passed", "reason", "seconds"}…]}; unless `device` is
// "cpu" also "places": {folder: {place: {"passed", "total"}}}, the cases' "place", and "device" as device_json has it.
std::string report_json(const std::vector<Case>& cases, const std::vector<Outcome>& outcomes,
                        const std::string& device);

}  // namespace ingot::conformance
