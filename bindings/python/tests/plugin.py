"""Sessions of the real ONNX Runtime with Ingot's provider, and with its own CPU provider."""

import json
import os
import subprocess
import sys

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


PROLOGUE = """
import json, sys
import numpy as np, onnxruntime as ort
import ingot.onnxruntime
virtual = sys.argv[2] == "null"
ort.register_execution_provider_library("ingot.virtual" if virtual else "ingot", ingot.onnxruntime.library_path())
names = ("cpu", "null" if virtual else "cuda:0")
devices = {each.device.type.name: each for each in ort.get_ep_devices() if each.ep_metadata.get("ingot_device") in names}
place = ("gpu", 0, 0xFFFF if virtual else 0x10DE)  # as OrtValue names the GPU's memory: kind, number, vendor
def session(devices, whole=True, **options):
    settings = ort.SessionOptions()
    if whole:
        settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    settings.add_provider_for_devices(devices, options)
    return ort.InferenceSession(sys.argv[1], settings, enable_fallback=0)
x = {"x": np.arange(16, dtype=np.float32).reshape(2, 8) / 8}
"""


def on_gpu(device, script, model):
    """What the script prints, as JSON, and its lines on stderr. `device`: "cuda", or "null" for the virtual GPU. In a process
    of its own: registrations are for ever."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run([sys.executable, "-c", PROLOGUE + script, model, device], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr
