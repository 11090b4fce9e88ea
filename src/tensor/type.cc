#include "tensor/type.h"

#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int64_t kMaxTrackedElements = 64;  // shapes and slices are far shorter

}  // namespace

bool Type::operator==(const Type& other) const {
  if (kind != other.kind || dtype != other.dtype || key != other.key) return false;
  if ((element == nullptr) != (other.element == nullptr)) return false;
  return element == nullptr || *element == *other.element;
}

std::string Type::text() const {
  switch (kind) {
    case Kind::kTensor: return std::string(dtype_name(dtype));
    case Kind::kSequence: return "seq(" + element->text() + ")";
    case Kind::kOptional: return "opt(" + element->text() + ")";
    case Kind::kMap: return "map(" + std::string(dtype_name(key)) + "," + std::string(dtype_name(dtype)) + ")";
  }
  return "?";
}

Fact Fact::of(Tensor value) {
  Fact fact(value.dtype(), to_dims(value.shape()));
  if ((value.dtype() == DType::kI64 || value.dtype() == DType::kI32) && value.rank() <= 1 &&
      value.count() <= kMaxTrackedElements) {
    fact.elements = to_dims(to_ints(value));
  }
  fact.value = std::move(value);
  return fact;
}

std::string Fact::text() const {
  if (!type.is_tensor()) return type.text();
  return type.text() + (shape ? dims_text(*shape) : "[?]");
}

}  // namespace ingot
