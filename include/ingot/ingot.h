/* Ingot's C interface. Stable: functions are only added, structs grow at the end and carry their size.
 *
 * Errors: functions that can fail return NULL on success or an ingot_error that the caller releases with
 * ingot_error_release. No exception and no signal leaves the library.
 * Ownership: whatever a function hands out through a pointer-to-handle argument is released by its ingot_*_release;
 * releasing NULL does nothing. Strings handed out live as long as the handle they came from.
 * Threads: sessions may be run from many threads at once; builders, options and values by one thread at a time.
 * The runtime library (ingot_runtime.h) holds everything here except what is marked "compiler". */
#ifndef INGOT_INGOT_H_
#define INGOT_INGOT_H_

#include <ingot/ingot_runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Building plans (compiler). */

typedef struct ingot_builder ingot_builder;

/* Element types, shapes and sizes as in ingot_runtime.h. `domain`, `op_type`: which ONNX operator. Registers for every
 * builder made later in this process; a second registration of the same pair replaces the first. */
typedef struct ingot_custom_operator {
  size_t size; /* sizeof(ingot_custom_operator) */
  const char* domain;
  const char* op_type;
  void* user;
  /* Gives element type and shape of every output. `attributes_json`: the ONNX attributes as a JSON object. Sizes of -1
   * are unknown. Write rank and sizes through `set_output`; return NULL or an error made by ingot_error_create. */
  ingot_error* (*infer)(void* user, const char* attributes_json, const ingot_tensor_type* inputs, size_t input_count,
                        void* context, void (*set_output)(void* context, size_t index, const ingot_tensor_type* type));
  /* Computes the outputs. `allocate_output` returns the memory of output `index`; call it once per output. */
  ingot_error* (*eval)(void* user, const char* attributes_json, const ingot_tensor* inputs, size_t input_count,
                       void* context,
                       void* (*allocate_output)(void* context, size_t index, const ingot_tensor_type* type));
} ingot_custom_operator;
INGOT_API ingot_error* ingot_register_custom_operator(const ingot_custom_operator* op);

/* A builder reads one model. `path`: an .onnx file (external data beside it). `bytes` are copied;
 * `folder` (may be NULL) is where external data may lie. */
INGOT_API ingot_error* ingot_builder_from_file(const char* path, ingot_builder** builder);
INGOT_API ingot_error* ingot_builder_from_bytes(const void* bytes, size_t size, const char* folder,
                                                ingot_builder** builder);
INGOT_API void ingot_builder_release(ingot_builder* builder);
/* Before a build: a tensor on the host, copied, as the value of the model's initializer `name`, of the same element
 * type. INGOT_NOT_FOUND when the model has none of that name. */
INGOT_API ingot_error* ingot_builder_set_initializer(ingot_builder* builder, const char* name,
                                                     const ingot_value* value);
/* Before a build: the content, copied, of the file `location` of the model's external data, relative to the model's
 * folder; such a file is not read. A file that the model does not name is ignored. */
INGOT_API ingot_error* ingot_builder_set_external_file(ingot_builder* builder, const char* location, const void* bytes,
                                                       size_t size);

/* Options by name, as the command line spells them without the dashes; ingot_build_options_json lists them all:
 * "precision" fp32 or bf16, on GPUs also fp16; "tf32" false (of fp32 on GPUs); "device" auto (a GPU when there is one,
 * with fallback; else the CPU), cpu, cuda, cuda:1, null; "fallback" true; "threads" 0; "streams" 1 (as in
 * ingot_session_options, which gets the same number); "minShapes"/"optShapes"/"maxShapes" name:1x3x224x224,...;
 * "free-dimension" name=4 (may repeat); "disable-pass" name (may repeat); "max-patches" n; "stop-after" stage or pass;
 * "no-portable" true; "isa" avx2; "tune" quick, "tune-budget" 15, "tuning-db" file (the tuning database, below);
 * "engine_cache_enable" true, "engine_cache_path" folder, "engine_cache_limit" 16G (the plan cache, below). '-' and '_'
 * count as the same. Unknown names and bad values give an error that lists the valid ones. */
INGOT_API ingot_error* ingot_builder_set_option(ingot_builder* builder, const char* name, const char* value);
/* What ingot_builder_set_option would say, without a builder. */
INGOT_API ingot_error* ingot_build_option_check(const char* name, const char* value);
/* [{"name":…,"default":…,"doc":…}, …] */
INGOT_API const char* ingot_build_options_json(void);
/* Returning 0 asks the build to stop: ingot_build then fails with INGOT_CANCELLED. */
INGOT_API void ingot_builder_set_progress(ingot_builder* builder,
                                          int (*callback)(void* user, const char* stage, size_t done, size_t total),
                                          void* user);
INGOT_API ingot_error* ingot_build(ingot_builder* builder, ingot_plan** plan);
/* What the last build did: passes with times and patches, steps by kind, reasons. JSON; lives until the next build. */
INGOT_API const char* ingot_builder_report_json(const ingot_builder* builder);
/* Text of the graph after `stop-after`, when that option was set; else "". */
INGOT_API const char* ingot_builder_dump(const ingot_builder* builder);

/* Sessions that serve at once and better later (compiler). The session starts with a plan that is built without
 * measuring kernels; the plan that the builder's options ask for (option "tune", at least quick) is built on a thread
 * of the session's and serves every run that begins after it is there. Runs under way end on the plan they began with.
 * When that build fails the first plan goes on serving, and a log line says why. A measured plan that the plan cache
 * has serves from the start. The builder may be released; the model's files must stay until the build is over.
 * ingot_session_release stops the build, within the time of one measurement. */
INGOT_API ingot_error* ingot_session_create_warming(ingot_builder* builder, const ingot_session_options* options,
                                                    ingot_session** session);
/* Waits for the build, at most `seconds` (0: not at all, < 0: without end), and tells how it stands:
 * {"state":"none"|"cached"|"building"|"taken"|"failed"|"stopped", "reason", "seconds", "report":{…}}; none: the session
 * was made without warming; cached: its plan came measured from the plan cache. `report` is that of the build, as by
 * ingot_builder_report_json. `json` is released with ingot_string_release. Threads: any number at once. */
INGOT_API ingot_error* ingot_session_warm_up(const ingot_session* session, double seconds, char** json);
/* Asks the build to stop; the session goes on with the plan that it has. Nothing when there is no build. */
INGOT_API void ingot_session_stop_warm_up(ingot_session* session);

/* The plan cache (compiler). With "engine_cache_enable" (or a folder by "engine_cache_path"), ingot_build takes the
 * plan from the folder when one was made from the same model bytes, weights, options, CPU and library; else it builds
 * and keeps it. Nothing wrong with the folder or a file in it fails a build: a log line says what. Any number of
 * processes may share a folder. The report's "cache" tells what happened:
 * {"state":"loaded"|"respecialized"|"built"|"off", "file","reason"}. `folder` NULL or "": INGOT_CACHE_DIR, else
 * ~/.cache/ingot. Texts are released with ingot_string_release. */
/* {"folder","bytes","entries":[{"file","bytes","last_used","fault","model","target_cpu",…}…],"device_code":{"files",
 * "bytes","damaged":[{"file","fault"}…]}}, longest unused first; every byte is hashed, "fault" says what is wrong or is
 * "". "device_code" is what devices keep there for themselves. */
INGOT_API ingot_error* ingot_cache_list(const char* folder, char** json);
/* Removes damaged plans, leftovers of killed writers, then the longest unused until the rest fits `limit` ("512MB";
 * NULL or "": the default of "engine_cache_limit"; "0": all), and the same of device code, which has 1G at most.
 * {"folder","removed":[file…],"bytes","device_code":…} */
INGOT_API ingot_error* ingot_cache_prune(const char* folder, const char* limit, char** json);

/* The bytes that ingot_plan_save writes; released with ingot_bytes_release. */
INGOT_API ingot_error* ingot_plan_bytes(const ingot_plan* plan, void** bytes, size_t* size);
/* Builds again, from the portable graph that it carries, a plan made for another CPU or library version. */
INGOT_API ingot_error* ingot_plan_respecialize(const ingot_plan* plan, ingot_plan** result);

/* The tuning database (compiler): which kernel was fastest, by problem, ISA level, CPU and threads. The build options
 * "tune", "tune-budget" and "tuning-db" make and use it; docs/tuning.md tells its form. `database` NULL or "":
 * tuning.jsonl in the plan cache's folder. Texts are released with ingot_string_release. */
/* {"database","entries":[{"problem","isa","cpu","threads","best","ns":{kernel:…},"pinned","ignored"}…]}; "ignored" says
 * why an entry does not hold for this machine and library, or is "". */
INGOT_API ingot_error* ingot_tuning_list(const char* database, char** json);
/* Merges the entries of the file `source` into `database`; those of `source` win, except over pinned ones. Either may
 * be NULL or "" for the default: so this also exports and imports. {"database","entries":how many it has now} */
INGOT_API ingot_error* ingot_tuning_merge(const char* source, const char* database, char** json);
/* Makes builds on this machine use `kernel` for `problem` (as ingot_tuning_list or ingot_session_explain spell it);
 * `kernel` NULL or "": forget what is known of the problem. `threads` 0: every core. */
INGOT_API ingot_error* ingot_tuning_pin(const char* database, const char* problem, const char* kernel, int threads);

/* What a plan does and why, as JSON released with ingot_string_release: ONNX nodes, operators before fusion, steps and
 * launches; for each step its ONNX nodes, kernel, the kernels that lost (estimated cost) or refused (reason),
 * arithmetic, bytes, time and share of what this machine reaches at best. `inputs` in the session's order give the
 * shapes; with `rounds` > 0 they are run and the steps timed. docs/explain.md lists the members (compiler). */
INGOT_API ingot_error* ingot_session_explain(ingot_session* session, const ingot_value* const* inputs, int rounds,
                                             char** json);

/* The ONNX model with the value `value_name` (or each of several, comma-separated) as outputs instead of its own, as
 * bytes released with ingot_bytes_release: for finding the first node that diverges. */
INGOT_API ingot_error* ingot_model_with_outputs(const char* path, const char* value_names, void** bytes, size_t* size);
/* {"ir_version":…, "opsets":{…}, "inputs":[…], "outputs":[…], "nodes":[{"name","op_type","domain","outputs"}…]} */
INGOT_API ingot_error* ingot_model_json(const char* path, char** json, size_t* size);
INGOT_API void ingot_bytes_release(void* bytes);

#ifdef __cplusplus
}
#endif
#endif /* INGOT_INGOT_H_ */
