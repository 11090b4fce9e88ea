#include "api/handles.h"

using ingot::Code;
using ingot::DType;
using ingot::Shape;
using ingot::Tensor;
using ingot::Value;
using ingot::api::checked_dtype;
using ingot::api::checked_shape;
using ingot::api::guard;
using ingot::api::host_value;
using ingot::api::require;

namespace {

ingot_value* wrap(Value value) { return new ingot_value{std::move(value)}; }

}  // namespace

extern "C" {

ingot_error* ingot_value_borrow(const ingot_tensor_type* type, const void* data, void* owner, void (*release)(void*),
                                ingot_value** value) {
  return guard([&] {
    require(type != nullptr, "type");
    require(value != nullptr, "value");
    const DType dtype = checked_dtype(type->dtype);
    if (dtype == DType::kString) ingot::fail(Code::kInvalidArgument, "strings are made by ingot_value_from_strings");
    Shape shape = checked_shape(type->shape, type->rank);
    require(data != nullptr || ingot::element_count(shape) == 0, "data");
    std::shared_ptr<const void> keeper;
    if (release != nullptr) keeper = {owner, release};
    *value = wrap(Tensor(dtype, std::move(shape), data, std::move(keeper)));
  });
}

ingot_error* ingot_value_allocate(const ingot_tensor_type* type, ingot_value** value) {
  return guard([&] {
    require(type != nullptr, "type");
    require(value != nullptr, "value");
    *value = wrap(Tensor(checked_dtype(type->dtype), checked_shape(type->shape, type->rank)));
  });
}

ingot_error* ingot_value_from_strings(const char* const* strings, const size_t* lengths, const int64_t* shape,
                                      size_t rank, ingot_value** value) {
  return guard([&] {
    require(value != nullptr, "value");
    Tensor tensor(DType::kString, checked_shape(shape, rank));
    require((strings != nullptr && lengths != nullptr) || tensor.count() == 0, "strings");
    for (int64_t i = 0; i < tensor.count(); ++i) tensor.mutable_data<std::string>()[i].assign(strings[i], lengths[i]);
    *value = wrap(std::move(tensor));
  });
}

ingot_error* ingot_value_sequence(const ingot_value* const* items, size_t count, ingot_value** value) {
  return guard([&] {
    require(value != nullptr && (items != nullptr || count == 0), "items");
    std::vector<Value> values;
    for (size_t i = 0; i < count; ++i) {
      require(items[i] != nullptr, "item");
      values.push_back(host_value(items[i]));
    }
    *value = wrap(Value::sequence(std::move(values)));
  });
}

ingot_error* ingot_value_map(const ingot_value* keys, const ingot_value* values, ingot_value** value) {
  return guard([&] {
    require(keys != nullptr && values != nullptr && value != nullptr, "keys or values");
    *value = wrap(Value::map(host_value(keys).tensor(), host_value(values).tensor()));
  });
}

ingot_value* ingot_value_none(void) { return new (std::nothrow) ingot_value{}; }
ingot_value* ingot_value_copy(const ingot_value* value) {
  return value != nullptr ? new (std::nothrow) ingot_value(*value) : nullptr;
}
void ingot_value_release(ingot_value* value) { delete value; }

ingot_kind ingot_value_kind(const ingot_value* value) {
  return value != nullptr ? static_cast<ingot_kind>(value->value.kind()) : INGOT_NONE;
}

ingot_error* ingot_value_tensor(const ingot_value* value, ingot_tensor* tensor) {
  return guard([&] {
    require(value != nullptr && tensor != nullptr, "value");
    const Tensor& held = value->value.tensor();
    const bool strings = held.dtype() == DType::kString;
    *tensor = {{static_cast<ingot_dtype>(held.dtype()), held.shape().size(), held.shape().data()},
               strings ? nullptr : held.raw()};
  });
}

ingot_error* ingot_value_mutable_data(ingot_value* value, void** data) {
  return guard([&] {
    require(value != nullptr && data != nullptr, "value");
    *data = value->value.mutable_tensor().mutable_raw();
  });
}

ingot_error* ingot_value_string(const ingot_value* value, size_t index, const char** text, size_t* length) {
  return guard([&] {
    require(value != nullptr && text != nullptr && length != nullptr, "value");
    const auto strings = host_value(value).tensor().span<std::string>();
    if (index >= strings.size()) ingot::fail(Code::kInvalidArgument, "string {} of {}", index, strings.size());
    *text = strings[index].data();
    *length = strings[index].size();
  });
}

size_t ingot_value_item_count(const ingot_value* value) {
  const bool has_items =
      value != nullptr && (value->value.kind() == Value::Kind::kSequence || value->value.kind() == Value::Kind::kMap);
  return has_items ? value->value.items().size() : 0;
}

ingot_error* ingot_value_item(const ingot_value* value, size_t index, ingot_value** item) {
  return guard([&] {
    require(value != nullptr && item != nullptr, "value");
    const auto& items = value->value.items();
    if (index >= items.size()) ingot::fail(Code::kInvalidArgument, "item {} of {}", index, items.size());
    *item = wrap(items[index]);
  });
}

}  // extern "C"
