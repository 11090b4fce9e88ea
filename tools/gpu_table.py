#!/usr/bin/env python3
"""Measures models on this machine's GPU beside torch.compile and writes docs/performance-gpu.md.

Every model is exported with random weights, its outputs are compared with fp32 on the CPU, and each engine's time is
that of one captured CUDA graph between two device events. It needs torch, torchvision, transformers and onnx; ONNX
Runtime's CUDA provider is named where `onnxruntime` has it. Rows that are done are kept in --state, so that a run that was
cut off goes on where it stopped. INGOT_CUDA_LIBRARIES names the folder of pip's nvidia packages.
"""
import concurrent.futures
import datetime
import importlib.metadata
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

import gpu_measuring
import gpu_models

WORKER = pathlib.Path(__file__).resolve().parent / "gpu_worker.py"
LIMIT = {"fp32": 1e-3, "fp16": 1e-2, "bf16": 5e-2}  # largest relative error


def worker(options, engine, model, batch, *more):
    """The worker's result, or {"failed": why}."""
    folder = options.work / ("%s_b%d" % (model, batch))
    command = [sys.executable, WORKER, engine, model, str(batch), folder, "--ingot", options.ingot,
               "--precision", options.precision, "--rounds", str(options.rounds), *more]
    environment = dict(os.environ, TORCHINDUCTOR_CACHE_DIR=str(options.work / "inductor"))
    if options.jobs > 1 and ("--prepare" in more or engine == "export"):
        environment |= {"OMP_NUM_THREADS": "2", "TORCHINDUCTOR_COMPILE_THREADS": "2"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def prepare(options, rows):
    """Exports, and torch's compile cache, several at a time: nothing here is timed."""
    def one(row):
        result = worker(options, "export", *row)
        if "failed" in result:
            print(*row, result, flush=True)
        elif options.peer:
            worker(options, "torch.compile", *row, "--prepare")

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(one, rows))


def measure(options, model, batch):
    """Both engines start together; a lock gives the GPU to one of them at a time."""
    engines = ["ingot"] + (["torch.compile"] if options.peer else [])
    with concurrent.futures.ThreadPoolExecutor(len(engines)) as pool:
        results = pool.map(lambda engine: worker(options, engine, model, batch), engines)
    return {"model": model, "batch": batch, **dict(zip(engines, results))}


def machine():
    """What the figures depend on."""
    query = gpu_measuring.gpus()
    versions = {}
    for package in ("torch", "torchvision", "transformers", "onnx", "nvidia-cudnn-cu13", "nvidia-cublas", "nvidia-cuda-nvrtc"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    try:
        import onnxruntime
        cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        runtime = "%s %s a CUDA provider" % (onnxruntime.__version__, "with" if cuda else "without")
    except ImportError:
        runtime = "not installed"
    return {"gpu": query[0] if query else "none", "versions": versions, "onnxruntime": runtime,
            "date": datetime.date.today().isoformat()}


def milliseconds(cell):
    return statistics.median(cell["rounds"]) if cell.get("rounds") else None


def text_of(cell):
    if "failed" in cell:
        return "failed"
    return "%.3f (%.3f to %.3f)" % (milliseconds(cell), min(cell["rounds"]), max(cell["rounds"]))


def believed(row, precision):
    cell = row["ingot"]
    return "failed" not in cell and cell["error"] <= LIMIT[precision]


def ratio(row):
    ours, theirs = milliseconds(row["ingot"]), milliseconds(row.get("torch.compile", {}))
    return theirs / ours if ours and theirs else None


def document(state, precision):
    about, rows = state["machine"], state["rows"]
    lines = ["# Performance on GPUs", "", "Written by `tools/gpu_table.py` from what it measured; edits are lost.", "",
             "GPU, driver, clock seen, highest clock, temperature: %s. Measured %s." % (about["gpu"], about["date"]),
             "Versions: %s; ONNX Runtime %s." % (", ".join("%s %s" % each for each in about["versions"].items()), about["onnxruntime"]),
             "", "Milliseconds of one captured CUDA graph in %s: the median of rounds of 50 replays, least and largest round behind it. Each"
             % precision, "round of Ingot is a process of its own, after a first one that tunes and compiles into an empty cache folder (first run) and",
             "leaves what it found to the others (first run again); torch.compile's rounds share a process. Error: distance to fp32 on the",
             "CPU, relative to its norm, with random weights; a row whose error is over %g counts as failed. Rows that were kept from" % LIMIT[precision],
             "an earlier run are of that run's code and machine.", "",
             "| model | batch | Ingot | torch.compile | torch.compile / Ingot | error | error of torch | build, s | first run, s | first run again, s | kernels | host steps |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    ratios = []
    for row in rows:
        ours, theirs = row["ingot"], row.get("torch.compile", {"failed": "left out"})
        if "failed" in ours:
            lines.append("| %s | %d | failed: %s | %s | | | | | | | | |" % (row["model"], row["batch"], ours["failed"], text_of(theirs)))
            continue
        found = ratio(row) if believed(row, precision) else None
        ratios += [found] if found else []
        lines.append("| %s | %d | %s | %s | %s | %.1e | %s | %.1f | %.1f | %s | %d | %d |" % (
            row["model"], row["batch"], text_of(ours) if believed(row, precision) else "wrong", text_of(theirs),
            "%.2f" % found if found else "", ours["error"], "%.1e" % theirs["error"] if "error" in theirs else "",
            ours["build_seconds"], ours["first_run_seconds"],
            "%.2f" % ours["first_run_again_seconds"] if "first_run_again_seconds" in ours else "", ours["operations"], len(ours["host_steps"])))
    if ratios:
        mean = math.exp(statistics.fmean(math.log(each) for each in ratios))
        lines += ["", "Geometric mean of torch.compile / Ingot over %d rows: %.2f; least %.2f." % (len(ratios), mean, min(ratios))]
    return "\n".join(lines + loading(rows)) + "\n"


def loading(rows):
    """The parts of a process's way to its first result once everything is tuned and kept, and device memory."""
    lines = ["", "## Loading and memory", "",
             "From a process's start to its first result when kernels and choices are kept, in milliseconds, of the last round: making the context while",
             "NVIDIA's libraries are opened; making their handles; choices remembered, made and tried; kernels loaded; weights laid out and copied; graphs",
             "recorded; binding is all of these but the context, and the rest. Memory: weights and activations in MB, how far that is above weights and the",
             "largest set of values alive at once, and workspace of libraries.", "",
             "| model | batch | process to result | context | handles | choices | kernels | weights (GB/s) | graphs | binding | memory | of the least | workspace |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    head = len(lines)
    for row in rows:
        cell = row["ingot"]
        if "process_seconds" not in cell:
            continue
        parts, memory = cell["preparation_again"], cell["memory"]
        used = memory["constant"] + memory["arena"]
        lines.append("| %s | %d | %.0f | %.0f | %.0f | %.0f (%d) | %.0f | %.0f (%.1f) | %.0f | %.0f | %.1f | %.3f | %.1f |" % (
            row["model"], row["batch"], 1e3 * cell["process_seconds"], parts["context_ms"], parts["libraries_ms"], parts["choices_ms"],
            parts["remembered"], parts["modules_ms"], parts["weights_ms"], parts["weights_gb_per_second"], parts["capture_ms"],
            parts["bind_ms"], used / 1e6, used / (memory["constant"] + cell["largest_live_set"]), memory["workspace"] / 1e6))
    return lines if len(lines) > head else []


def measure_all(options, state):
    """Adds the rows that are not there yet to state["rows"]."""
    known = {(row["model"], row["batch"]) for row in state["rows"]}
    rows = [(model, int(batch)) for batch in options.batches.split(",") for model in options.models.split(",")]
    rows = [row for row in rows if row not in known]
    state["machine"] = machine()
    prepare(options, rows)
    for row in rows:
        state["rows"].append(measure(options, *row))
        options.state.write_text(json.dumps(state))
        print({key: value if not isinstance(value, dict) else value.get("failed") or milliseconds(value)
               for key, value in state["rows"][-1].items()}, flush=True)


def main():
    parser = gpu_measuring.parser_of(__doc__, "ingot-gpu-table", "gpu.json", "performance-gpu.md")
    parser.add_argument("--models", default=",".join(gpu_models.NAMES))
    parser.add_argument("--batches", default="1,32")
    parser.add_argument("--precision", default="fp16", choices=sorted(LIMIT))
    parser.add_argument("--jobs", type=int, default=4, help="exports and compilations at a time")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="leave torch.compile out")
    options = parser.parse_args()
    gpu_measuring.write(options, {"rows": []}, measure_all, lambda state: document(state, options.precision))
    return 0


if __name__ == "__main__":
    sys.exit(main())
