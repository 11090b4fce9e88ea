// What `ingot bench --layers` tells of a plan's steps.
#pragma once
#include <ingot/ingot.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ingot::cli {

// [{"step","name","kernel","nodes","start_ns","duration_ns","flops","bytes","gflops","gbps","bound","roofline"}…]: the
// median of several profiled runs; steps on a device by its clock. Rates are left out where time or work is not known.
nlohmann::json profile_layers(const Session& session, const std::vector<Value>& inputs);
// Of those, by operator and kernel, the longest first; rates and shares of the roofline are of the time that has them.
std::string layer_table(const nlohmann::json& layers);
// What steps with a choice on the device run as, and why.
void print_choices(const nlohmann::json& choices);

}  // namespace ingot::cli
