#include "ops/heads.h"

#include "tensor/elements.h"

namespace ingot {

Heads split_heads(const Tensor& tensor, int64_t heads, const char* what) {
  Heads result;
  if (tensor.rank() == 4) {
    result = {tensor.dim(0), tensor.dim(1), tensor.dim(2), tensor.dim(3), to_doubles(tensor)};
    return result;
  }
  if (tensor.rank() != 3 || heads < 1 || tensor.dim(2) % heads != 0) {
    fail(Code::kInvalidArgument, "{} {} does not split into {} heads", what, tensor.type_text(), heads);
  }
  result = {tensor.dim(0), heads, tensor.dim(1), tensor.dim(2) / heads, {}};
  const std::vector<double> values = to_doubles(tensor);
  result.values.resize(values.size());
  size_t at = 0;
  for (int64_t b = 0; b < result.batch; ++b) {
    for (int64_t t = 0; t < result.length; ++t) {
      for (int64_t h = 0; h < heads; ++h) {
        double* row = result.row(b, h, t);
        for (int64_t i = 0; i < result.size; ++i) row[i] = values[at++];
      }
    }
  }
  return result;
}

std::vector<double> join_heads(const Heads& heads) {
  std::vector<double> values;
  values.reserve(heads.values.size());
  for (int64_t b = 0; b < heads.batch; ++b) {
    for (int64_t t = 0; t < heads.length; ++t) {
      for (int64_t h = 0; h < heads.heads; ++h) {
        const double* row = heads.row(b, h, t);
        values.insert(values.end(), row, row + heads.size);
      }
    }
  }
  return values;
}

}  // namespace ingot
