"""Sessions of the real ONNX Runtime with Ingot's provider, and with its own CPU provider."""

import ingot.onnxruntime
import onnxruntime

VERSION = tuple(map(int, onnxruntime.__version__.split(".")[:2]))


def plugin_session(model, options=None, whole=True, settings=None, **entries):
    """`whole`: a model that Ingot does not take wholly is an error. `entries`: config entries, "__" for "."."""
    settings = settings or onnxruntime.SessionOptions()
    if whole:
        settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    for key, value in entries.items():
        settings.add_session_config_entry(key.replace("__", "."), value)
    settings.add_provider_for_devices(ingot.onnxruntime.register("CPU"), options or {"threads": "1"})
    return onnxruntime.InferenceSession(model, settings, enable_fallback=0)  # an error stays an error


def cpu_session(model):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def placement(session):
    """[(provider, [operators])] of the session's parts, as ONNX Runtime tells them."""
    return [(part.ep_name, [node.op_type for node in part.get_nodes()]) for part in session.get_provider_graph_assignment_info()]
