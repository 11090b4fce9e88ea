/* Ingot's C interface, the half that loads and runs plans. See ingot.h for errors, ownership and threads. */
#ifndef INGOT_INGOT_RUNTIME_H_
#define INGOT_INGOT_RUNTIME_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define INGOT_API __attribute__((visibility("default")))
#else
#define INGOT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define INGOT_VERSION_MAJOR 0
#define INGOT_VERSION_MINOR 1
#define INGOT_VERSION_PATCH 0
/* "0.1.0" of the library that is loaded. */
INGOT_API const char* ingot_version(void);

/* Errors. */

typedef enum ingot_code {
  INGOT_OK = 0,
  INGOT_INVALID_ARGUMENT = 1,
  INGOT_INVALID_MODEL = 2,
  INGOT_UNSUPPORTED = 3,
  INGOT_INVALID_PLAN = 4,
  INGOT_FOREIGN_PLAN = 5,
  INGOT_NOT_FOUND = 6,
  INGOT_IO = 7,
  INGOT_OUT_OF_MEMORY = 8,
  INGOT_CANCELLED = 9,
  INGOT_DEVICE = 10,
  INGOT_INTERNAL = 11
} ingot_code;

typedef struct ingot_error ingot_error;
INGOT_API ingot_error* ingot_error_create(ingot_code code, const char* message);
INGOT_API ingot_code ingot_error_code(const ingot_error* error);
/* Message, then one line per frame ("in node /layer3/Mul"), innermost first. */
INGOT_API const char* ingot_error_message(const ingot_error* error);
INGOT_API void ingot_error_release(ingot_error* error);

/* How many letters of `name` must be changed, put in or left out to make it `valid`, for errors that list valid names,
 * nearest first. Case does not count, '-' and '_' are the same letter. */
INGOT_API size_t ingot_name_distance(const char* name, const char* valid);

/* Log lines: level 0 verbose, 1 info, 2 warning, 3 error. Process-wide. */
INGOT_API void ingot_set_log(int least_level, void (*sink)(void* user, int level, const char* line), void* user);

/* Types and values. */

/* The numbers are ONNX's TensorProto.DataType. */
typedef enum ingot_dtype {
  INGOT_UNDEFINED = 0,
  INGOT_F32 = 1,
  INGOT_U8 = 2,
  INGOT_I8 = 3,
  INGOT_U16 = 4,
  INGOT_I16 = 5,
  INGOT_I32 = 6,
  INGOT_I64 = 7,
  INGOT_STRING = 8,
  INGOT_BOOL = 9,
  INGOT_F16 = 10,
  INGOT_F64 = 11,
  INGOT_U32 = 12,
  INGOT_U64 = 13,
  INGOT_C64 = 14,
  INGOT_C128 = 15,
  INGOT_BF16 = 16,
  INGOT_F8E4M3FN = 17,
  INGOT_F8E4M3FNUZ = 18,
  INGOT_F8E5M2 = 19,
  INGOT_F8E5M2FNUZ = 20,
  INGOT_U4 = 21,
  INGOT_I4 = 22,
  INGOT_F4E2M1 = 23,
  INGOT_F8E8M0 = 24,
  INGOT_U2 = 25,
  INGOT_I2 = 26
} ingot_dtype;

typedef struct ingot_tensor_type {
  ingot_dtype dtype;
  size_t rank;
  const int64_t* shape; /* rank sizes; -1 where unknown */
} ingot_tensor_type;

/* A dense, row-major tensor, in host memory unless ingot_value_device says otherwise. Packed types (4 and 2 bits) share
 * bytes, low bits first. */
typedef struct ingot_tensor {
  ingot_tensor_type type;
  const void* data;
} ingot_tensor;

typedef enum ingot_kind { INGOT_NONE = 0, INGOT_TENSOR = 1, INGOT_SEQUENCE = 2, INGOT_MAP = 3 } ingot_kind;

/* A tensor, a sequence, a map, or nothing (an empty optional). Copies of the handle share the bytes. */
typedef struct ingot_value ingot_value;
/* Borrows `data` until the value and every run using it are done; then calls `release(owner)` when given. */
INGOT_API ingot_error* ingot_value_borrow(const ingot_tensor_type* type, const void* data, void* owner,
                                          void (*release)(void* owner), ingot_value** value);
/* Memory of its own, zero-filled. */
INGOT_API ingot_error* ingot_value_allocate(const ingot_tensor_type* type, ingot_value** value);
/* `count` strings of the given lengths (UTF-8, copied). */
INGOT_API ingot_error* ingot_value_from_strings(const char* const* strings, const size_t* lengths, const int64_t* shape,
                                                size_t rank, ingot_value** value);
INGOT_API ingot_error* ingot_value_sequence(const ingot_value* const* items, size_t count, ingot_value** value);
INGOT_API ingot_error* ingot_value_map(const ingot_value* keys, const ingot_value* values, ingot_value** value);
INGOT_API ingot_value* ingot_value_none(void);

/* Tensors in memory of a device: "cuda" (as "cuda:0"), "cuda:1" or, for tests, "null". `data` of such a tensor is an
 * address there. Sessions on that device use them where they lie; docs/device-memory.md has the rules. */
/* As ingot_value_borrow, of device memory. */
INGOT_API ingot_error* ingot_value_borrow_device(const ingot_tensor_type* type, const char* device, uint64_t address,
                                                 void* owner, void (*release)(void* owner), ingot_value** value);
/* Memory of its own with undefined content. INGOT_DEVICE without that device, INGOT_OUT_OF_MEMORY. */
INGOT_API ingot_error* ingot_value_allocate_device(const ingot_tensor_type* type, const char* device,
                                                   ingot_value** value);
/* The bytes of `from` to those of `to`, both tensors of the same type and shape, wherever they lie; within a device
 * they do not pass through the host. Done when it returns. */
INGOT_API ingot_error* ingot_value_write(ingot_value* to, const ingot_value* from);
/* A tensor on the host with the bytes of `value`; of a value on the host a copy of the handle. */
INGOT_API ingot_error* ingot_value_to_host(const ingot_value* value, ingot_value** host);
/* "cpu", "cuda:0", … */
INGOT_API const char* ingot_value_device(const ingot_value* value);
/* Waits for all work of the device, whoever enqueued it. */
INGOT_API ingot_error* ingot_device_synchronize(const char* device);
INGOT_API ingot_value* ingot_value_copy(const ingot_value* value); /* shares the bytes */
INGOT_API void ingot_value_release(ingot_value* value);

INGOT_API ingot_kind ingot_value_kind(const ingot_value* value);
/* Fails unless the value is a tensor. `tensor->data` of strings is NULL: see ingot_value_string. */
INGOT_API ingot_error* ingot_value_tensor(const ingot_value* value, ingot_tensor* tensor);
INGOT_API ingot_error* ingot_value_mutable_data(ingot_value* value, void** data);
INGOT_API ingot_error* ingot_value_string(const ingot_value* value, size_t index, const char** text, size_t* length);
/* Items of a sequence; a map has two: keys and values. */
INGOT_API size_t ingot_value_item_count(const ingot_value* value);
INGOT_API ingot_error* ingot_value_item(const ingot_value* value, size_t index, ingot_value** item);

/* Plans. */

typedef struct ingot_plan ingot_plan;
/* Maps the file; weights are not copied. `verify_weights` != 0 hashes them too. */
INGOT_API ingot_error* ingot_plan_load(const char* path, int verify_weights, ingot_plan** plan);
/* Borrows the bytes until the plan and its sessions are released. */
INGOT_API ingot_error* ingot_plan_from_bytes(const void* bytes, size_t size, ingot_plan** plan);
INGOT_API ingot_error* ingot_plan_save(const ingot_plan* plan, const char* path); /* atomically */
INGOT_API void ingot_plan_release(ingot_plan* plan);
/* "ingot 0.1.0, kernel interface 1, avx2, AMD EPYC 7B13": what plans built here now are made for; and what `plan` was
 * made for. Where the texts differ ingot_plan_respecialize gives a plan that fits this machine and library better. */
INGOT_API const char* ingot_target_text(void);
INGOT_API const char* ingot_plan_target_text(const ingot_plan* plan);
/* Whole plan for people, and as JSON: info, inputs, outputs, steps (kind, operator, kernel, reason, ONNX nodes). */
INGOT_API const char* ingot_plan_text(const ingot_plan* plan);
INGOT_API const char* ingot_plan_json(const ingot_plan* plan);
/* "-" and "+" lines; "" when the plans are equal. Released with ingot_string_release. */
INGOT_API ingot_error* ingot_plan_diff(const ingot_plan* before, const ingot_plan* after, char** text);
INGOT_API void ingot_string_release(char* text);
/* Whether a file starts like a plan. */
INGOT_API int ingot_is_plan_file(const char* path);

/* Sessions. */

typedef struct ingot_session_options {
  size_t size;          /* sizeof(ingot_session_options) */
  int threads;          /* 0: every core of the process */
  int spins;            /* pauses before an idle worker sleeps; < 0: the default */
  int64_t memory_limit; /* bytes of activations of one run; 0: none */
  /* Runs under way at once that have threads of their own, `threads` shared out among them. 0 or 1: each run has all
   * of them (least latency); -1: as many streams as threads (most throughput). All share one set of weights; more runs
   * than streams share threads. Callers count as threads: a session of one thread per stream has none of its own. */
  int streams;
  int pin; /* != 0: each thread of the session stays on one core; threads that call runs are left alone */
  /* != 0: compiled kernels that the plan carries may run on the device. Machine code is not checked: allow it for plans
   * of your own only. 0: they are passed over, and kernels come from the user's cache or are compiled. */
  int allow_device_code;
} ingot_session_options;

typedef struct ingot_session ingot_session;
/* `options` may be NULL. The plan may be released afterwards. INGOT_DEVICE when the plan's device is absent; in
 * libingot a plan built with "fallback" (or "device" auto) goes on on the CPU instead, then and whenever the device is
 * lost or out of memory in a run, which is run again; a log line says so. */
INGOT_API ingot_error* ingot_session_create(const ingot_plan* plan, const ingot_session_options* options,
                                            ingot_session** session);
INGOT_API void ingot_session_release(ingot_session* session);

INGOT_API size_t ingot_session_input_count(const ingot_session* session);
INGOT_API size_t ingot_session_output_count(const ingot_session* session);
INGOT_API const char* ingot_session_input_name(const ingot_session* session, size_t index);
INGOT_API const char* ingot_session_output_name(const ingot_session* session, size_t index);
/* ONNX Runtime's spelling: "tensor(float)", "seq(tensor(int64))", "optional(tensor(float))",
 * "map(int64,tensor(float))". */
INGOT_API const char* ingot_session_input_type(const ingot_session* session, size_t index);
INGOT_API const char* ingot_session_output_type(const ingot_session* session, size_t index);
/* JSON array: numbers, names of symbolic sizes, null for unknown ones; "null" when the rank is unknown. */
INGOT_API const char* ingot_session_input_shape(const ingot_session* session, size_t index);
INGOT_API const char* ingot_session_output_shape(const ingot_session* session, size_t index);
/* The plan that serves now: another one than the session was made of after it left its device or was warmed up. */
INGOT_API ingot_error* ingot_session_plan(const ingot_session* session, ingot_plan** plan);
/* {"threads":…,"streams":…,"constant_bytes":…,"allocating_steps":[{"step":…,"reason":…}…],"metadata":{…}} */
INGOT_API const char* ingot_session_json(const ingot_session* session);
/* Activation memory for input shapes "x:1x3x224x224,y:1x4": {"arena_bytes":…,"largest_live_set":…}. */
INGOT_API ingot_error* ingot_session_memory(ingot_session* session, const char* shapes, char** json);

typedef struct ingot_run_options {
  size_t size;           /* sizeof(ingot_run_options) */
  const int* cancel;     /* the run stops with INGOT_CANCELLED soon after *cancel != 0; may be NULL */
  uint64_t seed;         /* of operators that draw random numbers */
  int64_t memory_budget; /* bytes one evaluation may allocate; 0: the default */
  int profile; /* != 0: ingot_session_profile_json gives the steps' times of this thread's last run; 2: and of its
                  threads */
  /* May be NULL. Gives memory for an output that is NULL and whose type and sizes follow from the inputs' sizes; the
   * output then borrows it: memory of the session's device for one of `outputs_on_device`, else the host's. NULL from
   * it: memory of the library's. Called in ingot_session_run, before any step. */
  void* (*place_output)(void* user, size_t index, const ingot_tensor_type* type);
  void* user;
  /* May be NULL. One per output; not 0: an output that is NULL receives memory of the session's device and stays there
   * (ignored by sessions on the CPU). */
  const unsigned char* outputs_on_device;
  /* May be NULL. A cudaStream_t or CUstream as a number: the run comes after what that stream holds and before what it
   * gets later (ignored by sessions on the CPU). */
  const uint64_t* stream;
  /* != 0: the run may return before outputs that lie on the device are complete. The memory of inputs and outputs there
   * must last until they are: see ingot_device_synchronize. */
  int asynchronous;
} ingot_run_options;

/* Values in the session's order. outputs[i]: NULL on entry receives a new value; a tensor is written in place (its type
 * and shape must be what the run gives). `options` may be NULL. */
INGOT_API ingot_error* ingot_session_run(ingot_session* session, const ingot_value* const* inputs,
                                         ingot_value** outputs, const ingot_run_options* options);
/* [{"step":…,"name":…,"kernel":…,"start_ns":…,"duration_ns":…,"nodes":[…]}…] of this thread's last profiled run;
 * with profile 2 a step that several threads shared has "tasks":[{"thread":…,"start_ns":…,"duration_ns":…}…], thread 0
 * being the caller. */
INGOT_API const char* ingot_session_profile_json(ingot_session* session);

/* NULL when sessions can be made on `device` here ("cpu", "cuda", "cuda:1", "null"), else what is missing. Takes no
 * memory of the device: that it is full shows when it is used. */
INGOT_API ingot_error* ingot_device_check(const char* device);
/* What this machine and installation offer: CPU, ISA level, libraries found and not found with reasons, environment
 * variables. JSON. */
INGOT_API const char* ingot_doctor_json(void);

#ifdef __cplusplus
}
#endif
#endif /* INGOT_INGOT_RUNTIME_H_ */
