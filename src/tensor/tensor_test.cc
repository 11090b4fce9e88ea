// Types, shapes, tensors and values.
#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "tensor/type.h"
#include "tensor/value.h"

namespace ingot {
namespace {

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

Code code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return Code{};
}

TEST(DType, NamesAreUniqueAndParseBack) {
  std::set<std::string_view> names, onnx_names;
  for (int number = 1; number < kDTypeCount; ++number) {
    const auto dtype = static_cast<DType>(number);
    EXPECT_EQ(parse_dtype(dtype_name(dtype)), dtype);
    names.insert(dtype_name(dtype));
    onnx_names.insert(onnx_name(dtype));
    EXPECT_GT(dtype_bits(dtype), 0);
    EXPECT_LE(is_float(dtype) + is_int(dtype) + is_complex(dtype), 1);
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kDTypeCount - 1));
  EXPECT_EQ(onnx_names.size(), static_cast<size_t>(kDTypeCount - 1));
  EXPECT_EQ(parse_dtype("float"), DType::kUndefined);
  EXPECT_FALSE(is_valid_dtype(0));
  EXPECT_FALSE(is_valid_dtype(kDTypeCount));
  EXPECT_FALSE(is_valid_dtype(-1));
}

TEST(Shape, CountsStridesAndText) {
  const Shape shape = {2, 3, 4};
  EXPECT_EQ(element_count(shape), 24);
  EXPECT_EQ(element_count(Shape{}), 1);
  EXPECT_EQ(element_count(Shape{5, 0, 7}), 0);
  EXPECT_EQ(row_major_strides(shape), (Shape{12, 4, 1}));
  EXPECT_EQ(shape_text(shape), "[2,3,4]");
  EXPECT_EQ(code_of([] { element_count(Shape{2, -1}); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([] { element_count(Shape{kHuge, 2}); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([] { element_count(Shape{0, kHuge, 2}); }), Code::kInvalidArgument);
}

TEST(Shape, BroadcastsAsNumPy) {
  EXPECT_EQ(broadcast_shapes(Shape{3, 1}, Shape{2, 1, 4}), (Shape{2, 3, 4}));
  EXPECT_EQ(broadcast_shapes(Shape{}, Shape{2}), (Shape{2}));
  EXPECT_EQ(broadcast_shapes(Shape{0}, Shape{1}), (Shape{0}));
  EXPECT_EQ(code_of([] { broadcast_shapes(Shape{2}, Shape{3}); }), Code::kInvalidArgument);
  EXPECT_EQ(normalize_axis(-1, 3), 2);
  EXPECT_EQ(code_of([] { normalize_axis(3, 3); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([] { normalize_axis(0, 0); }), Code::kInvalidArgument);
}

TEST(Tensor, StartsAsZerosOnACacheLine) {
  for (int number = 1; number < kDTypeCount; ++number) {
    const auto dtype = static_cast<DType>(number);
    const Tensor tensor(dtype, {3, 5});
    if (dtype == DType::kString) {
      EXPECT_EQ(tensor.data<std::string>()[14], "");
      continue;
    }
    EXPECT_EQ(tensor.byte_size(), (15 * dtype_bits(dtype) + 7) / 8);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.raw()) % 64, 0u);
    for (const std::byte byte : tensor.bytes()) EXPECT_EQ(byte, std::byte{0});
  }
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  Tensor tensor = Tensor::of<float>({2}, {1, 2});
  const Tensor shared = tensor;
  const Tensor cloned = tensor.clone();
  tensor.mutable_data<float>()[0] = 9;
  EXPECT_EQ(shared.data<float>()[0], 9);
  EXPECT_EQ(cloned.data<float>()[0], 1);
  EXPECT_FALSE(identical(shared, cloned));
  EXPECT_TRUE(identical(shared, tensor));
  const Tensor words = Tensor::of<std::string>({2}, {"a", "b"});
  EXPECT_TRUE(identical(words, words.clone()));
}

TEST(Tensor, ReshapedKeepsTheBytesAndTheCount) {
  const Tensor tensor = Tensor::of<int32_t>({2, 3}, {0, 1, 2, 3, 4, 5});
  const Tensor other = tensor.reshaped({3, 2});
  EXPECT_EQ(other.raw(), tensor.raw());
  EXPECT_EQ(other.type_text(), "i32[3,2]");
  EXPECT_EQ(code_of([&] { tensor.reshaped({7}); }), Code::kInvalidArgument);
}

TEST(Tensor, BorrowedBytesStayAliveWithTheirOwner) {
  auto owner = std::make_shared<std::vector<float>>(4, 2.5f);
  const std::weak_ptr<std::vector<float>> watch = owner;
  {
    const float* data = owner->data();
    const Tensor tensor(DType::kF32, {4}, data, std::move(owner));
    EXPECT_EQ(tensor.span<float>()[3], 2.5f);
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, ImpossibleSizesAreErrors) {
  for (const auto& make : {+[](DType dtype, int64_t count) { return Tensor(dtype, {count}); },
                           +[](DType dtype, int64_t count) { return Tensor::uninitialized(dtype, {count}); }}) {
    EXPECT_EQ(code_of([&] { make(DType::kU8, kHuge); }), Code::kOutOfMemory);
    EXPECT_EQ(code_of([&] { make(DType::kI4, kHuge); }), Code::kOutOfMemory);
    EXPECT_EQ(code_of([&] { make(DType::kU8, kHuge - 63); }), Code::kOutOfMemory);
    EXPECT_EQ(code_of([&] { make(DType::kF32, kHuge); }), Code::kInvalidArgument);
    EXPECT_EQ(code_of([&] { make(DType::kString, kHuge / 16); }), Code::kOutOfMemory);
    EXPECT_EQ(code_of([&] { make(DType::kUndefined, 1); }), Code::kInvalidArgument);
  }
}

TEST(Tensor, ReadingAsAnotherTypeIsAnInternalError) {
  const Tensor tensor = Tensor::scalar<float>(1);
  EXPECT_EQ(code_of([&] { tensor.data<int32_t>(); }), Code::kInternal);
}

TEST(Value, AccessOfTheWrongKindIsAnError) {
  const Value none, tensor(Tensor::scalar<float>(1)), sequence = Value::sequence({tensor, none});
  EXPECT_TRUE(none.is_none());
  EXPECT_EQ(sequence.items().size(), 2u);
  EXPECT_EQ(code_of([&] { none.tensor(); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { tensor.items(); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([&] { sequence.tensor(); }), Code::kInvalidArgument);
}

TEST(Value, MapsHoldAsManyKeysAsValues) {
  const Value map = Value::map(Tensor::of<int64_t>({2}, {7, 8}), Tensor::of<float>({2}, {1, 2}));
  EXPECT_EQ(map.map_keys().data<int64_t>()[1], 8);
  EXPECT_EQ(map.map_values().data<float>()[1], 2);
  EXPECT_EQ(code_of([] { Value::map(Tensor(DType::kI64, {2}), Tensor(DType::kF32, {3})); }), Code::kInvalidArgument);
}

TEST(Type, NestedTypesCompareAndPrintByStructure) {
  const Type sequence = Type::sequence(Type::tensor(DType::kF32));
  EXPECT_EQ(sequence, Type::sequence(Type::tensor(DType::kF32)));
  EXPECT_FALSE(sequence == Type::optional(Type::tensor(DType::kF32)));
  EXPECT_FALSE(sequence == Type::sequence(Type::tensor(DType::kF16)));
  EXPECT_EQ(Type::optional(sequence).text(), "opt(seq(f32))");
  EXPECT_EQ(Type::map(DType::kI64, DType::kF32).text(), "map(i64,f32)");
}

TEST(Fact, OfAConstantKnowsShapeValueAndSmallElements) {
  const Fact fact = Fact::of(Tensor::of<int64_t>({2}, {4, -1}));
  EXPECT_EQ(fact.text(), "i64[2]");
  EXPECT_EQ(dims_text(*fact.elements), "[4,-1]");
  EXPECT_TRUE(fact.value.has_value());
  EXPECT_TRUE(Fact::of(Tensor(DType::kF32, {2})).elements.has_value());
  EXPECT_FALSE(Fact::of(Tensor::scalar(0.5f)).elements.has_value());
  EXPECT_FALSE(Fact::of(Tensor::scalar(0x1p25f)).elements.has_value()) << "may have been rounded";
  EXPECT_FALSE(Fact::of(Tensor(DType::kF16, {2})).elements.has_value());
  EXPECT_FALSE(Fact::of(Tensor(DType::kI64, {1000})).elements.has_value());
  EXPECT_EQ(Fact(DType::kF32, std::nullopt).text(), "f32[?]");
  EXPECT_EQ(Fact(DType::kF32, DimShape{Dim::symbol("n"), 3}).text(), "f32[n,3]");
}

}  // namespace
}  // namespace ingot
