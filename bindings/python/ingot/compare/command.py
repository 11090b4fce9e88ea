"""The arguments of `ingot compare`."""

import argparse
import datetime
import json
import pathlib
import sys

from ..names import nearest_first
from . import feeds, machine, page, report
from .measure import Cell, Effort, measure, model_inputs, probe
from .process import EngineFailed

ENGINES = ("pytorch-eager", "torchscript", "torch-compile", "onnxruntime", "openvino", "tensorrt", "ingot")
DEVICES = ("cpu", "cuda")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")


def words(known, what):
    """An argparse type: a comma-separated list out of `known`."""
    def parse(text):
        chosen = [each for each in text.split(",") if each]
        for each in chosen:
            if each not in known:
                raise argparse.ArgumentTypeError("no %s %r; there are %s" % (what, each, nearest_first(each, known)))
        return list(dict.fromkeys(chosen))
    return parse


def arguments():
    parser = argparse.ArgumentParser(prog="ingot compare", description="Engines side by side on one model: latency, memory, "
                                     "error, what fell back. Engines that are not there are named with the reason.")
    parser.add_argument("model", help="the .onnx file")
    parser.add_argument("--engines", type=words(ENGINES, "engine"), default=list(ENGINES), help="default: all, " + ",".join(ENGINES))
    parser.add_argument("--devices", type=words(DEVICES, "device"), default=["cpu"], help="cpu,cuda (default cpu)")
    parser.add_argument("--precisions", type=words(PRECISIONS, "precision"), default=["fp32"], help="fp32,bf16,fp16,int8 (default fp32)")
    parser.add_argument("-o", "--output", help="write a report: .html (self-contained), .md or .json by its name")
    parser.add_argument("-i", "--input", action="append", default=[], metavar="NAME=FILE.npy", help="an input from a file; others are random")
    parser.add_argument("--shapes", default="", help="shapes of random inputs, name:1x3x224x224,...")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--torch", metavar="MODULE:FUNCTION", help="gives the model's torch.nn.Module, for the PyTorch engines")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the engines")
    common(parser, rounds=7)
    return parser


def common(parser, rounds):
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds that alternate between engines (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.25, help="seconds per engine and round (default %(default)s)")
    parser.add_argument("--threads", "--nthreads", type=int, default=0, help="threads; 0: each engine's default")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def progress_of(options):
    if options.json or options.quiet:
        return lambda text: None
    if not sys.stderr.isatty():
        return lambda text: None if text.startswith("round") else print(text, file=sys.stderr, flush=True)
    return lambda text: print("\r\x1b[K" + text, end="", file=sys.stderr, flush=True)


def compare(options):
    """The result document of `ingot compare`."""
    model = pathlib.Path(options.model)
    if not model.is_file():
        raise ValueError("there is no file %s" % model)
    files = dict(each.split("=", 1) if "=" in each else (each, "") for each in options.input)
    versions = probe(options.engines, options.python)
    values = feeds.make_feeds(model_inputs(str(model.resolve()), options.python), feeds.parse_shapes(options.shapes), files, options.seed)
    cells = [Cell(*each) for each in grid(options.engines, options.devices, options.precisions)]
    effort = Effort(options.rounds, options.seconds, threads=options.threads)
    rows, reference = measure(str(model), values, cells, options.python, effort, options.torch, versions, progress_of(options))
    return {"model": model.name, "machine": machine.describe(), "date": datetime.date.today().isoformat(),
            "inputs": {name: [str(value.dtype), list(value.shape)] for name, value in values.items()},
            "effort": {"rounds": effort.rounds, "seconds": effort.seconds, "threads": effort.threads},
            "reference": reference, "rows": rows}


def grid(engines, devices, precisions):
    return [(engine, device, precision) for device in devices for precision in precisions for engine in engines]


def write(result, path):
    kinds = {".html": page.page_html, ".md": report.markdown, ".json": lambda each: json.dumps(each, indent=1)}
    suffix = pathlib.Path(path).suffix
    if suffix not in kinds:
        raise ValueError("a report is .html, .md or .json, got %r" % path)
    pathlib.Path(path).write_text(kinds[suffix](result), encoding="utf-8")


def main(argv):
    options = arguments().parse_args(argv)
    try:
        if options.output and pathlib.Path(options.output).suffix not in (".html", ".md", ".json"):
            raise ValueError("a report is .html, .md or .json, got %r" % options.output)
        if options.rounds < 1:
            raise ValueError("--rounds is at least 1")
        result = compare(options)
        if options.output:
            write(result, options.output)
    except (ValueError, OSError, EngineFailed) as error:
        print("ingot: %s" % error, file=sys.stderr)
        return 1
    print("\r\x1b[K" if sys.stderr.isatty() and not options.json else "", end="", file=sys.stderr)
    print(json.dumps(result) if options.json else report.terminal(result))
    return 0 if any(row["available"] for row in result["rows"]) else 4
