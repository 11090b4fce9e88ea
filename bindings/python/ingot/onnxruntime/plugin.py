"""Where the execution provider's library is, and its registration with ONNX Runtime."""

import os
import threading

_LIBRARY = "libingot_onnxruntime.so"
_lock = threading.Lock()


def check_version(version):
    """Raises ImportError for an ONNX Runtime that loads no plugins."""
    if tuple(map(int, version.split(".")[:2])) < (1, 24):
        raise ImportError("ingot.onnxruntime needs onnxruntime 1.24 or newer, this is %s" % version)


def ep_name():
    return "IngotExecutionProvider"


def library_path():
    """Absolute path of the library; FileNotFoundError when this installation has none."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    places = [package, os.path.join(package, "..", "..", "lib")]  # a wheel; a build folder
    for place in places:
        path = os.path.normpath(os.path.join(place, _LIBRARY))
        if os.path.exists(path):
            return path
    raise FileNotFoundError("no %s in %s" % (_LIBRARY, ", ".join(map(os.path.normpath, places))))


def register(kind=None):
    """Registers the library with the process's ONNX Runtime, once, and gives what SessionOptions.add_provider_for_devices
    takes: the first GPU where there is one that can be used, else the CPU. `kind`: every device that is a "CPU" or a "GPU";
    a session is for one of them."""
    import onnxruntime

    with _lock:
        devices = _devices(onnxruntime)
        if not devices:
            onnxruntime.register_execution_provider_library(ep_name(), library_path())
            devices = _devices(onnxruntime)
    if kind is None:
        return sorted(devices, key=lambda each: each.device.type.name != "GPU")[:1]
    return [each for each in devices if each.device.type.name == kind]


def _devices(onnxruntime):
    return [device for device in onnxruntime.get_ep_devices() if device.ep_name == ep_name()]
