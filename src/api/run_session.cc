#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "api/handles.h"
#include "device/memory.h"

using ingot::Code;
using ingot::Value;
using ingot::api::guard;
using ingot::api::require;
using ingot::device::Memory;

namespace {

// The options structs carry their size: a caller compiled against an older header has a shorter one.
template <class Options> Options copy_options(const Options* given) {
  Options options{};
  options.size = sizeof(Options);
  if (given == nullptr) return options;
  if (given->size < sizeof(size_t)) ingot::fail(Code::kInvalidArgument, "options without their size");
  std::memcpy(&options, given, std::min(given->size, sizeof(Options)));
  return options;
}

const ingot::plan::ValueDef& value_of(const ingot_session* session, ingot::plan::ValueIndex index) {
  return session->plan->program.values[static_cast<size_t>(index)];
}

void describe(ingot_session& session) {
  for (const auto input : session.plan->program.inputs) {
    session.input_types.push_back(ingot::api::onnx_type_text(value_of(&session, input).type));
    session.input_shapes.push_back(ingot::api::shape_json(value_of(&session, input)));
  }
  for (const auto output : session.plan->program.outputs) {
    session.output_types.push_back(ingot::api::onnx_type_text(value_of(&session, output).type));
    session.output_shapes.push_back(ingot::api::shape_json(value_of(&session, output)));
  }
}

struct Profile {
  const ingot_session* session = nullptr;
  std::shared_ptr<const ingot::plan::Plan> plan;
  std::vector<ingot::runtime::StepTiming> timings;
  std::vector<ingot::runtime::TaskTiming> tasks;
  std::string json;
};
thread_local Profile profile;

// Values of one run, kept per thread so that a run with bound outputs allocates nothing.
struct Scratch {
  std::vector<Value> inputs, outputs;
  std::vector<uint8_t> device_inputs, device_outputs;
};
thread_local Scratch scratch;

// Whether the value lies on the device that the session was made for and has left for the CPU.
bool left_behind(const ingot_session* session, const ingot_value* value, const std::string& memory) {
  return value != nullptr && !value->device.empty() && memory == "cpu" &&
         value->device == ingot::device::memory_name(session->plan->info.option("device", "cpu"));
}

// The values of a run that begins; what was left behind comes to the host, as long as its device can be read.
void take_values(const ingot_session* session, const ingot_value* const* inputs, ingot_value* const* outputs,
                 const std::string& memory, Scratch& values) {
  for (size_t i = 0; i < values.inputs.size(); ++i) {
    const bool left = left_behind(session, inputs[i], memory);
    values.inputs[i] = left ? Memory::of(inputs[i]->device)->copy_out(inputs[i]->value.tensor()) : inputs[i]->value;
  }
  for (size_t i = 0; i < values.outputs.size(); ++i) {
    const bool bound = outputs[i] != nullptr && !left_behind(session, outputs[i], memory);
    values.outputs[i] = bound ? outputs[i]->value : Value();
  }
}

// Puts what the run gave into a bound output that was left behind.
void put_back(const ingot_value* bound, const ingot::Tensor& made, const std::string& name) {
  const ingot::Tensor& target = bound->value.tensor();
  if (target.type_text() != made.type_text()) {
    ingot::fail(Code::kInvalidArgument, "output {}: bound to device memory of {}, the run gives {}", name,
                target.type_text(), made.type_text());
  }
  Memory::of(bound->device)->copy_in(target, made);
}

// Whether the value lies on the device `memory`. Throws when it lies on another.
bool lies_on(const ingot_value* value, const std::string& memory, const char* what, const std::string& name) {
  if (value == nullptr || value->device.empty()) return false;
  if (value->device == memory) return true;
  ingot::fail(Code::kInvalidArgument, "{} {} lies in memory of {}, the session runs on {}", what, name, value->device,
              memory);
}

// What a run is given besides its values of where they lie.
void find_devices(const ingot_session* session, const ingot_value* const* inputs, ingot_value* const* outputs,
                  const ingot_run_options& options, const std::string& memory, Scratch& values) {
  const auto& program = session->plan->program;
  for (size_t i = 0; i < values.inputs.size(); ++i) {
    values.device_inputs[i] = !left_behind(session, inputs[i], memory) &&
                              lies_on(inputs[i], memory, "input", value_of(session, program.inputs[i]).name);
  }
  for (size_t i = 0; i < values.outputs.size(); ++i) {
    const bool wanted =
        outputs[i] == nullptr && options.outputs_on_device != nullptr && options.outputs_on_device[i] != 0;
    values.device_outputs[i] =
        memory != "cpu" && (wanted || lies_on(outputs[i], memory, "output", program.output_names[i]));
  }
}

const char* text_at(const std::vector<std::string>& texts, size_t index) {
  return index < texts.size() ? texts[index].c_str() : nullptr;
}

}  // namespace

ingot_session::ingot_session(std::shared_ptr<const ingot::plan::Plan> given,
                             const ingot::runtime::SessionOptions& options, ingot::api::Replace replace)
    : plan(std::move(given)), replace_(std::move(replace)) {
  try {
    running_ = std::make_shared<ingot::api::Running>(plan, options);
  } catch (const ingot::Error& error) {
    if (replace_) running_ = replace_(*plan, error);
    if (!running_) throw;
  }
}

std::shared_ptr<ingot::api::Running> ingot_session::running() const {
  const std::lock_guard lock(mutex);
  return running_;
}

std::shared_ptr<ingot::api::Running> ingot_session::after(const std::shared_ptr<ingot::api::Running>& failed,
                                                          const ingot::Error& error) {
  const std::lock_guard lock(mutex);  // one run builds what takes over, the others wait for it
  if (running_ == failed) {
    auto next = replace_ ? replace_(*failed->plan, error) : nullptr;
    if (!next) throw error;
    running_ = std::move(next);
  }
  return running_;
}

bool ingot_session::replace(const std::shared_ptr<ingot::api::Running>& expected,
                            std::shared_ptr<ingot::api::Running> next) {
  const std::lock_guard lock(mutex);
  if (running_ != expected) return false;
  running_.swap(next);
  return true;
}

ingot::runtime::SessionOptions ingot::api::runtime_options(const ingot_session_options* given) {
  ingot_session_options options = copy_options(given);
  if (given == nullptr) options.spins = -1;
  runtime::SessionOptions result;
  result.threads = options.threads;
  result.streams = options.streams != 0 ? options.streams : 1;
  result.pin = options.pin != 0;
  if (options.spins >= 0) result.spins = options.spins;
  result.memory_limit = options.memory_limit;
  result.allow_device_code = options.allow_device_code != 0;
  return result;
}

std::unique_ptr<ingot_session> ingot::api::make_session(std::shared_ptr<const plan::Plan> plan,
                                                        const runtime::SessionOptions& options, Replace replace) {
  auto made = std::make_unique<ingot_session>(std::move(plan), options, std::move(replace));
  describe(*made);
  return made;
}

ingot_error* ingot::api::create_session(const ingot_plan* plan, const ingot_session_options* given,
                                        ingot_session** session,
                                        const std::function<Replace(const runtime::SessionOptions&)>& replace) {
  return guard([&] {
    require(plan != nullptr && session != nullptr, "plan");
    const auto options = runtime_options(given);
    *session = make_session(plan->plan, options, replace(options)).release();
  });
}

extern "C" {

void ingot_session_release(ingot_session* session) { delete session; }

size_t ingot_session_input_count(const ingot_session* session) { return session->plan->program.inputs.size(); }
size_t ingot_session_output_count(const ingot_session* session) { return session->plan->program.outputs.size(); }
const char* ingot_session_input_name(const ingot_session* session, size_t index) {
  const auto& inputs = session->plan->program.inputs;
  return index < inputs.size() ? value_of(session, inputs[index]).name.c_str() : nullptr;
}
const char* ingot_session_output_name(const ingot_session* session, size_t index) {
  return text_at(session->plan->program.output_names, index);
}
const char* ingot_session_input_type(const ingot_session* s, size_t index) { return text_at(s->input_types, index); }
const char* ingot_session_output_type(const ingot_session* s, size_t index) { return text_at(s->output_types, index); }
const char* ingot_session_input_shape(const ingot_session* s, size_t index) { return text_at(s->input_shapes, index); }
const char* ingot_session_output_shape(const ingot_session* s, size_t index) {
  return text_at(s->output_shapes, index);
}

ingot_error* ingot_session_plan(const ingot_session* session, ingot_plan** plan) {
  return guard([&] {
    require(session != nullptr && plan != nullptr, "session or plan");
    *plan = new ingot_plan{session->running()->plan, {}, {}, {}};
  });
}

const char* ingot_session_json(const ingot_session* session) {
  const auto running = session->running();
  std::string text = ingot::api::session_json(running->session);
  const std::lock_guard lock(session->mutex);
  if (session->json.empty() || session->json.back() != text) session->json.push_back(std::move(text));
  return session->json.back().c_str();
}

ingot_error* ingot_session_memory(ingot_session* session, const char* shapes, char** json) {
  return guard([&] {
    require(session != nullptr && shapes != nullptr && json != nullptr, "session or shapes");
    const auto given = ingot::plan::parse_shapes(shapes);
    std::vector<ingot::Shape> inputs;
    for (const auto input : session->plan->program.inputs) {
      const auto& value = value_of(session, input);
      const auto found =
          std::find_if(given.begin(), given.end(), [&](const auto& each) { return each.first == value.name; });
      if (found != given.end()) {
        inputs.push_back(found->second);
      } else if (const auto fixed = value.shape ? ingot::constant_shape(*value.shape) : std::nullopt) {
        inputs.push_back(*fixed);
      } else {
        ingot::fail(Code::kInvalidArgument, "input {} has no fixed shape: give one", value.name);
      }
    }
    const auto report = session->running()->session.memory(inputs);
    const std::string text = nlohmann::json({{"arena_bytes", report.arena_bytes},
                                             {"largest_live_set", report.largest_live_set},
                                             {"constant_bytes", report.constant_bytes}})
                                 .dump();
    *json = ingot::api::copy_text(text);
  });
}

ingot_error* ingot_session_run(ingot_session* session, const ingot_value* const* inputs, ingot_value** outputs,
                               const ingot_run_options* given) {
  return guard([&] {
    require(session != nullptr && outputs != nullptr, "session or outputs");
    const ingot_run_options options = copy_options(given);
    const size_t input_count = ingot_session_input_count(session), output_count = ingot_session_output_count(session);
    require(inputs != nullptr || input_count == 0, "inputs");
    // A run inside a run (a custom operator that owns a session) must not see this thread's values.
    Scratch local = std::move(scratch);
    local.inputs.resize(input_count);
    local.outputs.resize(output_count);
    for (size_t i = 0; i < input_count; ++i) require(inputs[i] != nullptr, "an input");
    ingot::runtime::RunControl control;
    control.seed = options.seed;
    if (options.memory_budget > 0) control.memory_budget = options.memory_budget;
    if (options.profile != 0) control.timings = &profile.timings;
    profile.tasks.clear();
    if (options.profile > 1) control.tasks = &profile.tasks;
    control.cancelled = options.cancel;
    if (options.stream != nullptr) control.stream = *options.stream;
    control.asynchronous = options.asynchronous != 0;
    if (options.place_output != nullptr) {
      control.place_output = [&](size_t output, ingot::DType dtype, const ingot::Shape& shape) -> void* {
        const bool stays = options.outputs_on_device != nullptr && options.outputs_on_device[output] != 0;
        if (stays && local.device_outputs[output] == 0) return nullptr;  // the session has left its device
        const ingot_tensor_type type{static_cast<ingot_dtype>(dtype), shape.size(), shape.data()};
        return options.place_output(options.user, output, &type);
      };
    }
    auto running = session->running();
    local.device_inputs.resize(input_count);
    local.device_outputs.resize(output_count);
    control.device_inputs = local.device_inputs;
    control.device_outputs = local.device_outputs;
    // Another plan may have come in the meantime, and fail as well; `after` throws when there is none left.
    std::string memory;
    for (bool done = false; !done;) {
      memory = running->session.memory_name();
      take_values(session, inputs, outputs, memory, local);
      find_devices(session, inputs, outputs, options, memory, local);
      try {
        running->session.run(local.inputs, local.outputs, control);
        done = true;
      } catch (const ingot::Error& error) {
        running = session->after(running, error);
      }
    }
    if (options.profile != 0) {
      profile.session = session;
      profile.plan = running->plan;
    }
    for (size_t i = 0; i < output_count; ++i) {
      if (outputs[i] == nullptr) {
        outputs[i] = new ingot_value{std::move(local.outputs[i]), local.device_outputs[i] != 0 ? memory : ""};
      } else if (left_behind(session, outputs[i], memory)) {
        put_back(outputs[i], local.outputs[i].tensor(), ingot_session_output_name(session, i));
      } else {
        outputs[i]->value = std::move(local.outputs[i]);
      }
    }
    for (Value& input : local.inputs) input = {};
    for (Value& output : local.outputs) output = {};
    scratch = std::move(local);
  });
}

const char* ingot_session_profile_json(ingot_session* session) {
  nlohmann::json steps = nlohmann::json::array();
  if (session != nullptr && profile.session == session) {
    for (size_t i = 0; i < profile.timings.size(); ++i) {
      const auto& step = profile.plan->program.steps[i];
      steps.push_back({{"step", i},
                       {"name", step.op.name()},
                       {"kernel", step.row.empty() ? step.reason.empty() ? "view" : "evaluation" : step.row},
                       {"start_ns", profile.timings[i].start_ns},
                       {"duration_ns", profile.timings[i].duration_ns},
                       {"nodes", step.origin}});
    }
    for (const auto& task : profile.tasks) {
      steps[task.step]["tasks"].push_back(
          {{"thread", task.thread}, {"start_ns", task.start_ns}, {"duration_ns", task.duration_ns}});
    }
  }
  profile.json = steps.dump();
  return profile.json.c_str();
}

}  // extern "C"
