#!/usr/bin/env python3
"""Exported topologies beside ONNX Runtime at every shape, each from one plan. Writes build/reports/topologies.json and .xml.

A model fails when an output differs by more than 1e-3 of its largest magnitude, or has another type or shape.
"""

import argparse
import json
import pathlib
import sys

import ingot
import numpy as np
import onnxruntime
from report import Report

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIMIT = 1e-3


def feeds_of(shapes, rng):
    return {name: rng.integers(0, each["below"], each["shape"]) if each["below"] else rng.standard_normal(each["shape"], np.float32)
            for name, each in shapes.items()}


def error_of(ours, theirs):
    """Largest difference over the largest magnitude; infinite where type, shape or finiteness differ."""
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape or not np.array_equal(np.isfinite(ours), np.isfinite(theirs)):
        return float("inf")
    finite = np.isfinite(theirs)
    difference = np.abs(ours[finite].astype(np.float64) - theirs[finite])
    return float(difference.max(initial=0) / (np.abs(theirs[finite]).max(initial=0) or 1))


def session_of(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def row_of(path, threads):
    plan = ingot.build(str(path), device="cpu")
    ours = ingot.InferenceSession(plan, ingot_options(threads))
    theirs, rng, worst, shown = session_of(path, threads), np.random.default_rng(0), 0.0, []
    for shapes in json.loads(path.with_suffix(".json").read_text()):
        feeds = feeds_of(shapes, rng)
        pairs = zip(ours.run(None, feeds), theirs.run(None, feeds), strict=True)
        worst = max([worst] + [error_of(*pair) for pair in pairs])
        shown.append("+".join("x".join(map(str, each["shape"])) for each in shapes.values()))
    steps = plan.to_dict()["program"]["steps"]
    return {"model": path.stem, "shapes, one plan": ", ".join(shown), "largest error / largest magnitude": "%.1e" % worst,
            "steps": len(steps), "evaluated": sum(step["kind"] == "evaluation" for step in steps)}, worst


def ingot_options(threads):
    options = ingot.SessionOptions()
    options.intra_op_num_threads = threads
    return options


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="", help="names, with commas between")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    names = options.only.split(",") if options.only else sorted(path.stem for path in options.folder.glob("*.json"))
    report, rows = Report("topologies"), []
    for name in names:
        try:
            row, worst = row_of(options.folder / (name + ".onnx"), options.threads)
            rows.append(row)
            print(" | ".join(map(str, row.values())), flush=True)
            report.add(name, "passed" if worst <= LIMIT else "failed", "largest error %g" % worst)
        except Exception as error:
            reason = str(error)[:200]
            rows.append({"model": name, "largest error / largest magnitude": "fails: " + reason})
            print("%s: %s" % (name, reason), flush=True)
            report.add(name, "failed", str(error))
    reports = ROOT / "build/reports"
    report.write(reports / "topologies.xml")
    (reports / "topologies.json").write_text(json.dumps(sorted(rows, key=len, reverse=True)))  # a whole row first: it gives the columns
    return 1 if report.failed() or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
