"""OpenVINO's CPU plugin."""

from ingot_engine import by_name
from quantised import is_quantised
from unavailable import Unavailable


class OpenVino:
    def __init__(self, _):
        self._compiled = None

    def start(self):
        import openvino

        return openvino.__version__

    def load(self, model, device, precision, threads, feeds, torch):
        import openvino

        if device != "cpu":
            raise Unavailable("OpenVINO has no device %s" % device)
        if precision == "int8" and not is_quantised(model):
            raise Unavailable("OpenVINO's int8 needs a quantised model; give one")
        hints = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}  # of what the file does not quantise
        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": hints[precision], "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1"}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        network = core.read_model(model)
        self._compiled = core.compile_model(network, "CPU", settings)
        used = repr(self._compiled.get_property("INFERENCE_PRECISION_HINT")).split("'")[-2]  # <Type: 'float32'>
        if used != {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}[hints[precision]]:
            raise Unavailable("OpenVINO runs %s on this CPU when asked for %s" % (used, precision))
        request = self._compiled.create_infer_request()
        names = [each.any_name for each in network.inputs]
        feed = by_name(feeds, names)

        def call():
            results = request.infer(feed, share_inputs=True, share_outputs=True)
            return [results[port] for port in self._compiled.outputs]

        return call

    def facts(self):
        """Operators that ran as OpenVINO's reference code."""
        fallen = []
        for node in self._compiled.get_runtime_model().get_ops():
            info = node.get_rt_info()
            if "primitiveType" in info and str(info["primitiveType"].astype(str)).startswith("ref"):
                fallen.append(str(info["layerType"].astype(str)) if "layerType" in info else node.get_type_name())
        quiet = ("Input", "Output", "Const", "Reshape", "Parameter", "Result")
        return {"plan_bytes": None, "fallbacks": [each for each in fallen if each not in quiet]}
