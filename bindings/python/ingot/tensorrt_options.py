"""What the options of ONNX Runtime's TensorRT provider mean to Ingot: one table, printed in docs/migrate.md."""

import json

from . import _ingot, errors
from .names import nearest_first

_ON_THE_CPU = "bf16 where the CPU multiplies it by instructions of its own; else fp32. Sums and norms stay in fp32"
_NO_PARTS = "a plan always takes the whole model: there are no parts to choose"
_NO_TIMING = "the CPU's kernels are chosen by a cost model; what a GPU measured is always kept, per user (docs/plan-cache.md)"
_NO_CODE = "plans hold data and no code, and are not encrypted"
_NO_DLA = "there is no DLA"


def _switch(value):
    return str(value).lower() in ("1", "true")


def _to(name, convert=str):
    return lambda value, gpu: {name: convert(value)}


def _gpu(value, gpu):
    """That GPU, where it is there. The first one needs no word: it is what sessions take."""
    other = gpu and int(value) > 0 and not _ingot.device_problem("cuda:%d" % int(value))
    return {"device": "cuda:%d" % int(value), "fallback": True} if other else {}


def _stream(value, gpu):
    return {"user_compute_stream": str(value)} if gpu else {}


def _sixteen_bits(on_gpu):
    def meaning(value, gpu):
        features = json.loads(_ingot.doctor_json())["cpu"]["features"] if not gpu else {}
        on_cpu = "bf16" if features.get("avx512_bf16") or features.get("amx_bf16") else "fp32"
        return {"precision": on_gpu if gpu else on_cpu} if _switch(value) else {}

    return "precision: %s on a GPU; %s" % (on_gpu, _ON_THE_CPU), meaning


# Name: (TensorRT provider's default, (words, function giving Ingot's options) or the reason for ignoring it).
TABLE = {
    "device_id": ("0", ("device: that GPU, where there is one of this number", _gpu)),
    "user_compute_stream": ("", ("user_compute_stream: on a GPU", _stream)),
    "has_user_compute_stream": ("0", "user_compute_stream alone tells"),
    "trt_max_partition_iterations": ("1000", _NO_PARTS),
    "trt_min_subgraph_size": ("1", _NO_PARTS),
    "trt_op_types_to_exclude": ("", _NO_PARTS),
    "trt_max_workspace_size": ("0", "memory is planned when shapes are bound: there is no workspace to bound"),
    "trt_fp16_enable": ("0", _sixteen_bits("fp16")),
    "trt_bf16_enable": ("0", _sixteen_bits("bf16")),
    "trt_int8_enable": ("0", "models with QuantizeLinear and DequantizeLinear run as they are; others are not quantised"),
    "trt_int8_calibration_table_name": ("", "calibration tables are not read"),
    "trt_int8_use_native_calibration_table": ("0", "calibration tables are not read"),
    "trt_layer_norm_fp32_fallback": ("0", "norms always sum in fp32"),
    "trt_dla_enable": ("0", _NO_DLA),
    "trt_dla_core": ("0", _NO_DLA),
    "trt_engine_cache_enable": ("0", ("engine_cache_enable", _to("engine_cache_enable", _switch))),
    "trt_engine_cache_path": ("", ("engine_cache_path", _to("engine_cache_path"))),
    "trt_engine_cache_prefix": ("", "names of kept plans are hashes of what they were made from"),
    "trt_engine_hw_compatible": ("0", "every plan carries the portable graph and is built again for another machine"),
    "trt_engine_decryption_enable": ("0", _NO_CODE),
    "trt_engine_decryption_lib_path": ("", _NO_CODE),
    "trt_weight_stripped_engine_enable": ("0", "plans hold their weights; a cached one is the model and its plan in one file"),
    "trt_onnx_model_folder_path": ("", ("folder of the model's external data", _to("folder"))),
    "trt_onnx_bytestream": ("", "plans are never refitted: pass the model itself"),
    "trt_onnx_bytestream_size": ("0", "plans are never refitted: pass the model itself"),
    "trt_external_data_bytestream": ("", "external data is read from the model's folder"),
    "trt_external_data_bytestream_size": ("0", "external data is read from the model's folder"),
    "trt_load_user_initializer": ("0", "initializers come from the model"),
    "trt_force_sequential_engine_build": ("0", "builds share nothing: any number may go on at once"),
    "trt_context_memory_sharing_enable": ("0", "runs of one session have memory of their own, so that they may overlap"),
    "trt_timing_cache_enable": ("0", _NO_TIMING),
    "trt_timing_cache_path": ("", _NO_TIMING),
    "trt_force_timing_cache": ("0", _NO_TIMING),
    "trt_builder_optimization_level": ("3", "every pass always runs: builds take seconds"),
    "trt_build_heuristics_enable": ("0", "every pass always runs: builds take seconds"),
    "trt_tactic_sources": ("", "there are no tactics to choose from: of each GPU library the fastest kernel is taken"),
    "trt_preview_features": ("", "there are none"),
    "trt_sparsity_enable": ("0", "weights are used as they are"),
    "trt_auxiliary_streams": ("-1", "threads are set by SessionOptions.intra_op_num_threads"),
    "trt_cuda_graph_enable": ("0", "runs on a GPU always are launches of recorded graphs"),
    "trt_extra_plugin_lib_paths": ("", "a library is never loaded for a model: use ingot.register_custom_operator"),
    "trt_profile_min_shapes": ("", ("minShapes", _to("minShapes"))),
    "trt_profile_opt_shapes": ("", ("optShapes", _to("optShapes"))),
    "trt_profile_max_shapes": ("", ("maxShapes: a run past them is refused; without it any shape runs", _to("maxShapes"))),
    "trt_dump_subgraphs": ("0", "`ingot build --stop-after passes` prints the graph"),
    "trt_detailed_build_log": ("0", "INGOT_LOG=verbose and `ingot build --json` show the build"),
    "trt_dump_ep_context_model": ("0", "ingot.Plan.save writes a plan"),
    "trt_ep_context_file_path": ("", "ingot.Plan.save writes a plan"),
    "trt_ep_context_embed_mode": ("0", "ingot.Plan.save writes a plan"),
}


def _is_default(value, default):
    text = {"true": "1", "false": "0", "none": ""}.get(str(value).lower(), str(value))
    return text in (default, "")


def translate(options, gpu=False):
    """Ingot's options for those of the TensorRT provider, and one remark per option that asks for something else than
    its default. `gpu`: whether the plan is for one. Raises InvalidArgument for a name that the provider does not have."""
    translated, remarks = {}, []
    for name, value in options.items():
        if name not in TABLE:
            raise errors.InvalidArgument("unknown option '%s' of TensorrtExecutionProvider; valid: %s" % (name, nearest_first(name, TABLE)))
        default, meaning = TABLE[name]
        if isinstance(meaning, tuple):
            # The folder alone turns Ingot's cache on; TensorRT's wants the switch.
            given = meaning[1](value, gpu) if value not in ("", None) else {}
            translated.update(given)
            if not _is_default(value, default):
                here = "; here %s" % given["precision"] if "precision" in given else ""
                remarks.append("%s: %s%s" % (name, meaning[0], here))
        elif not _is_default(value, default):
            remarks.append("%s ignored: %s" % (name, meaning))
    if "engine_cache_path" in translated:
        translated.setdefault("engine_cache_enable", False)
    return translated, remarks


def markdown():
    """The table of docs/migrate.md."""
    rows = ["| option | default | here |", "|---|---|---|"]
    for name, (default, meaning) in TABLE.items():
        here = "mapped: `%s`%s" % (meaning[0].partition(":")[0], meaning[0].partition(":")[1] + meaning[0].partition(":")[2]) \
            if isinstance(meaning, tuple) else "ignored: " + meaning
        rows.append("| `%s` | %s | %s |" % (name, "`%s`" % default if default else "", here))
    return "\n".join(rows) + "\n"
