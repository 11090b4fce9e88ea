"""ONNX Runtime: its CPU and CUDA providers, and TensorRT through its TensorRT provider."""

import json
import os
import tempfile

from ingot_engine import by_name
from quantised import is_quantised
from unavailable import Unavailable


class OnnxRuntime:
    """Runs the file in its own types: the precision asked for must be the file's."""

    def __init__(self, _):
        self._make, self._feed, self._first = None, None, "CPUExecutionProvider"

    def start(self):
        import onnxruntime

        return onnxruntime.__version__

    def providers(self, device, precision, quantised):
        if precision == "int8" and not quantised:
            raise Unavailable("ONNX Runtime runs the types of the file, and the model is not quantised; give one that is")
        if precision not in ("fp32", "int8"):
            raise Unavailable("ONNX Runtime runs the types of the file; give a %s model" % precision)
        return [{"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}[device]]

    def load(self, model, device, precision, threads, feeds, torch):
        import onnxruntime

        providers = self.providers(device, precision, is_quantised(model))
        self._first = providers[0] if isinstance(providers[0], str) else providers[0][0]
        if self._first not in onnxruntime.get_available_providers():
            raise Unavailable("this onnxruntime has no %s" % self._first)

        def make(**settings):
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            options.intra_op_num_threads = threads
            for name, value in settings.items():
                setattr(options, name, value)
            session = onnxruntime.InferenceSession(model, options, providers=providers)
            if session.get_providers()[0] != self._first:
                raise Unavailable("%s did not load; the session fell back to %s" % (self._first, session.get_providers()[0]))
            session.disable_fallback()
            return session

        self._make = make
        session = make()
        self._feed = by_name(feeds, [each.name for each in session.get_inputs()])
        return lambda: session.run(None, self._feed)

    def inputs(self, model):
        import onnxruntime

        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        return [[each.name, each.type, each.shape] for each in session.get_inputs()]

    def facts(self):
        """Nodes that another provider than the first ran, read from a profile of one run."""
        if self._first == "CPUExecutionProvider":
            return {"plan_bytes": None, "fallbacks": []}
        with tempfile.TemporaryDirectory() as folder:
            session = self._make(enable_profiling=True, profile_file_prefix=os.path.join(folder, "p"))
            session.run(None, self._feed)
            with open(session.end_profiling(), encoding="utf-8") as file:
                events = [event.get("args", {}) for event in json.load(file) if event.get("cat") == "Node"]
        return {"plan_bytes": None,
                "fallbacks": [each["op_name"] for each in events if each.get("provider") not in (None, self._first)]}


class TensorRt(OnnxRuntime):
    """TensorRT as ONNX Runtime's provider loads it."""

    def start(self):
        import tensorrt

        return "%s through ONNX Runtime %s" % (tensorrt.__version__, super().start())

    def providers(self, device, precision, quantised):
        if device != "cuda":
            raise Unavailable("TensorRT has no device %s" % device)
        flags = {"fp32": {}, "fp16": {"trt_fp16_enable": True}, "bf16": {"trt_bf16_enable": True}}
        if quantised:
            flags["int8"] = {"trt_int8_enable": True}
        if precision not in flags:
            raise Unavailable("TensorRT's %s needs a quantised model or calibration data" % precision)
        return [("TensorrtExecutionProvider", flags[precision]), "CUDAExecutionProvider"]
