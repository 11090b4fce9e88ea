// A visitor of operators' fields that does nothing: a base for visitors that look for one kind.
#pragma once
#include "ops/field.h"

namespace ingot {

class FieldIgnorer : public FieldVisitor {
 public:
  void visit(const char*, int64_t&) override {}
  void visit(const char*, double&) override {}
  void visit(const char*, bool&) override {}
  void visit(const char*, std::string&) override {}
  void visit(const char*, DType&) override {}
  void visit(const char*, std::vector<int64_t>&) override {}
  void visit(const char*, std::vector<double>&) override {}
  void visit(const char*, std::vector<std::string>&) override {}
  void visit(const char*, DimShape&) override {}
  void visit(const char*, Tensor&) override {}
  void visit(const char*, Type&) override {}
  void visit(const char*, std::vector<TileInstruction>&) override {}
  void visit_enum(const char*, int64_t&, std::span<const char* const>) override {}
};

}  // namespace ingot
