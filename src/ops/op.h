// An operator: a type-erased value plus the definition (OpDef) of its kind.
#pragma once
#include <memory>
#include <string>

#include "ops/field.h"

namespace ingot {

class InferContext;
class EvalContext;

// What passes may assume of an operator.
enum OpTraits : uint32_t {
  kNoTraits = 0,
  kElementwise = 1 << 0,       // output element i depends on the (broadcast) input elements i alone
  kCommutative = 1 << 1,       // the two inputs may be swapped
  kMovesData = 1 << 2,         // copies elements, computes none of their values
  kNondeterministic = 1 << 3,  // never folded, never merged
  kControlFlow = 1 << 4,       // runs bodies
  kShapeOnly = 1 << 5,         // reads its first input's shape, never its content
};

// How far an implementation may be from the evaluation, for f32: |difference| <= ulp units in the last place of the
// result, plus `relative_sum` * u * (sum of the magnitudes added up) for operators that sum.
struct Accuracy {
  double ulp = 0;
  double relative_sum = 0;
};

struct OpDef {
  // Given by the operator's author.
  const char* name;  // unique, snake_case
  const char* doc;   // one formula or sentence
  int min_inputs;    // trailing optional inputs may be absent
  int max_inputs;    // -1: any number
  int outputs;       // -1: the operator's fields or inputs decide; infer sets as many as there are
  uint32_t traits = kNoTraits;
  Accuracy accuracy = {};

  // Filled by define_op.
  void (*infer)(const void* fields, InferContext& context) = nullptr;
  void (*eval)(const void* fields, EvalContext& context) = nullptr;
  void (*visit)(void* fields, FieldVisitor& visitor) = nullptr;
  std::shared_ptr<void> (*create)() = nullptr;
  std::shared_ptr<void> (*copy)(const void* fields) = nullptr;
};

// Immutable and cheap to copy. Equal when kind and fields are equal.
class Op {
 public:
  Op() = default;
  template <class T>
  requires requires { T::def.name; }
  Op(T value) : def_(&T::def), fields_(std::make_shared<const T>(std::move(value))) {}
  // Fields as `create` made them; for readers of text and plans.
  Op(const OpDef* def, std::shared_ptr<const void> fields) : def_(def), fields_(std::move(fields)) {}

  explicit operator bool() const { return def_ != nullptr; }
  const OpDef& def() const { return *def_; }
  const char* name() const { return def_->name; }
  bool has(OpTraits trait) const { return (def_->traits & trait) != 0; }
  const void* fields() const { return fields_.get(); }
  template <class T> bool is() const { return def_ == &T::def; }
  // The fields when this is a T, else null.
  template <class T> const T* as() const { return is<T>() ? static_cast<const T*>(fields_.get()) : nullptr; }
  // "softmax{axis=1}"; fields at their default are left out.
  std::string text() const;
  uint64_t hash() const;
  bool operator==(const Op& other) const;

 private:
  const OpDef* def_ = nullptr;
  std::shared_ptr<const void> fields_;
};

// Parses what Op::text prints; throws kInvalidArgument naming the operator or field that is wrong.
Op parse_op(std::string_view text);

template <class T, void (*infer)(const T&, InferContext&), void (*eval)(const T&, EvalContext&)>
constexpr OpDef define_op(OpDef def) {
  def.infer = [](const void* fields, InferContext& context) { infer(*static_cast<const T*>(fields), context); };
  def.eval = [](const void* fields, EvalContext& context) { eval(*static_cast<const T*>(fields), context); };
  def.visit = [](void* fields, FieldVisitor& visitor) { visit_fields(*static_cast<T*>(fields), visitor); };
  def.create = []() -> std::shared_ptr<void> { return std::make_shared<T>(); };
  def.copy = [](const void* fields) -> std::shared_ptr<void> {
    return std::make_shared<T>(*static_cast<const T*>(fields));
  };
  return def;
}

}  // namespace ingot
