"""`ingot bench --suite gate BEFORE AFTER`: two builds of Ingot on one machine in one run.

Every round asks both builds twice, in turns (before, after, before, after; the next round the other way round), a
process each time. How far a build is from itself within a round is this machine's noise, measured with the figures that
it is to judge: a model counts as slower or faster only where the quartile of the paired ratios lies beyond it.
"""

import argparse
import dataclasses
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from . import machine, suite_models, text

LEAST = 0.01  # differences below one percent are never told of


class BuildFailed(Exception):
    """A program ended with an error; the message is its own."""


@dataclasses.dataclass(frozen=True)
class Build:
    """An `ingot` program; `path` is the program or a folder that has it as bin/ingot."""
    name: str
    program: str

    @staticmethod
    def at(name, path):
        path = pathlib.Path(path)
        program = path / "bin" / "ingot" if path.is_dir() else path
        if not program.is_file():
            raise ValueError("%s: there is no program %s" % (name, program))
        return Build(name, str(program.resolve()))

    def run(self, *words):
        done = subprocess.run([self.program, "--json", "--quiet", *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildFailed("%s: %s" % (self.name, (done.stdout + done.stderr).strip()[-400:]))
        return json.loads(done.stdout)


def arguments():
    parser = argparse.ArgumentParser(prog="ingot bench --suite gate", description="Two builds beside each other; exit code 3 when "
                                     "the second is slower on a model by more than the noise.")
    parser.add_argument("before", help="an `ingot` program, or a folder with bin/ingot")
    parser.add_argument("after", help="the other one")
    parser.add_argument("names", nargs="*", help="parts of model names, or paths of .onnx files; default: all models of the suite")
    parser.add_argument("--cache", default=".cache", help="folder of models/*.whl and topologies/*.onnx (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="default %(default)s")
    parser.add_argument("--precision", default="fp32", help="of the plans (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="default %(default)s")
    parser.add_argument("--seconds", type=float, default=0.25, help="seconds per process (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    return parser


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"lower": low, "median": middle, "upper": high}


def judge(before, after):
    """The verdict on pairs of seconds, one pair per round and build."""
    ratios = [sum(new) / sum(old) for old, new in zip(before, after)]
    spread = quartiles(ratios)
    swings = [abs(math.log(second / first)) for first, second in [*before, *after]]
    noise = max(math.expm1(quartiles(swings)["median"]), LEAST)
    verdict = "same"
    if spread["lower"] > 1 + noise:
        verdict = "slower"
    elif spread["upper"] < 1 - noise:
        verdict = "faster"
    return {"ratio": spread, "noise": noise, "verdict": verdict}


class Contest:
    """One model, planned by each build for itself."""

    def __init__(self, model, builds, options, folder):
        self._options, self._folder, self._words, self._plans = options, folder, [], {}
        if model.inputs:
            for name, value in suite_models.feeds_of(model).items():
                file = folder / ("input%d.npy" % (len(self._words) // 2))
                np.save(file, value)
                self._words += ["--input", "%s=%s" % (name, file)]
        for build in builds:
            self._plans[build] = folder / ("%s.plan" % build.name)
            build.run("build", model.path, "-o", self._plans[build], "--device", "cpu", "--precision", options.precision, "--threads", options.threads)

    def seconds(self, build):
        """Median seconds of a run, in a process of its own."""
        found = build.run("bench", self._plans[build], "--nthreads", self._options.threads, "--duration", self._options.seconds,
                          "--warmUp", self._options.seconds / 4, "--iterations", 3, *self._words)
        return found["latency_seconds"]["median"]

    def round(self, builds, number):
        order = list(builds) if number % 2 == 0 else list(reversed(builds))
        taken = {build: [] for build in builds}
        for build in order * 2:
            taken[build].append(self.seconds(build))
        return [taken[build] for build in builds]


def compare(model, builds, options):
    with tempfile.TemporaryDirectory() as folder:
        contest = Contest(model, builds, options, pathlib.Path(folder))
        rounds = [contest.round(builds, number) for number in range(options.rounds)]
    before, after = ([each[index] for each in rounds] for index in (0, 1))
    return dict(judge(before, after), model=model.name, before=statistics.median(sum(before, [])),
                after=statistics.median(sum(after, [])))


def find(options):
    files = [name for name in options.names if name.endswith(".onnx")]
    models = [suite_models.Model(pathlib.Path(name).stem, name) for name in files]
    if len(files) == len(options.names) and files:
        return models, []
    found, absent = suite_models.find(options.cache, [name for name in options.names if name not in files])
    return models + found, absent


def run(options):
    builds = Build.at("before", options.before), Build.at("after", options.after)
    models, absent = find(options)
    rows = []
    for number, model in enumerate(models):
        if not (options.quiet or options.json):
            print("%d of %d: %s" % (number + 1, len(models), model.name), file=sys.stderr, flush=True)
        try:
            rows.append(compare(model, builds, options))
        except BuildFailed as error:
            rows.append({"model": model.name, "reason": str(error), "verdict": "failed"})
    return {"machine": machine.describe(), "threads": options.threads, "precision": options.precision, "rounds": options.rounds,
            "builds": {build.name: build.program for build in builds}, "rows": rows, "absent": absent}


def terminal(result):
    lines = []
    width = max([len(row["model"]) for row in result["rows"]] + [5])
    lines.append("%-*s  %9s  %9s  after/before [quartiles]  noise    verdict" % (width, "model", "before", "after"))
    for row in result["rows"]:
        if "reason" in row:
            lines.append("%-*s  %s" % (width, row["model"], row["reason"]))
            continue
        lines.append("%-*s  %9s  %9s  %.3f [%.3f %.3f]         %4.1f %%   %s" % (
            width, row["model"], text.duration(row["before"]), text.duration(row["after"]), row["ratio"]["median"], row["ratio"]["lower"],
            row["ratio"]["upper"], row["noise"] * 100, row["verdict"]))
    lines += result["absent"]
    counts = {verdict: sum(row["verdict"] == verdict for row in result["rows"]) for verdict in ("slower", "faster", "same", "failed")}
    lines.append(", ".join("%d %s" % (count, verdict) for verdict, count in counts.items()))
    return "\n".join(lines)


def main(argv):
    options = arguments().parse_args(argv)
    try:
        if options.rounds < 3:
            raise ValueError("--rounds is at least 3: quartiles need them")
        result = run(options)
    except (ValueError, OSError) as error:
        print("ingot: %s" % error, file=sys.stderr)
        return 1
    print(json.dumps(result) if options.json else terminal(result))
    verdicts = {row["verdict"] for row in result["rows"]}
    if not verdicts or "failed" in verdicts:
        return 1
    return 3 if "slower" in verdicts else 0
