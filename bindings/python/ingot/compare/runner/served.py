"""What a runner does with its engine: load, run, time, and the memory that it took."""

import subprocess
import time

import numpy as np


def _status(field):
    """A field of /proc/self/status in bytes; 0 where there is none."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 0


def _reset_peak():
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass  # the peak then counts the engine's import too


def _device_bytes():
    """Memory in use on the first CUDA device; None where it cannot be asked."""
    try:
        answer = subprocess.run(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
                                capture_output=True, text=True, timeout=20, check=True)
        return int(answer.stdout.split()[0]) << 20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


class Served:
    """The requests of a runner; `do_x` answers {"do": "x"}."""

    def __init__(self, engine):
        self._engine, self._feeds, self._call = engine, None, None
        self._host, self._on_device, self._device = 0, None, "cpu"

    def do_probe(self):
        return {"version": self._engine.start()}

    def do_inputs(self, model):
        """[name, type, shape] of each input, types as ONNX Runtime writes them."""
        self._engine.start()
        return {"inputs": self._engine.inputs(model)}

    def do_load(self, model, device, precision, threads, feeds, torch=None):
        """Builds and runs once. Times are seconds; first_result counts from the model file to the first outputs."""
        self._engine.start()
        with np.load(feeds) as file:
            self._feeds = {name: file[name] for name in file.files}
        self._device = device
        self._on_device = _device_bytes() if device != "cpu" else None
        _reset_peak()
        self._host = _status("VmRSS")
        begin = time.perf_counter()
        self._call = self._engine.load(model=model, device=device, precision=precision, threads=threads,
                                       feeds=self._feeds, torch=torch)
        built = time.perf_counter()
        self._call()
        done = time.perf_counter()
        return {"build_seconds": built - begin, "first_result_seconds": done - begin}

    def do_save(self, out):
        """Outputs in the model's order as 0.npy, 1.npy ... of one .npz."""
        outputs = [np.asarray(each) for each in self._call()]
        np.savez(out, **{str(index): value for index, value in enumerate(outputs)})
        return {"outputs": len(outputs)}

    def do_time(self, seconds, least):
        """Runs for `seconds` and at least `least` times; the time of each run."""
        times, begin = [], time.perf_counter()
        while len(times) < least or time.perf_counter() - begin < seconds:
            start = time.perf_counter()
            self._call()
            times.append(time.perf_counter() - start)
        return {"seconds": times}

    def do_facts(self):
        """Plan size, memory and fallbacks, once everything ran."""
        facts = dict(self._engine.facts())
        facts["host_peak_bytes"] = _status("VmHWM") or None
        facts["host_growth_bytes"] = max(_status("VmHWM") - self._host, 0) or None
        after = _device_bytes() if self._on_device is not None else None
        facts["device_growth_bytes"] = None if after is None else max(after - self._on_device, 0)
        return facts
