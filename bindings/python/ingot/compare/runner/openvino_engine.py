"""OpenVINO's CPU plugin."""

import re

from ingot_engine import by_name
from quantised import is_quantised
from unavailable import Unavailable


def refusal(report):
    """Why OpenVINO does not read a model, out of its report: the operators that it does not convert, each with the last line said
    of it, which is the reason; what stands before are places in its source."""
    told = ["%s: %s" % (operator, said.strip().splitlines()[-1])
            for operator, said in re.findall(r"^-- (\S+) with a message:\n(.*?)(?=\n\n|\Z)", report, re.S | re.M)]
    return "; ".join(told) or report.strip().splitlines()[-1]


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
        try:
            network = core.read_model(model)
        except RuntimeError as error:
            raise Unavailable("OpenVINO does not convert " + refusal(str(error))) from error
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
