// Fields of operators: declared once by `fields()`, visited by printing, parsing, hashing, comparing and saving.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tensor/dim.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"
#include "tensor/type.h"

namespace ingot {

class Op;
struct TileInstruction;

// One overload per kind of field. A visitor may read or overwrite the field.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void visit(const char* name, int64_t& field) = 0;
  virtual void visit(const char* name, double& field) = 0;
  virtual void visit(const char* name, bool& field) = 0;
  virtual void visit(const char* name, std::string& field) = 0;
  virtual void visit(const char* name, DType& field) = 0;
  virtual void visit(const char* name, std::vector<int64_t>& field) = 0;
  virtual void visit(const char* name, std::vector<double>& field) = 0;
  virtual void visit(const char* name, std::vector<std::string>& field) = 0;
  virtual void visit(const char* name, DimShape& field) = 0;
  virtual void visit(const char* name, Tensor& field) = 0;
  virtual void visit(const char* name, Type& field) = 0;
  // Straight-line code of a fused group: (operator, operand indices) each.
  virtual void visit(const char* name, std::vector<TileInstruction>& field) = 0;
  // `value` indexes `names`, the text forms of an enumeration in order.
  virtual void visit_enum(const char* name, int64_t& value, std::span<const char* const> names) = 0;
};

template <class T, class M> struct Field {
  const char* name;
  M T::*member;
};
template <class T, class M> constexpr Field<T, M> field(const char* name, M T::*member) { return {name, member}; }

// An enumeration used as a field specialises this with `static constexpr const char* kNames[]`, in enumerator order.
template <class E> struct EnumNames;
template <class E> const char* enum_name(E value) { return EnumNames<E>::kNames[static_cast<size_t>(value)]; }

template <class T> void visit_fields(T& value, FieldVisitor& visitor) {
  std::apply(
      [&](const auto&... each) {
        [[maybe_unused]] const auto one = [&](const auto& declared) {
          auto& member = value.*declared.member;
          using M = std::remove_reference_t<decltype(member)>;
          if constexpr (std::is_enum_v<M> && !std::is_same_v<M, DType>) {
            auto number = static_cast<int64_t>(member);
            visitor.visit_enum(declared.name, number, EnumNames<M>::kNames);
            member = static_cast<M>(number);
          } else {
            visitor.visit(declared.name, member);
          }
        };
        (one(each), ...);
      },
      T::fields());
}

}  // namespace ingot
