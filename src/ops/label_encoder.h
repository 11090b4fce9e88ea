// A table from values to values.
#pragma once
#include "ops/op.h"

namespace ingot {

// y = values[i] where x = keys[i] (NaN equals NaN; of equal keys the first counts), else `missing` (one element). keys
// has the type of x; values and missing have that of y.
struct LabelEncoder {
  Tensor keys, values, missing;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("keys", &LabelEncoder::keys), field("values", &LabelEncoder::values),
                           field("missing", &LabelEncoder::missing));
  }
};

// One more axis with 1 at the category that x is and 0 elsewhere (f32). Without `zeros` an unknown x is an error.
// Categories are strings or i64; other numbers are truncated to i64.
struct OneHotEncoder {
  Tensor categories;
  bool zeros = true;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("categories", &OneHotEncoder::categories), field("zeros", &OneHotEncoder::zeros));
  }
};

// Positions of keys in a list, for lookup of elements of tensors of the same type.
class KeyTable {
 public:
  // Strings, or numbers compared as doubles (i64: exactly).
  explicit KeyTable(const Tensor& keys);
  ~KeyTable();
  // -1 when absent.
  int64_t find(const Tensor& tensor, int64_t index) const;

 private:
  struct Maps;
  std::unique_ptr<Maps> maps_;
};

}  // namespace ingot
