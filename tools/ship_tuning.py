#!/usr/bin/env python3
"""Measures the suite's models on this machine and keeps in tuning/<microarchitecture>.jsonl where measuring beats the cost model.

Every model is tuned twice, with databases of their own; a choice is kept when both times the same kernel was faster than the cost
model's by the margin. Models are taken in turn until --seconds are over: what is known by then is written.
"""

import argparse
import itertools
import json
import pathlib
import tempfile
import time

import ingot
from ingot import _ingot
from ingot.compare import suite_models

ROOT = pathlib.Path(__file__).resolve().parents[1]


def opt_shapes(model):
    """The sizes that the suite runs the model at, as the build option has them."""
    inputs = [each.name for each in ingot.InferenceSession(model.path, providers=["CPUExecutionProvider"]).get_inputs()]
    feeds = suite_models.feeds_of(model)
    named = [(name, feeds.get(name, value)) for name, value in zip(inputs, feeds.values())]
    return ",".join("%s:%s" % (name, "x".join(map(str, value.shape))) for name, value in named if value.ndim)


def entries_of(path):
    """{(problem, isa, threads): entry}"""
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return {(each["problem"], each["isa"], each["threads"]): each for each in lines}


def gain(entry):
    return entry["ns"][entry["model"]] / entry["ns"][entry["best"]] if entry["best"] != entry.get("model") else 1


def kept(first, second, margin):
    """Entries in which both measurements agree."""
    for key in sorted(first.keys() & second.keys()):
        once, again = first[key], second[key]
        if once["best"] == again["best"] and min(gain(once), gain(again)) >= margin:
            yield again


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of models' names; none: all")
    parser.add_argument("--cache", default=str(ROOT / ".cache"), help="folder with models/ and topologies/")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, with commas between")
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--level", default="quick")
    parser.add_argument("--margin", type=float, default=1.06)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--output", default=str(ROOT / "tuning"), help="folder to write into")
    options = parser.parse_args()
    name = json.loads(_ingot.doctor_json())["cpu"]["microarchitecture"]
    if not name:
        raise SystemExit("this CPU has no microarchitecture that measurements ship for (src/base/cpu.cc)")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ingot-tuning-") as folder:
        databases = [pathlib.Path(folder) / file for file in ("first.jsonl", "second.jsonl")]
        models = suite_models.find(options.cache, options.names)[0]
        for threads, precision, model in itertools.product(options.threads.split(","), options.precisions.split(","), models):
            shapes = opt_shapes(model)
            for database in databases:
                left = options.seconds - (time.monotonic() - begin)
                if left > 1:
                    ingot.build(model.path, device="cpu", threads=int(threads), precision=precision, optShapes=shapes, tune=options.level,
                                tune_budget=int(left), tuning_db=str(database), no_shipped_tuning=True)
            print("%4.0f s  %s, %s, %s thread(s)" % (time.monotonic() - begin, model.name, precision, threads), flush=True)
        first, second = map(entries_of, databases)
    target = pathlib.Path(options.output) / (name + ".jsonl")
    fresh = {(each["problem"], each["isa"], each["threads"]): each for each in kept(first, second, options.margin)}
    known = {key: entry for key, entry in entries_of(target).items() if key not in second}  # not measured now
    for key, entry in fresh.items():
        known[key] = dict(entry, cpu=name, ns={row: round(entry["ns"][row]) for row in (entry["best"], entry["model"])})
    target.parent.mkdir(exist_ok=True)
    target.write_text("".join(json.dumps(known[key], separators=(",", ":")) + "\n" for key in sorted(known)))
    print("%s: %d choices; %d problems measured, %d of them now kept" % (target, len(known), len(second), len(fresh)))


if __name__ == "__main__":
    main()
