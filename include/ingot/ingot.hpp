// Ingot's C++ interface: RAII over the C interface (ingot.h), header only, C++17 and later.
//
//   ingot::Plan plan = ingot::Builder("model.onnx").option("threads", "2").build();
//   ingot::Session session(plan);
//   auto outputs = session.run({ingot::Value::borrow(data, {1, 3, 224, 224})});
//
// Errors are thrown as ingot::Exception. Handles are movable, not copyable. Sessions may be run from many threads at
// once; the rest by one thread at a time. Define INGOT_RUNTIME_ONLY to use libingot_runtime (no Builder).
#ifndef INGOT_INGOT_HPP_
#define INGOT_INGOT_HPP_

#ifdef INGOT_RUNTIME_ONLY
#include <ingot/ingot_runtime.h>
#else
#include <ingot/ingot.h>
#endif

#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ingot {
// Symbols of their own: the library's inside has classes of the same names.
inline namespace v1 {

class Exception : public std::runtime_error {
 public:
  Exception(ingot_code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ingot_code code() const noexcept { return code_; }

 private:
  ingot_code code_;
};

// Throws what a C function returned, if anything.
inline void check(ingot_error* error) {
  if (error == nullptr) return;
  const Exception exception(ingot_error_code(error), ingot_error_message(error));
  ingot_error_release(error);
  throw exception;
}

namespace detail {
template <class Handle, void (*release)(Handle*)> struct Release {
  void operator()(Handle* handle) const noexcept { release(handle); }
};
template <class Handle, void (*release)(Handle*)> using Owned = std::unique_ptr<Handle, Release<Handle, release>>;

template <class T> constexpr ingot_dtype dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return INGOT_F32;
  else if constexpr (std::is_same_v<T, double>)
    return INGOT_F64;
  else if constexpr (std::is_same_v<T, int8_t>)
    return INGOT_I8;
  else if constexpr (std::is_same_v<T, int16_t>)
    return INGOT_I16;
  else if constexpr (std::is_same_v<T, int32_t>)
    return INGOT_I32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return INGOT_I64;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return INGOT_U8;
  else if constexpr (std::is_same_v<T, uint16_t>)
    return INGOT_U16;
  else if constexpr (std::is_same_v<T, uint32_t>)
    return INGOT_U32;
  else if constexpr (std::is_same_v<T, uint64_t>)
    return INGOT_U64;
  else if constexpr (std::is_same_v<T, bool>)
    return INGOT_BOOL;
  else
    return INGOT_UNDEFINED;
}

inline std::string take_string(char* text) {
  std::string copy = text != nullptr ? text : "";
  ingot_string_release(text);
  return copy;
}
// "" when there is no error.
inline std::string take_message(ingot_error* error) {
  const std::string message = error != nullptr ? ingot_error_message(error) : "";
  ingot_error_release(error);
  return message;
}

}  // namespace detail

using Shape = std::vector<int64_t>;

// A tensor, sequence, map or nothing.
class Value {
 public:
  Value() : handle_(ingot_value_none()) {}
  explicit Value(ingot_value* owned) : handle_(owned) {}

  // Borrows `data` (row-major, as many elements as the shape says) until the value and the runs using it are done.
  static Value borrow(ingot_dtype dtype, const void* data, const Shape& shape) {
    const ingot_tensor_type type{dtype, shape.size(), shape.data()};
    ingot_value* value = nullptr;
    check(ingot_value_borrow(&type, data, nullptr, nullptr, &value));
    return Value(value);
  }
  template <class T> static Value borrow(const T* data, const Shape& shape) {
    static_assert(detail::dtype_of<T>() != INGOT_UNDEFINED, "give the element type by number");
    return borrow(detail::dtype_of<T>(), data, shape);
  }
  static Value allocate(ingot_dtype dtype, const Shape& shape) {
    const ingot_tensor_type type{dtype, shape.size(), shape.data()};
    ingot_value* value = nullptr;
    check(ingot_value_allocate(&type, &value));
    return Value(value);
  }
  static Value of(const std::vector<std::string>& strings, const Shape& shape) {
    std::vector<const char*> texts;
    std::vector<size_t> lengths;
    for (const auto& each : strings) {
      texts.push_back(each.data());
      lengths.push_back(each.size());
    }
    ingot_value* value = nullptr;
    check(ingot_value_from_strings(texts.data(), lengths.data(), shape.data(), shape.size(), &value));
    return Value(value);
  }
  static Value sequence(const std::vector<Value>& items) {
    std::vector<const ingot_value*> handles;
    for (const auto& item : items) handles.push_back(item.get());
    ingot_value* value = nullptr;
    check(ingot_value_sequence(handles.data(), handles.size(), &value));
    return Value(value);
  }
  // Device memory ("cuda:0"): borrowed until the value and the runs using it are done, or the value's own.
  static Value borrow_device(ingot_dtype dtype, const std::string& device, uint64_t address, const Shape& shape) {
    const ingot_tensor_type type{dtype, shape.size(), shape.data()};
    ingot_value* value = nullptr;
    check(ingot_value_borrow_device(&type, device.c_str(), address, nullptr, nullptr, &value));
    return Value(value);
  }
  static Value allocate_device(ingot_dtype dtype, const std::string& device, const Shape& shape) {
    const ingot_tensor_type type{dtype, shape.size(), shape.data()};
    ingot_value* value = nullptr;
    check(ingot_value_allocate_device(&type, device.c_str(), &value));
    return Value(value);
  }
  // The same bytes in memory of `device`, and on the host.
  Value to_device(const std::string& device) const {
    Value there = allocate_device(dtype(), device, shape());
    there.write(*this);
    return there;
  }
  Value to_host() const {
    ingot_value* value = nullptr;
    check(ingot_value_to_host(get(), &value));
    return Value(value);
  }
  // Takes the bytes of a tensor of the same type and shape.
  void write(const Value& from) { check(ingot_value_write(get(), from.get())); }
  std::string device() const { return ingot_value_device(get()); }
  Value share() const { return Value(ingot_value_copy(get())); }

  ingot_kind kind() const { return ingot_value_kind(get()); }
  // Element type, shape and bytes; throws unless the value is a tensor.
  ingot_tensor tensor() const {
    ingot_tensor tensor;
    check(ingot_value_tensor(get(), &tensor));
    return tensor;
  }
  ingot_dtype dtype() const { return tensor().type.dtype; }
  Shape shape() const {
    const ingot_tensor view = tensor();
    return Shape(view.type.shape, view.type.shape + view.type.rank);
  }
  size_t count() const {
    size_t count = 1;
    for (const int64_t size : shape()) count *= static_cast<size_t>(size);
    return count;
  }
  template <class T> const T* data() const {
    const ingot_tensor view = tensor();
    if (view.type.dtype != detail::dtype_of<T>())
      throw Exception(INGOT_INVALID_ARGUMENT, "the tensor has another element type");
    return static_cast<const T*>(view.data);
  }
  void* mutable_data() {
    void* data = nullptr;
    check(ingot_value_mutable_data(get(), &data));
    return data;
  }
  std::string string(size_t index) const {
    const char* text = nullptr;
    size_t length = 0;
    check(ingot_value_string(get(), index, &text, &length));
    return std::string(text, length);
  }
  std::vector<Value> items() const {
    std::vector<Value> items;
    for (size_t i = 0; i < ingot_value_item_count(get()); ++i) {
      ingot_value* item = nullptr;
      check(ingot_value_item(get(), i, &item));
      items.emplace_back(item);
    }
    return items;
  }

  ingot_value* get() const { return handle_.get(); }
  ingot_value* release() { return handle_.release(); }

 private:
  detail::Owned<ingot_value, ingot_value_release> handle_;
};

class Plan {
 public:
  explicit Plan(ingot_plan* owned) : handle_(owned) {}
  // Maps the file; weights are not copied.
  static Plan load(const std::string& path, bool verify_weights = false) {
    ingot_plan* plan = nullptr;
    check(ingot_plan_load(path.c_str(), verify_weights ? 1 : 0, &plan));
    return Plan(plan);
  }
  static Plan from_bytes(const void* bytes, size_t size) {
    ingot_plan* plan = nullptr;
    check(ingot_plan_from_bytes(bytes, size, &plan));
    return Plan(plan);
  }
  void save(const std::string& path) const { check(ingot_plan_save(get(), path.c_str())); }
  std::string text() const { return ingot_plan_text(get()); }
  std::string json() const { return ingot_plan_json(get()); }
  std::string diff(const Plan& after) const {
    char* text = nullptr;
    check(ingot_plan_diff(get(), after.get(), &text));
    return detail::take_string(text);
  }
  ingot_plan* get() const { return handle_.get(); }

 private:
  detail::Owned<ingot_plan, ingot_plan_release> handle_;
};

inline ingot_session_options default_session_options() {
  ingot_session_options options{};
  options.size = sizeof(options);
  options.spins = -1;
  return options;
}
inline ingot_run_options default_run_options() {
  ingot_run_options options{};
  options.size = sizeof(options);
  return options;
}

class Session {
 public:
  explicit Session(ingot_session* owned) : handle_(owned) {}
  explicit Session(const Plan& plan, const ingot_session_options& options = default_session_options()) {
    ingot_session* session = nullptr;
    check(ingot_session_create(plan.get(), &options, &session));
    handle_.reset(session);
  }

  struct Port {
    std::string name, type, shape;  // ONNX Runtime's type text; shape as a JSON array
  };
  std::vector<Port> inputs() const {
    std::vector<Port> ports;
    for (size_t i = 0; i < ingot_session_input_count(get()); ++i) {
      ports.push_back({ingot_session_input_name(get(), i), ingot_session_input_type(get(), i),
                       ingot_session_input_shape(get(), i)});
    }
    return ports;
  }
  std::vector<Port> outputs() const {
    std::vector<Port> ports;
    for (size_t i = 0; i < ingot_session_output_count(get()); ++i) {
      ports.push_back({ingot_session_output_name(get(), i), ingot_session_output_type(get(), i),
                       ingot_session_output_shape(get(), i)});
    }
    return ports;
  }

  // In the session's order; every output is a new value.
  std::vector<Value> run(const std::vector<Value>& inputs, const ingot_run_options& options = default_run_options()) {
    return run_new(inputs.data(), inputs.size(), options);
  }
  std::vector<Value> run(std::initializer_list<Value> inputs,
                         const ingot_run_options& options = default_run_options()) {
    return run_new(inputs.begin(), inputs.size(), options);
  }
  // Outputs that hold tensors are written in place; null ones receive new values.
  void run(const std::vector<Value>& inputs, std::vector<Value>& outputs,
           const ingot_run_options& options = default_run_options()) {
    run_into(inputs.data(), inputs.size(), outputs, options);
  }
  // The plan that serves now.
  Plan plan() const {
    ingot_plan* plan = nullptr;
    check(ingot_session_plan(get(), &plan));
    return Plan(plan);
  }
  std::string json() const { return ingot_session_json(get()); }
  std::string profile_json() { return ingot_session_profile_json(get()); }
  // "x:1x3x224x224,..." -> {"arena_bytes":…,"largest_live_set":…,"constant_bytes":…}
  std::string memory_json(const std::string& shapes) {
    char* text = nullptr;
    check(ingot_session_memory(get(), shapes.c_str(), &text));
    return detail::take_string(text);
  }
  ingot_session* get() const { return handle_.get(); }

 private:
  std::vector<Value> run_new(const Value* inputs, size_t count, const ingot_run_options& options) {
    std::vector<Value> outputs;
    for (size_t i = 0; i < ingot_session_output_count(get()); ++i) outputs.emplace_back(nullptr);
    run_into(inputs, count, outputs, options);
    return outputs;
  }
  void run_into(const Value* inputs, size_t count, std::vector<Value>& outputs, const ingot_run_options& options) {
    if (count != ingot_session_input_count(get()) || outputs.size() != ingot_session_output_count(get())) {
      throw Exception(INGOT_INVALID_ARGUMENT, "the session takes " + std::to_string(ingot_session_input_count(get())) +
                                                  " inputs and gives " +
                                                  std::to_string(ingot_session_output_count(get())) + " outputs");
    }
    std::vector<const ingot_value*> in;
    for (size_t i = 0; i < count; ++i) in.push_back(inputs[i].get());
    std::vector<ingot_value*> out;
    for (const auto& output : outputs) out.push_back(output.get());
    check(ingot_session_run(get(), in.data(), out.data(), &options));
    for (size_t i = 0; i < out.size(); ++i) {
      if (outputs[i].get() == nullptr) outputs[i] = Value(out[i]);
    }
  }
  detail::Owned<ingot_session, ingot_session_release> handle_;
};

#ifndef INGOT_RUNTIME_ONLY
// Reads one model and builds plans of it.
class Builder {
 public:
  using Progress = std::function<bool(const char* stage, size_t done, size_t total)>;

  explicit Builder(const std::string& path) {
    ingot_builder* builder = nullptr;
    check(ingot_builder_from_file(path.c_str(), &builder));
    handle_.reset(builder);
  }
  // Borrows the bytes; `folder` is where external data may lie ("": nowhere).
  Builder(const void* bytes, size_t size, const std::string& folder = "") {
    ingot_builder* builder = nullptr;
    check(ingot_builder_from_bytes(bytes, size, folder.empty() ? nullptr : folder.c_str(), &builder));
    handle_.reset(builder);
  }
  Builder& option(const std::string& name, const std::string& value) {
    check(ingot_builder_set_option(get(), name.c_str(), value.c_str()));
    return *this;
  }
  // Content in the place of the model's; see ingot.h.
  Builder& initializer(const std::string& name, const Value& value) {
    check(ingot_builder_set_initializer(get(), name.c_str(), value.get()));
    return *this;
  }
  Builder& external_file(const std::string& location, const void* bytes, size_t size) {
    check(ingot_builder_set_external_file(get(), location.c_str(), bytes, size));
    return *this;
  }
  // The callback may not throw; returning false stops the build with INGOT_CANCELLED.
  Builder& progress(Progress callback) {
    progress_ = std::make_unique<Progress>(std::move(callback));
    ingot_builder_set_progress(
        get(),
        [](void* user, const char* stage, size_t done, size_t total) {
          return (*static_cast<Progress*>(user))(stage, done, total) ? 1 : 0;
        },
        progress_.get());
    return *this;
  }
  Plan build() {
    ingot_plan* plan = nullptr;
    check(ingot_build(get(), &plan));
    return Plan(plan);
  }
  // A session that serves at once while the plan that the options ask for is built behind it; see ingot.h.
  Session warming_session(const ingot_session_options& options = default_session_options()) {
    ingot_session* session = nullptr;
    check(ingot_session_create_warming(get(), &options, &session));
    return Session(session);
  }
  std::string report_json() const { return ingot_builder_report_json(get()); }
  std::string dump() const { return ingot_builder_dump(get()); }
  ingot_builder* get() const { return handle_.get(); }

 private:
  detail::Owned<ingot_builder, ingot_builder_release> handle_;
  std::unique_ptr<Progress> progress_;
};

// What is wrong with a build option; "" when nothing is.
inline std::string option_problem(const std::string& name, const std::string& value) {
  return detail::take_message(ingot_build_option_check(name.c_str(), value.c_str()));
}

// Why no session can be made on `device` here; "" when one can.
inline std::string device_problem(const std::string& device) {
  return detail::take_message(ingot_device_check(device.c_str()));
}

// JSON as ingot.h says of ingot_session_warm_up.
inline std::string warm_up_json(const Session& session, double seconds = 0) {
  char* text = nullptr;
  check(ingot_session_warm_up(session.get(), seconds, &text));
  return detail::take_string(text);
}

// The plan cache; JSON as ingot.h says. `folder` "": the default one.
inline std::string cache_list_json(const std::string& folder = "") {
  char* text = nullptr;
  check(ingot_cache_list(folder.c_str(), &text));
  return detail::take_string(text);
}
inline std::string cache_prune_json(const std::string& folder = "", const std::string& limit = "") {
  char* text = nullptr;
  check(ingot_cache_prune(folder.c_str(), limit.c_str(), &text));
  return detail::take_string(text);
}

// The tuning database; JSON as ingot.h says. `database` "": the default one.
inline std::string tuning_list_json(const std::string& database = "") {
  char* text = nullptr;
  check(ingot_tuning_list(database.c_str(), &text));
  return detail::take_string(text);
}
inline std::string tuning_merge_json(const std::string& source, const std::string& database = "") {
  char* text = nullptr;
  check(ingot_tuning_merge(source.c_str(), database.c_str(), &text));
  return detail::take_string(text);
}
inline void tuning_pin(const std::string& database, const std::string& problem, const std::string& kernel,
                       int threads = 0) {
  check(ingot_tuning_pin(database.c_str(), problem.c_str(), kernel.c_str(), threads));
}

// JSON as ingot.h says of ingot_session_explain.
inline std::string explain_json(const Session& session, const std::vector<Value>& inputs, int rounds) {
  if (inputs.size() != ingot_session_input_count(session.get())) {
    throw Exception(INGOT_INVALID_ARGUMENT, "one value for each input of the session");
  }
  std::vector<const ingot_value*> in;
  for (const auto& input : inputs) in.push_back(input.get());
  char* text = nullptr;
  check(ingot_session_explain(session.get(), in.data(), rounds, &text));
  return detail::take_string(text);
}

inline Plan respecialize(const Plan& plan) {
  ingot_plan* result = nullptr;
  check(ingot_plan_respecialize(plan.get(), &result));
  return Plan(result);
}
#endif

}  // namespace v1
}  // namespace ingot

#endif  // INGOT_INGOT_HPP_
