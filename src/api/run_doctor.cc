#include <nlohmann/json.hpp>

#include "api/guard.h"
#include "base/cpu.h"
#include "base/knobs.h"
#include "device/device.h"
#include "ingot/ingot_runtime.h"
#include "kernels/kernel.h"

extern "C" ingot_error* ingot_device_check(const char* device) {
  return ingot::api::guard([&] {
    ingot::api::require(device != nullptr, "device");
    if (std::string(device) != "cpu") ingot::device::check_device(device);
  });
}

extern "C" const char* ingot_doctor_json(void) {
  static const std::string text = [] {
    const ingot::CpuFeatures& cpu = ingot::cpu_features();
    nlohmann::json result = {{"version", ingot_version()},
                             {"cpu",
                              {{"model", cpu.model},
                               {"microarchitecture", cpu.microarchitecture},
                               {"cores", cpu.cores},
                               {"isa", ingot::isa_name(ingot::cpu_isa())},
                               {"features",
                                {{"avx2", cpu.avx2 && cpu.fma},
                                 {"avx512", cpu.avx512},
                                 {"avx512_vnni", cpu.avx512_vnni},
                                 {"avx512_bf16", cpu.avx512_bf16},
                                 {"avx512_fp16", cpu.avx512_fp16},
                                 {"amx_bf16", cpu.amx_bf16},
                                 {"amx_int8", cpu.amx_int8}}},
                               {"cache_bytes", {{"l1d", cpu.l1d_bytes}, {"l2", cpu.l2_bytes}, {"l3", cpu.l3_bytes}}}}},
                             {"knobs", nlohmann::json::array()},
                             {"kernels", nlohmann::json::object()}};
    for (const ingot::Knob* knob : ingot::all_knobs()) {
      result["knobs"].push_back(
          {{"name", knob->name}, {"value", knob->get()}, {"default", knob->default_value}, {"doc", knob->doc}});
    }
    for (const auto* family : ingot::kernels::all_families()) {
      nlohmann::json rows = nlohmann::json::array();
      for (const auto& row : family->rows) {
        const bool usable = row.isa <= ingot::cpu_isa();
        rows.push_back({{"name", row.name}, {"usable", usable}});
      }
      result["kernels"][family->name] = {{"doc", family->doc}, {"rows", rows}};
    }
    result["components"] = nlohmann::json::array();
    for (const auto& part : ingot::device::cuda_parts()) {
      result["components"].push_back({{"name", part.name}, {"found", part.found}, {"detail", part.detail}});
    }
    return result.dump();
  }();
  return text.c_str();
}
