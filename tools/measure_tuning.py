#!/usr/bin/env python3
"""What `tune` gains: plans of one model with and without it, run in turns; writes the table of docs/tuning.md.

Both sessions live in one process and run one after the other, in changing order; a ratio compares the medians of a round of such pairs.
"""

import argparse
import json
import pathlib
import statistics
import tempfile
import time

import ingot
import numpy as np
from ingot.compare import suite_models

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE, BEGIN, END = ROOT / "docs/tuning.md", "<!-- measured -->\n", "<!-- /measured -->\n"


def feeds_of(model):
    if model.inputs is not None:
        return suite_models.feeds_of(model)
    stated = json.loads(pathlib.Path(model.path).with_suffix(".json").read_text())[0]
    rng = np.random.default_rng(0)
    return {name: rng.random(each["shape"]).astype(each["dtype"]) for name, each in stated.items()}


def round_of(sessions, feeds, seconds):
    """Median time by session's name."""
    found, end = {name: [] for name in sessions}, time.perf_counter() + seconds
    while len(found["tuned"]) < 4 or time.perf_counter() < end:
        for name in sorted(sessions, reverse=len(found["tuned"]) % 2 == 1):
            begin = time.perf_counter()
            sessions[name].run(None, feeds)
            found[name].append(time.perf_counter() - begin)
    return {name: statistics.median(each) for name, each in found.items()}


def row_of(model, options, folder):
    feeds = feeds_of(model)
    names = [each.name for each in ingot.InferenceSession(model.path).get_inputs()]
    feeds = dict(zip(names, feeds.values()))
    build = {"threads": options.threads, "optShapes": ",".join("%s:%s" % (name, "x".join(map(str, value.shape)))
                                                               for name, value in feeds.items() if value.ndim)}
    settings = ingot.SessionOptions()
    settings.intra_op_num_threads = options.threads
    sessions, report = {}, None
    tuned = {"tune": options.level, "tuning_db": folder + "/tuning.jsonl"} if options.level != "shipped" else {}
    for name, more in (("model", {"no_shipped_tuning": True}), ("tuned", tuned)):
        plan, path = ingot.build(model.path, device="cpu", **build, **more), "%s/%s.plan" % (folder, name)
        plan.save(path)
        report = plan.report.get("tuning") or {"problems": "-", "seconds": 0, "changed": plan.report["shipped_tuning"]["steps"]}
        sessions[name] = ingot.InferenceSession(path, settings)
    round_of(sessions, feeds, 0.2)
    ratios, fastest = [], []
    for _ in range(options.rounds):
        medians = round_of(sessions, feeds, 0.4)
        ratios.append(medians["model"] / medians["tuned"])
        fastest.append(medians["model"])
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return [model.name, "%.2f" % (1e3 * min(fastest)), report["problems"], "%.1f" % report["seconds"], report["changed"],
            "%.3f (%.3f to %.3f)" % (middle, low, high)], middle


def cpu():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "an unnamed CPU"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of models' names; none: all")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--level", default="quick", help="quick, full, or shipped: what comes with the library, printed and not written")
    options = parser.parse_args()
    rows, ratios = [], []
    with tempfile.TemporaryDirectory(prefix="ingot-tuning-") as folder:
        for model in suite_models.find(ROOT / ".cache", options.names)[0]:
            row, ratio = row_of(model, options, folder)
            rows.append(row)
            ratios.append(ratio)
            print(row, flush=True)
    head = ["model", "ms", "problems", "seconds", "other kernels", "gain (quartiles)"]
    table = ["| %s |" % " | ".join(map(str, each)) for each in [head, ["---"] * len(head)] + rows]
    text = "%s, %d thread(s), `--tune %s`, %d rounds; geometric mean %.3f:\n\n%s\n" % (
        cpu(), options.threads, options.level, options.rounds, statistics.geometric_mean(ratios), "\n".join(table))
    if options.level == "shipped":
        print(text)
        return
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(before + BEGIN + text + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
