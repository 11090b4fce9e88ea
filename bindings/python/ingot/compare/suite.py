"""`ingot bench --suite cpu`: Ingot beside ONNX Runtime and OpenVINO over many models, as ratios.

A row is one model at one number of threads in one contest. Rows are kept as they come, so a run that was stopped goes on
where it was; a row of another build of Ingot or other peers does not count.
"""

import argparse
import dataclasses
import datetime
import json
import pathlib
import statistics
import sys

from . import command, feeds, machine, suite_models, suite_report
from .measure import Cell, Effort, measure, model_inputs, probe, ratio
from .process import EngineFailed


@dataclasses.dataclass(frozen=True)
class Contest:
    """Our cell against the better of the peers'. The targets: geometric mean, and the least ratio of any model."""
    title: str
    ours: Cell
    peers: tuple
    mean: float
    least: float


CONTESTS = {
    "fp32": Contest("fp32 against the better of ONNX Runtime and OpenVINO in fp32", Cell("ingot"),
                    (Cell("onnxruntime"), Cell("openvino")), 1.15, 1.0),
    "bf16": Contest("bf16 against OpenVINO in bf16", Cell("ingot", precision="bf16"), (Cell("openvino", precision="bf16"),), 1.10, 0.97),
    "avx2": Contest("AVX2 only (INGOT_ISA=avx2) against unrestricted ONNX Runtime in fp32",
                    Cell("ingot", environment=(("INGOT_ISA", "avx2"),)), (Cell("onnxruntime"),), 0.95, 0.8),
}


def contest(name):
    """What is wanted on this machine: more where AMX multiplies bf16."""
    found = CONTESTS[name]
    return dataclasses.replace(found, mean=1.5, least=1.0) if name == "bf16" and machine.has_amx() else found


def arguments():
    parser = argparse.ArgumentParser(prog="ingot bench --suite cpu", description="Ingot beside its peers over many models, as ratios "
                                     "of the best peer's time to ours.")
    parser.add_argument("names", nargs="*", help="parts of model names; default: all")
    parser.add_argument("--cache", default=".cache", help="folder of models/*.whl and topologies/*.onnx (default %(default)s)")
    parser.add_argument("--threads", type=lambda text: [int(each) for each in text.split(",")], default=[1, 2], help="default 1,2")
    parser.add_argument("--contests", type=command.words(tuple(CONTESTS), "contest"), default=["fp32", "bf16"],
                        help="of %s (default fp32,bf16)" % ",".join(CONTESTS))
    parser.add_argument("--rounds", type=int, default=7, help="paired rounds (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.25, help="seconds per engine and round (default %(default)s)")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the engines")
    parser.add_argument("--rows", default="build/reports/suite.jsonl", help="where rows are kept (default %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="measure rows again that are kept")
    parser.add_argument("--markdown", help="also write the table as this Markdown file")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    return parser


def row_of(model, contest_name, threads, rows):
    """One line of the table from what measure() gave: our cell first, the peers after it."""
    ours, peers = rows[0], [row for row in rows[1:] if row["available"]]
    row = {"model": model.name, "contest": contest_name, "threads": threads}
    if not ours["available"]:
        return dict(row, reason="ingot %s" % ours["reason"])
    if not peers:
        return dict(row, reason="; ".join("%s %s" % (each["engine"], each["reason"]) for each in rows[1:]))
    best = min(peers, key=lambda each: statistics.median(each["round_seconds"]))
    named = {each["engine"]: {"seconds": statistics.median(each["round_seconds"]), "rounds": each["round_seconds"],
                              "unsteady": each["unsteady"]} for each in [ours] + peers}
    return dict(row, best=best["engine"], engines=named, ratio=ratio(best["round_seconds"], ours["round_seconds"]),
                unsteady=ours["unsteady"] or best["unsteady"], largest_error=ours["largest_error"], evaluated=ours["fallbacks"],
                missing={each["engine"]: each["reason"] for each in rows[1:] if not each["available"]})


class Kept:
    """Rows measured before, one JSON document per line, by what they were measured with; the last of a key counts."""

    def __init__(self, path, fresh):
        self._path, self._rows = pathlib.Path(path), {}
        if self._path.exists() and not fresh:
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    kept = json.loads(line)
                    self._rows[kept["key"]] = kept["row"]
                except (ValueError, KeyError):
                    continue  # a line cut short by a stopped run
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and not self._path.read_text(encoding="utf-8").endswith("\n"):
            with open(self._path, "a", encoding="utf-8") as file:
                file.write("\n")  # ends a line cut short

    def get(self, key):
        return self._rows.get(key)

    def add(self, key, row):
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "row": row}) + "\n")


def run_row(model, contest, threads, options, versions):
    cells = [contest.ours, *contest.peers]
    values = suite_models.feeds_of(model) if model.inputs else feeds.make_feeds(model_inputs(model.path, options.python))
    effort = Effort(options.rounds, options.seconds, threads=threads)
    return measure(model.path, values, cells, options.python, effort, versions=versions)[0]


def run(options):
    """The result document of the suite."""
    models, absent = suite_models.find(options.cache, options.names)
    versions = probe(("ingot", "onnxruntime", "openvino"), options.python)
    kept, rows = Kept(options.rows, options.fresh), []
    build = machine.library_hash()
    grid = [(name, threads, model) for name in options.contests for threads in options.threads for model in models]
    for number, (name, threads, model) in enumerate(grid):
        key = json.dumps([model.name, model.inputs, name, threads, options.rounds, options.seconds, build, machine.describe(), versions])
        row = kept.get(key)
        if row is None:
            if not (options.quiet or options.json):
                print("%d of %d: %s, %s, %d thread(s)" % (number + 1, len(grid), model.name, name, threads), file=sys.stderr, flush=True)
            try:
                row = row_of(model, name, threads, run_row(model, CONTESTS[name], threads, options, versions))
            except EngineFailed as error:
                row = {"model": model.name, "contest": name, "threads": threads, "reason": str(error)}
            kept.add(key, row)
        rows.append(row)
    contests = {name: dataclasses.asdict(contest(name)) for name in options.contests}
    return {"machine": machine.describe(), "date": datetime.date.today().isoformat(), "rounds": options.rounds, "seconds": options.seconds,
            "versions": {name: version or why for name, (version, why) in versions.items()}, "rows": rows, "absent": absent,
            "contests": contests, "verdicts": suite_report.verdicts(rows, contests)}


def main(argv):
    options = arguments().parse_args(argv)
    try:
        if options.rounds < 2:
            raise ValueError("--rounds is at least 2: quartiles need them")
        result = run(options)
        if options.markdown:
            pathlib.Path(options.markdown).write_text(suite_report.markdown(result), encoding="utf-8")
    except (ValueError, OSError) as error:
        print("ingot: %s" % error, file=sys.stderr)
        return 1
    print(json.dumps(result) if options.json else suite_report.terminal(result))
    return 0 if any("ratio" in row for row in result["rows"]) else 4
