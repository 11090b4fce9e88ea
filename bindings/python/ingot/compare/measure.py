"""Times engines against each other: rounds that alternate, one process per engine, paired ratios.

A shared machine is noisy in bursts, so absolute times mean little: what counts is the ratio of two engines within one
round. A round asks every engine once, in order when its number is even, in reverse order when it is odd.
"""

import dataclasses
import os
import pathlib
import statistics
import tempfile

import numpy as np

from .process import EngineFailed, Runner

UNSTEADY = 0.15  # quartile distance over median of an engine's rounds


@dataclasses.dataclass(frozen=True)
class Cell:
    """One engine on one device in one precision; `environment` is added to its process's."""
    engine: str
    device: str = "cpu"
    precision: str = "fp32"
    environment: tuple = ()

    @property
    def label(self):
        return "%s %s %s" % (self.engine, self.device, self.precision)


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much to measure. `threads` 0 leaves each engine its own default."""
    rounds: int = 7
    seconds: float = 0.25
    least: int = 3
    threads: int = 0


def quartiles(values):
    if len(values) < 2:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(rounds):
    low, middle, high = quartiles(rounds)
    return (high - low) / middle


def ratio(theirs, ours):
    """Median and quartiles of theirs / ours round by round, and the ratio of the fastest rounds."""
    low, middle, high = quartiles([a / b for a, b in zip(theirs, ours)])
    return {"median": middle, "lower": low, "upper": high, "fastest": min(theirs) / min(ours)}


def largest_error(outputs, reference):
    """(largest |difference| over the largest magnitude expected, the worst of all outputs; "").

    Where they cannot be subtracted: (None, why).
    """
    if len(outputs) != len(reference) or any(a.shape != b.shape for a, b in zip(outputs, reference)):
        return None, "shapes of the outputs differ"
    worst = 0.0
    for mine, theirs in zip(outputs, reference):
        if theirs.dtype.kind not in "fiub" or theirs.size == 0:
            continue
        mine, theirs = mine.astype(np.float64), theirs.astype(np.float64)
        scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=0) or 1.0
        both = np.isfinite(mine) & np.isfinite(theirs)
        if not np.array_equal(mine[~both], theirs[~both], equal_nan=True):
            return None, "NaN or infinity on one side only"
        worst = max(worst, float(np.abs(mine - theirs)[both].max(initial=0) / scale))
    return worst, ""


def outputs_of(runner, folder):
    path = os.path.join(folder, "out.npz")
    count = runner.ask("save", out=path)["outputs"]
    with np.load(path) as file:
        return [file[str(index)] for index in range(count)]


def probe(engines, python):
    """{engine: (version or None, why it is missing)}."""
    found = {}
    for engine in engines:
        try:
            with Runner(engine, python, timeout=120) as runner:
                found[engine] = (runner.ask("probe")["version"], "")
        except (EngineFailed, OSError) as error:
            found[engine] = (None, "not installed: %s" % error)
    return found


def model_inputs(model, python):
    """Inputs of the model file, from Ingot or else ONNX Runtime."""
    reasons = []
    for engine in ("ingot", "onnxruntime"):
        try:
            with Runner(engine, python) as runner:
                return runner.ask("inputs", model=model)["inputs"]
        except EngineFailed as error:
            reasons.append(str(error))
    raise EngineFailed("; ".join(reasons))


def _reference(model, feeds, python, folder, torch):
    """fp32 outputs of ONNX Runtime, else of Ingot, with the engine's name; (None, None) where neither runs the model."""
    for engine in ("onnxruntime", "ingot"):
        try:
            with Runner(engine, python) as runner:
                runner.ask("load", model=model, device="cpu", precision="fp32", threads=0, feeds=feeds, torch=torch)
                return outputs_of(runner, folder), engine
        except EngineFailed:
            continue
    return None, None


def measure(model, feeds, cells, python, effort=Effort(), torch=None, versions=None, progress=lambda text: None):
    """Rows in the order of `cells`, and the engine whose fp32 outputs are the reference.

    A row has "available" and then either "reason" or the figures. `versions` is what probe() gave, None to ask here.
    """
    versions = versions or probe(sorted({cell.engine for cell in cells}), python)
    model = str(pathlib.Path(model).resolve())
    rows = [{"engine": cell.engine, "device": cell.device, "precision": cell.precision,
             "version": versions[cell.engine][0], "available": False, "reason": versions[cell.engine][1]} for cell in cells]
    running = {}
    with tempfile.TemporaryDirectory(prefix="ingot-compare-") as folder:
        file = os.path.join(folder, "feeds.npz")
        np.savez(file, **feeds)
        try:
            reference, referee = _reference(model, file, python, folder, torch)
            for index, (cell, row) in enumerate(zip(cells, rows)):
                if row["version"] is None:
                    continue
                progress("%s: building" % cell.label)
                runner = running[index] = Runner(cell.engine, python, dict(cell.environment))
                try:
                    row.update(runner.ask("load", model=model, device=cell.device, precision=cell.precision,
                                          threads=effort.threads, feeds=file, torch=torch))
                    outputs = outputs_of(runner, folder)
                    row["largest_error"], row["error_note"] = (
                        (None, "no reference") if reference is None else largest_error(outputs, reference))
                    runner.ask("time", seconds=effort.seconds, least=effort.least)  # warm up
                    row["available"] = True
                except EngineFailed as error:
                    row["reason"] = "not available: %s" % error
                    running.pop(index).close()
            _run_rounds(running, rows, effort, progress)
        finally:
            for runner in running.values():
                runner.close()
    return rows, referee


def _run_rounds(running, rows, effort, progress):
    """Fills the rows of running engines; one that fails on the way becomes a row that is not available."""
    times = {index: [] for index in running}

    def ask(index, do, **request):
        try:
            return running[index].ask(do, **request)
        except EngineFailed as error:
            rows[index].update(available=False, reason="failed while measured: %s" % error)
            running.pop(index).close()
            return None

    for number in range(effort.rounds):
        progress("round %d of %d" % (number + 1, effort.rounds))
        for index in list(running) if number % 2 == 0 else list(reversed(running)):
            answer = ask(index, "time", seconds=effort.seconds, least=effort.least)
            times[index].append(answer and answer["seconds"])
    for index in list(running):
        facts = ask(index, "facts")
        if facts is not None:
            rows[index].update(facts, **summary(times[index]))


def summary(rounds):
    """Figures of one engine from the run times of each round."""
    every = [each for one in rounds for each in one]
    medians = [statistics.median(one) for one in rounds]
    return {"latency_seconds": {"p50": percentile(every, 0.5), "p95": percentile(every, 0.95), "p99": percentile(every, 0.99)},
            "runs": len(every), "runs_per_second": len(every) / sum(every), "round_seconds": medians,
            "spread": spread(medians), "unsteady": spread(medians) > UNSTEADY}
