#!/usr/bin/env python3
"""Real trained models on the GPU against the CPU in fp32 (build/reports/gpu_models.json, for `./dev status`).

It needs numpy, the wheels in .cache/models and INGOT_CUDA_LIBRARIES where the libraries are pip's. Exit status 1: an error
beyond its limit, or a model that did not run.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
from gpu_table import LIMIT
from gpu_worker import error_of

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bindings/python/ingot/compare"))
import suite_models  # noqa: E402


def ingot(options, *arguments):
    """What `ingot ... --json` prints."""
    done = subprocess.run([options.ingot, *arguments, "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit("ingot %s: %s" % (arguments[0], (done.stdout + done.stderr).strip()))
    return json.loads(done.stdout)


def outputs(options, model, given, folder, *flags):
    """What one run gives, as arrays in the model's order."""
    result = ingot(options, "run", model.path, *given, "--output", folder, *flags)
    return [numpy.load(path) for path in result["files"]]


def cell(options, model, given, folder, expected, precision):
    """Error beside the CPU, device time and host steps of one precision."""
    flags = ["--device", options.device, "--precision", precision]
    found = outputs(options, model, given, folder / precision, *flags)
    error = max(error_of(*pair) for pair in zip(found, expected))
    report = ingot(options, "bench", model.path, *given, "--duration", "0.3", "--warmUp", "0.2", *flags)
    return {"error " + precision: "%.1e" % error, "ms " + precision: "%.3f" % report["device"]["milliseconds"],
            "kernels " + precision: report["device"]["operations"], "host steps " + precision: len(report["slow_steps"]),
            "believed": error <= LIMIT[precision], "gpu": report["device"]["name"]}


def row_of(options, model):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        given = []
        inputs = ingot(options, "inspect", model.path, "--device", "cpu")["program"]["inputs"]
        for each, array in zip(inputs, suite_models.feeds_of(model).values()):
            numpy.save(folder / ("%d.npy" % each["index"]), array)
            given += ["--input", "%s=%s" % (each["name"], folder / ("%d.npy" % each["index"]))]
        expected = outputs(options, model, given, folder / "cpu", "--device", "cpu")
        row = {"model": model.name}
        for precision in ("fp32", "fp16"):
            found = cell(options, model, given, folder, expected, precision)
            row["fails"] = not found.pop("believed") or row.get("fails", False)
            row |= found
        return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of the models' names")
    parser.add_argument("--ingot", default=str(ROOT / "build/release/bin/ingot"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--report", type=pathlib.Path, default=ROOT / "build/reports/gpu_models.json")
    options = parser.parse_args()
    os.environ.setdefault("INGOT_LOG", "error")
    models = [each for each in suite_models.find(ROOT / ".cache", options.names)[0] if each.trained]
    rows = []
    for model in models:
        try:
            rows.append(row_of(options, model))
        except SystemExit as failure:
            rows.append({"model": model.name, "fails": True, "reason": str(failure)})
        print(rows[-1], flush=True)
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(json.dumps(rows))
    return 1 if not rows or any(row["fails"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
