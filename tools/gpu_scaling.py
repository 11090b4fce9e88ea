#!/usr/bin/env python3
"""Measures what a second GPU adds to the throughput of one and writes docs/performance-multi-gpu.md.

A session on both GPUs and one on the first run the same plan in turns, round after round, each in a process of its own
that takes tuned kernels from a cache folder which a process before it filled. Runs that are done are kept in --state, so
that a measurement that was cut off goes on where it stopped. The model's only open size is its batch.
"""
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

import gpu_measuring


def run(options, *command):
    environment = dict(os.environ, INGOT_CACHE_DIR=str(options.work / "cache"))
    done = subprocess.run([options.ingot, *command], capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise SystemExit("%s: %s" % (" ".join(map(str, command[:4])), done.stderr.strip()))
    return done.stdout


def bench(options, device, batch, streams, seconds):
    return json.loads(run(options, "bench", options.work / ("%s.plan" % device), "--shapes", options.shape.replace("BATCH", str(batch)),
                          "--streams", str(streams), "--warmUp", "0.3", "--duration", str(seconds), "--json"))


def measure(options, state):
    """Adds to state["runs"], a list of {"batch", "streams", "round", "device", "per_second", "by_device"}."""
    state.update({"gpus": gpu_measuring.gpus(), "date": datetime.date.today().isoformat(), "model": options.model.stem,
                  "precision": options.precision, "devices": options.devices})
    done = {(each["batch"], each["streams"], each["round"], each["device"]) for each in state["runs"]}
    for device in options.devices:
        run(options, "build", options.model, "-o", options.work / ("%s.plan" % device), "--device", device,
            "--precision", options.precision)
        for batch in options.batches:
            bench(options, device, batch, 2, 0)
    for number in range(options.rounds):
        for batch in options.batches:
            for streams in options.streams:
                for device in options.devices if number % 2 == 0 else options.devices[::-1]:
                    if (batch, streams, number, device) in done:
                        continue
                    result = bench(options, device, batch, streams, options.seconds)
                    state["runs"].append({"batch": batch, "streams": streams, "round": number, "device": device,
                                          "per_second": result["runs_per_second"] * batch,
                                          "by_device": result["device"]["runs"]})
                    options.state.write_text(json.dumps(state))
                    print(state["runs"][-1], flush=True)


def cell(values):
    return "%.0f (%.0f to %.0f)" % (statistics.median(values), min(values), max(values))


def document(state):
    one, two = state["devices"]
    lines = ["# Performance on two GPUs", "", "Written by `tools/gpu_scaling.py` from what it measured; edits are lost.", "",
             "GPUs, driver, clock seen, highest clock, temperature: %s. Measured %s." % ("; ".join(state["gpus"]), state["date"]), "",
             "%s in %s, pictures in a second: the median of rounds, least and largest behind it; %s and %s in turns, each round a" %
             (state["model"], state["precision"], one, two),
             "process of its own. Operands lie in the host's memory: a run holds their copies. Streams: threads that call the session.", "",
             "| batch | streams | one GPU | two GPUs | two / one, round by round |", "|---|---|---|---|---|"]
    best = {}
    for batch, streams in sorted({(each["batch"], each["streams"]) for each in state["runs"]}):
        rates = {device: {each["round"]: each["per_second"] for each in state["runs"]
                          if (each["batch"], each["streams"], each["device"]) == (batch, streams, device)} for device in (one, two)}
        rounds = sorted(set(rates[one]) & set(rates[two]))
        if not rounds:
            continue
        ratios = [rates[two][number] / rates[one][number] for number in rounds]
        lines.append("| %d | %d | %s | %s | %.2f (%.2f to %.2f) |" % (
            batch, streams, cell(list(rates[one].values())), cell(list(rates[two].values())), statistics.median(ratios),
            min(ratios), max(ratios)))
        for device in (one, two):
            best.setdefault(batch, {}).setdefault(device, []).append(statistics.median(rates[device].values()))
    lines += [""] + ["Batch %d, each at its best number of streams: %.2f times the pictures of one GPU." %
                     (batch, max(rates[two]) / max(rates[one])) for batch, rates in best.items()]
    return "\n".join(lines) + "\n"


def numbers(text):
    return [int(each) for each in text.split(",")]


def main():
    parser = gpu_measuring.parser_of(__doc__, "ingot-gpu-scaling", "gpu_scaling.json", "performance-multi-gpu.md")
    parser.add_argument("--model", type=pathlib.Path, default=gpu_measuring.ROOT / ".cache/topologies/resnet50.onnx")
    parser.add_argument("--shape", default="x:BATCHx3x224x224", help="of the input, as --shapes takes it")
    parser.add_argument("--devices", type=lambda text: text.split("/"), default=["cuda:0", "cuda:0,1"], help="two, / between")
    parser.add_argument("--batches", type=numbers, default=[1, 32])
    parser.add_argument("--streams", type=numbers, default=[4, 8, 12, 16])
    parser.add_argument("--precision", default="fp16")
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    gpu_measuring.write(options, {"runs": []}, measure, document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
