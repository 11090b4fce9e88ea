"""One engine on one model for tools/gpu_table.py, in a process of its own. Prints one line of JSON."""
import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

import gpu_models
import numpy

REPLAYS = 50


@contextlib.contextmanager
def gpu(options):
    """The GPU for this process alone: the two engines of a row start together and use it one after the other."""
    with (options.folder.parent / "gpu.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def error_of(actual, expected):
    actual, expected = actual.astype("float64"), expected.astype("float64")
    return float(numpy.linalg.norm(actual - expected) / numpy.linalg.norm(expected))


def export(name, batch, folder):
    """folder/model.onnx, its inputs and what it gives in fp32 on the CPU."""
    import torch
    model, arguments = gpu_models.make(name, batch, "eager")
    with torch.no_grad():
        expected = gpu_models.first_output(model(*arguments)).numpy()
    program = torch.onnx.export(model, arguments, dynamo=True, opset_version=18, verbose=False)
    program.save(folder / "model.onnx", external_data=True)
    for value, argument in zip(program.model.graph.inputs, arguments):
        numpy.save(folder / ("%s.npy" % value.name), argument.numpy())
    numpy.save(folder / "expected", expected)
    (folder / "names.json").write_text(json.dumps({"inputs": [each.name for each in program.model.graph.inputs],
                                                   "output": program.model.graph.outputs[0].name}))
    return {}


def run(*command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    if done.returncode != 0:
        raise SystemExit("%s: %s" % (" ".join(map(str, command[:3])), done.stderr.strip()))
    return done.stdout


def ingot(folder, options):
    names = json.loads((folder / "names.json").read_text())
    given = [part for name in names["inputs"] for part in ("--input", "%s=%s" % (name, folder / ("%s.npy" % name)))]
    plan, results, cache = folder / ("model.%s.plan" % options.precision), folder / "results", folder / "cache"
    begin = time.perf_counter()
    run(options.ingot, "build", folder / "model.onnx", "-o", plan, "--device", "cuda", "--precision", options.precision)
    build = time.perf_counter() - begin
    shutil.rmtree(results, ignore_errors=True)
    shutil.rmtree(cache, ignore_errors=True)
    first = json.loads(run(options.ingot, "run", plan, *given, "--json", "--output", results, INGOT_CACHE_DIR=str(cache)))
    error = error_of(numpy.load(results / (names["output"] + ".npy")), numpy.load(folder / "expected.npy"))
    rounds, report = [], {}
    for _ in range(options.rounds):
        report = json.loads(run(options.ingot, "bench", plan, *given, "--json", "--duration", "0.3", "--warmUp", "0.2",
                                *(["--layers"] if options.layers else []), INGOT_CACHE_DIR=str(cache)))
        rounds.append(report["device"]["milliseconds"])
    return {"rounds": rounds, "error": error, "build_seconds": build, "first_run_seconds": first["seconds"],
            "first_run_again_seconds": report["first_run_seconds"], "preparation": first["preparation"],
            "preparation_again": report["device"]["preparation"], "load_seconds": report["load_seconds"],
            "operations": report["device"]["operations"], "graphs": report["device"]["graphs"],
            "host_steps": ["%s: %s" % (each["operator"], each["reason"]) for each in report["slow_steps"]],
            "process_seconds": report["process_to_first_result_seconds"],
            "memory": {name: report["device"][name + "_bytes"] for name in ("constant", "arena", "workspace")},
            "largest_live_set": report["device"]["largest_live_set"],
            "steps": report["steps"]}


def torch_compile(name, batch, folder, options):
    import torch
    dtype = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}[options.precision]
    model, arguments = gpu_models.make(name, batch, "sdpa")
    with gpu(options) if not options.prepare else contextlib.nullcontext():
        return timed_torch(torch, model, arguments, dtype, folder, options)


def timed_torch(torch, model, arguments, dtype, folder, options):
    arguments = [each.cuda().to(dtype) if each.is_floating_point() else each.cuda() for each in arguments]
    model = model.cuda().to(dtype)
    if arguments[0].dim() == 4:
        model, arguments[0] = model.to(memory_format=torch.channels_last), arguments[0].to(memory_format=torch.channels_last)
    begin = time.perf_counter()
    compiled = torch.compile(model)
    with torch.no_grad():
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                compiled(*arguments)
        side.synchronize()
        build = time.perf_counter() - begin
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = gpu_models.first_output(compiled(*arguments))
    rounds = []
    for _ in range(0 if options.prepare else options.rounds):
        times = []
        for _ in range(10):
            graph.replay()
        for _ in range(REPLAYS):
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            graph.replay()
            end.record()
            end.synchronize()
            times.append(begin.elapsed_time(end))
        rounds.append(statistics.median(times))
    graph.replay()
    torch.cuda.synchronize()
    return {"rounds": rounds, "error": error_of(result.float().cpu().numpy(), numpy.load(folder / "expected.npy")),
            "build_seconds": build}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", choices=("export", "ingot", "torch.compile"))
    parser.add_argument("model")
    parser.add_argument("batch", type=int)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--ingot", default="ingot")
    parser.add_argument("--precision", default="fp16")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", action="store_true", help="device time of every step")
    parser.add_argument("--prepare", action="store_true", help="fill torch's compile cache only")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.engine == "export":
        result = export(options.model, options.batch, options.folder)
    elif options.engine == "ingot":
        with gpu(options):
            result = ingot(options.folder, options)
    else:
        result = torch_compile(options.model, options.batch, options.folder, options)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
