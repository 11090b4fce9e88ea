// What every operator of the list owes: documentation, text and bytes that read back, defaults.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <set>

#include "ops/binary.h"
#include "ops/eval.h"
#include "ops/fused.h"
#include "ops/op_io.h"
#include "ops/ops.h"
#include "ops/unary.h"

namespace ingot {
namespace {

// Gives every field a value that is not its default and is hard to print.
class FieldScrambler : public FieldVisitor {
 public:
  void visit(const char*, int64_t& v) override { v = v == INT64_MIN ? 7 : INT64_MIN; }
  void visit(const char*, double& v) override { v = v == 0.1 ? 0.2 : 0.1; }
  void visit(const char*, bool& v) override { v = !v; }
  void visit(const char*, std::string& v) override { v = "a \"quoted\\\" [text],\n{x=1}\x01"; }
  void visit(const char*, DType& v) override { v = v == DType::kI4 ? DType::kF16 : DType::kI4; }
  void visit(const char*, std::vector<int64_t>& v) override { v = {INT64_MAX, -1}; }
  void visit(const char*, std::vector<double>& v) override { v = {1e-300, -std::numeric_limits<double>::infinity()}; }
  void visit(const char*, std::vector<std::string>& v) override { v = {"", "],\"", "\xc3\xa4\t"}; }
  void visit(const char*, DimShape& v) override {
    v = {Dim::floor_div(Dim::symbol("h w") + Dim(1), 2), Dim::max(Dim::symbol("?3"), Dim(4)), Dim(-1)};
  }
  void visit(const char*, Tensor& v) override {
    v = next_++ % 2 == 0 ? Tensor::of<int64_t>({2, 1}, {INT64_MAX, INT64_MIN + 1})
                         : Tensor::of<std::string>({2}, {"x\ny", "[,\\"});
  }
  void visit(const char*, Type& v) override { v = Type::optional(Type::sequence(Type::tensor(DType::kBF16))); }
  void visit(const char*, std::vector<TileInstruction>& v) override {
    v = {{Unary{UnaryFn::kLeakyRelu, 0.1}, {0}}, {Binary{BinaryFn::kMul}, {1, 2}}};
  }
  void visit_enum(const char*, int64_t& value, std::span<const char* const> names) override {
    value = value + 1 < static_cast<int64_t>(names.size()) ? value + 1 : 0;
  }

 private:
  int next_ = 0;
};

Op scrambled(const OpDef& def) {
  const auto fields = def.create();
  FieldScrambler scrambler;
  def.visit(fields.get(), scrambler);
  return Op(&def, fields);
}

Op through_bytes(const Op& op) {
  ByteWriter writer;
  write_op(writer, op);
  ByteReader reader(writer.bytes(), Code::kInvalidPlan, "bytes");
  return read_op(reader);
}

TEST(AllOps, HaveNamesDocumentationAndFunctions) {
  std::set<std::string> names;
  for (const OpDef* def : all_ops()) {
    EXPECT_TRUE(names.insert(def->name).second) << def->name << " is listed twice";
    EXPECT_EQ(find_op(def->name), def);
    EXPECT_EQ(std::string(def->name).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos)
        << def->name;
    EXPECT_GT(std::strlen(def->doc), 10u) << def->name << " has no documentation";
    EXPECT_TRUE(def->infer != nullptr && def->eval != nullptr && def->visit != nullptr) << def->name;
    EXPECT_TRUE(def->max_inputs < 0 || def->min_inputs <= def->max_inputs) << def->name;
  }
}

TEST(AllOps, PrintOnlyTheirNameWithDefaultFields) {
  for (const OpDef* def : all_ops()) EXPECT_EQ(Op(def, def->create()).text(), def->name);
}

TEST(AllOps, ReadBackFromTextAndBytesWithDefaultFields) {
  for (const OpDef* def : all_ops()) {
    const Op op(def, def->create());
    EXPECT_TRUE(parse_op(op.text()) == op) << def->name;
    EXPECT_TRUE(through_bytes(op) == op) << def->name;
  }
}

TEST(AllOps, ReadBackFromTextAndBytesWithEveryFieldSet) {
  for (const OpDef* def : all_ops()) {
    const Op op = scrambled(*def);
    EXPECT_TRUE(parse_op(op.text()) == op) << op.text() << "\n" << parse_op(op.text()).text();
    EXPECT_TRUE(through_bytes(op) == op) << op.text();
    EXPECT_EQ(through_bytes(op).hash(), op.hash()) << op.text();
  }
}

TEST(AllOps, RefuseTooFewInputsWithAnErrorOfTheirOwn) {
  EvalHost host;
  for (const OpDef* def : all_ops()) {
    if (def->min_inputs == 0) continue;
    EXPECT_THROW(evaluate(Op(def, def->create()), {}, host), Error) << def->name;
  }
}

}  // namespace
}  // namespace ingot
