#include "onnx/convert/converters.h"

#include <unordered_map>
#include <vector>

namespace ingot::onnx {

std::span<const Converter> all_converters() {
  static const std::vector<Converter> all = [] {
    std::vector<Converter> rows;
    for (const auto table :
         {pointwise_converters(), movement_converters(), nn_converters(), norm_converters(), resample_converters(),
          math_converters(), recurrent_converters(), attention_converters(), quantization_converters(),
          control_flow_converters(), generator_converters(), signal_converters(), text_converters(), ml_converters(),
          training_converters(), microsoft_converters()}) {
      rows.insert(rows.end(), table.begin(), table.end());
    }
    return rows;
  }();
  return all;
}

const Converter* find_converter(std::string_view domain, std::string_view op_type, int64_t opset) {
  static const auto by_name = [] {
    std::unordered_multimap<std::string, const Converter*> map;
    for (const Converter& row : all_converters()) map.emplace(std::string(row.domain) + ":" + row.op_type, &row);
    return map;
  }();
  const auto [first, last] = by_name.equal_range(std::string(domain) + ":" + std::string(op_type));
  for (auto it = first; it != last; ++it) {
    if (it->second->since <= opset && opset <= it->second->until) return it->second;
  }
  return nullptr;
}

}  // namespace ingot::onnx
