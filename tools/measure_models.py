#!/usr/bin/env python3
"""Real trained models beside ONNX Runtime: largest error, time ratio, steps, memory. Writes build/reports/models.json.

Timing is that of `ingot bench --suite cpu`; the ratio is the median over rounds of ONNX Runtime's time over ours.
"""

import argparse
import json
import pathlib
import sys

import ingot
from ingot.compare import suite_models, suite_report, text
from ingot.compare.measure import Cell, Effort, measure, ratio

ROOT = pathlib.Path(__file__).resolve().parents[1]


def memory_of(model):
    session = ingot.InferenceSession(model.path, providers=["CPUExecutionProvider"])
    shapes = ["x".join(map(str, array.shape)) for array in suite_models.feeds_of(model).values()]
    names = [each.name for each in session.get_inputs()]
    memory = json.loads(session._session.memory_json(",".join(map("%s:%s".__mod__, zip(names, shapes)))))
    live = memory["largest_live_set"]
    return memory["arena_bytes"] / live if live else 1


def row_of(model, effort):
    ours, theirs = measure(model.path, suite_models.feeds_of(model), [Cell("ingot"), Cell("onnxruntime")], sys.executable, effort)[0]
    for each in (ours, theirs):
        if not each["available"]:
            raise SystemExit("%s: %s %s" % (model.name, each["engine"], each["reason"]))
    found = ratio(theirs["round_seconds"], ours["round_seconds"])
    return {"model": model.name, "largest error / largest magnitude": text.error(ours),
            "ms": "%.2f" % (1e3 * ours["latency_seconds"]["p50"]), "ratio to ONNX Runtime": "%.2f" % found["median"],
            "quartiles": "%.2f to %.2f" % (found["lower"], found["upper"]), "steps": ours["steps"], "evaluated": len(ours["fallbacks"]),
            "activations / largest live set": "%.3f" % memory_of(model)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    (ROOT / "build/reports").mkdir(parents=True, exist_ok=True)
    models, rows = suite_models.find(ROOT / ".cache")[0], []
    for model in models:
        if not model.trained:
            continue
        rows.append(row_of(model, Effort(options.rounds, threads=options.threads)))
        print(rows[-1], flush=True)
    mean = suite_report.geometric_mean([float(row["ratio to ONNX Runtime"]) for row in rows])
    rows.append({"model": "geometric mean, %d thread(s)" % options.threads, "ratio to ONNX Runtime": "%.2f" % mean})
    (ROOT / "build/reports/models.json").write_text(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
