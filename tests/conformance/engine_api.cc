// Only the C interface is used here: ingot.hpp's classes share names with the library's own.
#include <ingot/ingot.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "conformance/engine.h"

namespace ingot::conformance {
namespace {

template <class Handle, void (*release)(Handle*)> struct Release {
  void operator()(Handle* handle) const { release(handle); }
};
template <class Handle, void (*release)(Handle*)> using Owned = std::unique_ptr<Handle, Release<Handle, release>>;
using OwnedValue = Owned<ingot_value, ingot_value_release>;

void check(ingot_error* error) {
  if (error == nullptr) return;
  const auto code = static_cast<Code>(ingot_error_code(error));
  std::string message = ingot_error_message(error);
  ingot_error_release(error);
  std::replace(message.begin(), message.end(), '\n', ';');
  throw Error(code, std::move(message));
}

OwnedValue to_handle(const Value& value);

OwnedValue tensor_handle(const Tensor& tensor) {
  ingot_value* handle = nullptr;
  const Shape& shape = tensor.shape();
  if (tensor.dtype() == DType::kString) {
    std::vector<const char*> texts;
    std::vector<size_t> lengths;
    for (const std::string& text : tensor.span<std::string>()) {
      texts.push_back(text.data());
      lengths.push_back(text.size());
    }
    check(ingot_value_from_strings(texts.data(), lengths.data(), shape.data(), shape.size(), &handle));
  } else {
    const ingot_tensor_type type{static_cast<ingot_dtype>(tensor.dtype()), shape.size(), shape.data()};
    check(ingot_value_borrow(&type, tensor.raw(), nullptr, nullptr, &handle));
  }
  return OwnedValue(handle);
}

OwnedValue to_handle(const Value& value) {
  if (value.is_none()) return OwnedValue(ingot_value_none());
  if (value.is_tensor()) return tensor_handle(value.tensor());
  std::vector<OwnedValue> items;
  std::vector<const ingot_value*> handles;
  for (const Value& item : value.items()) {
    items.push_back(to_handle(item));
    handles.push_back(items.back().get());
  }
  ingot_value* handle = nullptr;
  check(value.kind() == Value::Kind::kMap ? ingot_value_map(handles.at(0), handles.at(1), &handle)
                                          : ingot_value_sequence(handles.data(), handles.size(), &handle));
  return OwnedValue(handle);
}

Tensor from_tensor_handle(const ingot_value* handle) {
  ingot_tensor view;
  check(ingot_value_tensor(handle, &view));
  Tensor tensor(static_cast<DType>(view.type.dtype), Shape(view.type.shape, view.type.shape + view.type.rank));
  if (tensor.dtype() != DType::kString) {
    if (tensor.byte_size() > 0) std::memcpy(tensor.mutable_raw(), view.data, static_cast<size_t>(tensor.byte_size()));
    return tensor;
  }
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const char* text = nullptr;
    size_t length = 0;
    check(ingot_value_string(handle, static_cast<size_t>(i), &text, &length));
    tensor.mutable_data<std::string>()[i].assign(text, length);
  }
  return tensor;
}

Value from_handle(const ingot_value* handle) {
  const ingot_kind kind = ingot_value_kind(handle);
  if (kind == INGOT_NONE) return {};
  if (kind == INGOT_TENSOR) return from_tensor_handle(handle);
  std::vector<Value> items;
  for (size_t i = 0; i < ingot_value_item_count(handle); ++i) {
    ingot_value* item = nullptr;
    check(ingot_value_item(handle, i, &item));
    items.push_back(from_handle(OwnedValue(item).get()));
  }
  return kind == INGOT_MAP ? Value::map(items.at(0).tensor(), items.at(1).tensor()) : Value::sequence(items);
}

using OwnedPlan = Owned<ingot_plan, ingot_plan_release>;
using OwnedSession = Owned<ingot_session, ingot_session_release>;

OwnedPlan build(const std::filesystem::path& model, const std::string& device) {
  ingot_builder* raw = nullptr;
  check(ingot_builder_from_file(model.c_str(), &raw));
  const Owned<ingot_builder, ingot_builder_release> builder(raw);
  check(ingot_builder_set_option(raw, "device", device.c_str()));
  ingot_plan* plan = nullptr;
  check(ingot_build(builder.get(), &plan));
  return OwnedPlan(plan);
}

OwnedSession open(const ingot_plan* plan) {
  const ingot_session_options options{sizeof(ingot_session_options), 1, 0, 0};
  ingot_session* session = nullptr;
  check(ingot_session_create(plan, &options, &session));
  return OwnedSession(session);
}

std::vector<Value> run(ingot_session* session, const std::vector<std::string>& names,
                       const std::vector<Value>& values) {
  std::vector<OwnedValue> inputs;
  std::vector<const ingot_value*> handles;
  for (size_t i = 0; i < ingot_session_input_count(session); ++i) {
    const auto found = std::find(names.begin(), names.end(), ingot_session_input_name(session, i));
    inputs.push_back(to_handle(found != names.end() ? values[static_cast<size_t>(found - names.begin())] : Value()));
    handles.push_back(inputs.back().get());
  }
  std::vector<ingot_value*> outputs(ingot_session_output_count(session), nullptr);
  check(ingot_session_run(session, handles.data(), outputs.data(), nullptr));
  std::vector<Value> results;
  for (ingot_value* output : outputs) results.push_back(from_handle(OwnedValue(output).get()));
  return results;
}

class Api {
 public:
  explicit Api(std::string device) : device_(std::move(device)) {}
  Ran operator()(const std::filesystem::path& model, const std::vector<std::string>& names,
                 const std::vector<Value>& values) {
    ingot_set_log(3, nullptr, nullptr);  // errors only
    const auto plan = build(model, device_);
    auto session = open(plan.get());
    Ran ran{run(session.get(), names, values), 0, 0};
    ran.steps = nlohmann::json::parse(ingot_plan_json(plan.get()))["program"]["steps"].size();
    if (device_ == "cpu") return ran;
    ran.host_steps = nlohmann::json::parse(ingot_session_json(session.get()))["allocating_steps"].size();
    last_ = std::move(session);
    return ran;
  }

 private:
  std::string device_;
  std::shared_ptr<ingot_session> last_;  // a GPU's context, which takes long to make, lives as long as a session
};

}  // namespace

Engine api_engine(const std::string& device) { return Api(device); }

std::string device_json(const std::string& device, const std::filesystem::path& model) {
  nlohmann::json result = {{"name", device}, {"components", nlohmann::json::parse(ingot_doctor_json())["components"]}};
  try {
    const auto session = open(build(model, device).get());
    result["name"] = nlohmann::json::parse(ingot_session_json(session.get()))["device"]["name"];
  } catch (const Error& error) {
    result["reason"] = error.what();
  }
  return result.dump();
}

}  // namespace ingot::conformance
