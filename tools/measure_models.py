#!/usr/bin/env python3
"""Real trained models beside ONNX Runtime: largest error, time ratio, steps (build/reports/models.json), memory of
activations (build/reports/memory.json).

Timing is that of `ingot bench --suite cpu`; the ratio is the median over rounds of ONNX Runtime's time over ours.
"""

import argparse
import json
import pathlib
import sys

import ingot
from ingot.compare import suite_models, suite_report, text
from ingot.compare.measure import Cell, Effort, measure, ratio
from onnxruntime_memory import CountingRuntime

ROOT = pathlib.Path(__file__).resolve().parents[1]


def memory_row(model, counting, threads):
    """Bytes of activations, scratch of kernels included, inputs and outputs not: they lie in the caller's memory."""
    options = ingot.SessionOptions()
    options.intra_op_num_threads = threads
    session = ingot.InferenceSession(model.path, options, providers=["CPUExecutionProvider"])
    feeds = dict(zip([each.name for each in session.get_inputs()], suite_models.feeds_of(model).values()))
    shapes = ",".join("%s:%s" % (name, "x".join(map(str, array.shape))) for name, array in feeds.items())
    outputs = dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds)))
    ours = json.loads(session._session.memory_json(shapes))
    arena, live = ours["arena_bytes"], ours["largest_live_set"]
    theirs = counting.activation_peak(model.path, feeds, outputs, threads)
    return {"model": model.name, "arena": arena, "largest live set": live, "arena / live set": "%.3f" % (arena / live if live else 1),
            "ONNX Runtime": theirs, "Ingot / ONNX Runtime": "%.2f" % (arena / theirs if theirs else 1)}


def row_of(model, effort):
    ours, theirs = measure(model.path, suite_models.feeds_of(model), [Cell("ingot"), Cell("onnxruntime")], sys.executable, effort)[0]
    for each in (ours, theirs):
        if not each["available"]:
            raise SystemExit("%s: %s %s" % (model.name, each["engine"], each["reason"]))
    found = ratio(theirs["round_seconds"], ours["round_seconds"])
    return {"model": model.name, "largest error / largest magnitude": text.error(ours),
            "ms": "%.2f" % (1e3 * ours["latency_seconds"]["p50"]), "ratio to ONNX Runtime": "%.2f" % found["median"],
            "quartiles": "%.2f to %.2f" % (found["lower"], found["upper"]), "steps": ours["steps"], "evaluated": len(ours["fallbacks"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", action="store_true", help="memory alone, which takes seconds")
    options = parser.parse_args()
    (ROOT / "build/reports").mkdir(parents=True, exist_ok=True)
    models = [model for model in suite_models.find(ROOT / ".cache")[0] if model.trained]
    counting, memory = CountingRuntime(), []
    for model in models:
        memory.append(memory_row(model, counting, options.threads))
        print(memory[-1], flush=True)
    (ROOT / "build/reports/memory.json").write_text(json.dumps(memory))
    if options.memory:
        return 0
    rows = []
    for model in models:
        rows.append(row_of(model, Effort(options.rounds, threads=options.threads)))
        print(rows[-1], flush=True)
    mean = suite_report.geometric_mean([float(row["ratio to ONNX Runtime"]) for row in rows])
    rows.append({"model": "geometric mean, %d thread(s)" % options.threads, "ratio to ONNX Runtime": "%.2f" % mean})
    (ROOT / "build/reports/models.json").write_text(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
