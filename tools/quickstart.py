#!/usr/bin/env python3
"""The main job on a real trained model: reads text off a picture with PP-OCRv4 through Ingot's plans, beside ONNX Runtime.

Detector, direction classifier and recogniser come out of the wheel rapidocr-onnxruntime; the picture is drawn here, so
what should be read is known. Prints what was read beside what was drawn, the time of each stage, and the time that
ONNX Runtime takes for the same models and inputs. Exit status 1: the two engines read different text.
"""

import argparse
import glob
import json
import os
import pathlib
import sys
import time
import zipfile

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = pathlib.Path(__file__).resolve().parents[1]
LINES = ["Ingot casts a model into one plan", "and runs it on CPU or NVIDIA GPU", "Invoice 2026-1187, total 1,249.50 EUR",
         "The quick brown fox jumps over", "a lazy dog. 0123456789"]
MODELS = {"detector": "ch_PP-OCRv4_det_infer.onnx", "classifier": "ch_ppocr_mobile_v2.0_cls_infer.onnx",
          "recogniser": "ch_PP-OCRv4_rec_infer.onnx"}


def unpack_models():
    wheel = sorted((ROOT / ".cache/models").glob("rapidocr_onnxruntime-*.whl"))[-1]
    target = ROOT / ".cache/quickstart"
    paths = {}
    with zipfile.ZipFile(wheel) as archive:
        for role, name in MODELS.items():
            paths[role] = str(target / archive.extract("rapidocr_onnxruntime/models/" + name, target).split(str(target) + "/")[1])
    return paths


def draw_page():
    fonts = glob.glob("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not fonts:
        sys.exit("quickstart: the font DejaVu Sans is missing: apt-get install fonts-dejavu-core")
    page = Image.new("RGB", (704, 64 + 72 * len(LINES)), "white")
    font = ImageFont.truetype(fonts[0], 32)
    for index, line in enumerate(LINES):
        ImageDraw.Draw(page).text((32, 36 + 72 * index), line, fill=(20, 20, 40), font=font)
    return page


def normalised(image, size):
    """f32[1, 3, h, w] in [-1, 1]."""
    pixels = np.asarray(image.resize(size, Image.BILINEAR), np.float32) / 255.0
    return ((pixels - 0.5) / 0.5).transpose(2, 0, 1)[None].copy()


def text_boxes(probabilities, threshold=0.3):
    """Rows of the picture that hold text, each with its left and right end: enough for upright lines."""
    mask = probabilities > threshold
    rows = np.flatnonzero(mask.any(axis=1))
    boxes = []
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 4) + 1) if len(rows) else []:
        if len(run) < 6:
            continue
        columns = np.flatnonzero(mask[run[0]:run[-1] + 1].any(axis=0))
        margin = int(0.6 * len(run))  # the detector marks a shrunk core of each line
        boxes.append((max(columns[0] - margin, 0), max(run[0] - margin, 0), columns[-1] + margin, run[-1] + margin))
    return boxes


def decode(probabilities, characters):
    """Greedy CTC decoding: the best class of each step, repeats and blanks dropped."""
    best = probabilities.argmax(axis=-1)
    kept = [c for i, c in enumerate(best) if c != 0 and (i == 0 or c != best[i - 1])]
    return "".join(characters[c] for c in kept)


class Reader:
    """The three models in one engine. `run` is {role: function(feed) -> outputs}."""

    def __init__(self, run, characters):
        self.run, self.characters, self.seconds = run, characters, {}

    def timed(self, role, x):
        begin = time.perf_counter()
        output = self.run[role]({"x": x})[0]
        self.seconds[role] = self.seconds.get(role, 0) + time.perf_counter() - begin
        return output

    def read(self, page):
        self.seconds = {}
        width, height = (size // 32 * 32 for size in page.size)
        image = page.resize((width, height))
        probabilities = self.timed("detector", normalised(image, (width, height)))[0, 0]
        texts = []
        for box in text_boxes(probabilities):
            line = image.crop(box)
            upside_down = self.timed("classifier", normalised(line, (192, 48)))[0]
            if upside_down[1] > 0.9:
                line = line.rotate(180)
            scaled = max(int(np.ceil(48 * line.width / line.height)), 48)
            texts.append(decode(self.timed("recogniser", normalised(line, (scaled, 48)))[0], self.characters))
        return texts


def bar(stage_name):
    """A progress callback: a bar on a terminal, nothing elsewhere."""
    def show(stage, done, total):
        if sys.stderr.isatty() and total:
            filled = int(24 * done / total)
            sys.stderr.write("\r\033[K%s %s %s" % ("█" * filled + "░" * (24 - filled), stage_name, stage))
            sys.stderr.flush()
        return True
    return show


def best_of(reader, page, rounds):
    """Least time of each stage over the rounds, and the texts."""
    best = {}
    for _ in range(rounds):
        texts = reader.read(page)
        for role, seconds in reader.seconds.items():
            best[role] = min(seconds, best.get(role, seconds))
    return texts, best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds, the least time counts")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--picture", help="write the picture that is read")
    options = parser.parse_args()
    import ingot
    import onnxruntime
    paths = unpack_models()
    page = draw_page()
    if options.picture:
        page.save(options.picture)
    plans, built = {}, {}
    for role, path in paths.items():
        begin = time.perf_counter()
        plans[role] = ingot.build(path, device="cpu", progress=bar(role))
        plan_path = pathlib.Path(path).with_suffix(".plan")
        plans[role].save(plan_path)
        plans[role] = ingot.Plan.load(plan_path)
        built[role] = time.perf_counter() - begin
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    settings = ingot.SessionOptions()
    settings.intra_op_num_threads = options.threads
    peer_settings = onnxruntime.SessionOptions()
    peer_settings.intra_op_num_threads = options.threads
    ours = {role: ingot.InferenceSession(plan, settings) for role, plan in plans.items()}
    theirs = {role: onnxruntime.InferenceSession(path, peer_settings, providers=["CPUExecutionProvider"]) for role, path in paths.items()}
    characters = [""] + ours["recogniser"].get_modelmeta().custom_metadata_map["character"].splitlines() + [" "]
    mine, my_times = best_of(Reader({role: (lambda feed, s=s: s.run(None, feed)) for role, s in ours.items()}, characters), page, options.rounds)
    peers, peer_times = best_of(Reader({role: (lambda feed, s=s: s.run(None, feed)) for role, s in theirs.items()}, characters), page, options.rounds)
    report = {"drawn": LINES, "read": mine, "onnxruntime_read": peers, "build_seconds": built, "seconds": my_times,
              "onnxruntime_seconds": peer_times, "threads": options.threads, "onnxruntime": onnxruntime.__version__}
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        show(report)
    return 0 if mine == peers else 1


def show(report):
    width = max(map(len, report["drawn"])) + 2
    print("%-*s%-*s" % (width, "drawn", width, "read through Ingot's plans"))
    for index, drawn in enumerate(report["drawn"]):
        read = report["read"][index] if index < len(report["read"]) else "(nothing)"
        same = read.replace(" ", "") == drawn.replace(" ", "")
        print("%-*s%-*s%s" % (width, drawn, width, read, "" if read == drawn else "  spaces differ" if same else "  <- differs"))
    print("\n%-12s%14s%14s%18s%10s" % ("stage", "build", "ingot", "onnxruntime", "ratio"))
    total = [0, 0, 0]
    for role in MODELS:
        row = report["build_seconds"][role], report["seconds"][role], report["onnxruntime_seconds"][role]
        total = [a + b for a, b in zip(total, row)]
        print("%-12s%11.1f ms%11.2f ms%15.2f ms%10.2f" % (role, *(1e3 * each for each in row), row[2] / row[1]))
    print("%-12s%11.1f ms%11.2f ms%15.2f ms%10.2f" % ("total", *(1e3 * each for each in total), total[2] / total[1]))
    print("\n%d thread(s), least of the rounds, ONNX Runtime %s; the ratio is its time over ours" % (report["threads"], report["onnxruntime"]))
    if report["read"] != report["onnxruntime_read"]:
        print("ONNX Runtime reads: %s" % report["onnxruntime_read"])


if __name__ == "__main__":
    sys.exit(main())
