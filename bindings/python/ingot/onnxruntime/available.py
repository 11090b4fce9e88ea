"""Which providers of the stated order this machine can run, and why not the others."""

import ctypes
import functools
import pathlib

from .. import _ingot
from . import plugin

INGOT = "IngotExecutionProvider"


@functools.lru_cache(maxsize=None)
def _graphics():
    """Why no NVIDIA GPU can be used, or ""."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return "library missing: %s" % error
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return "the NVIDIA driver does not start"
    return "" if count.value else "the NVIDIA driver finds no GPU"


@functools.lru_cache(maxsize=None)
def _bundled(name, library):
    """Why a provider that comes with ONNX Runtime cannot be used, or "". Listing it is no proof: its own libraries are
    loaded only when a session is made."""
    import onnxruntime

    if name not in onnxruntime.get_available_providers():
        return "not in this onnxruntime package"
    folder = pathlib.Path(onnxruntime.__file__).parent / "capi"
    try:
        ctypes.CDLL(str(folder / "libonnxruntime_providers_shared.so"), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / library))
    except OSError as error:
        return "library missing: %s" % error
    return _graphics()


def plugin_devices(device):
    """(devices of Ingot's plugin of that kind, why there are none). `device`: "CPU" or "GPU"."""
    import onnxruntime

    try:
        plugin.library_path()
    except FileNotFoundError as error:
        return [], "library missing: %s" % error
    try:
        plugin.register()
    except Exception as error:  # ONNX Runtime's own classes; the chain goes on and the line says why
        return [], "ONNX Runtime refuses the library: %s" % error
    found = [each for each in onnxruntime.get_ep_devices()
             if each.ep_name == plugin.ep_name() and each.device.type.name == device]
    return found, "" if found else _graphics() or _ingot.device_problem("cuda") or "the library offers no %s device" % device


class Candidate:
    """One entry of the chain: a provider on a device."""

    def __init__(self, label, provider, library=None, device=None):
        self.label, self.provider, self._library, self._device = label, provider, library, device

    @property
    def on_gpu(self):
        return self._device == "GPU"

    def missing(self):
        """Why it cannot be used here, or ""."""
        if self._device:
            return plugin_devices(self._device)[1]
        return _bundled(self.provider, self._library) if self._library else ""

    def add_to(self, options, given):
        """Adds it to onnxruntime.SessionOptions."""
        if self._device:
            given = dict(given)
            wanted = given.pop("device", None)  # of several GPUs
            given.pop("fallback", None)  # a session on a GPU always has it
            devices = plugin_devices(self._device)[0]
            chosen = [each for each in devices if each.ep_metadata["ingot_device"] == wanted]
            options.add_provider_for_devices((chosen or devices)[:1], given)
        elif self.provider != "CPUExecutionProvider":  # always the last
            options.add_provider(self.provider, given)


# The stated order.
ORDER = (
    Candidate("TensorrtExecutionProvider", "TensorrtExecutionProvider", library="libonnxruntime_providers_tensorrt.so"),
    Candidate("IngotExecutionProvider on CUDA", INGOT, device="GPU"),
    Candidate("CUDAExecutionProvider", "CUDAExecutionProvider", library="libonnxruntime_providers_cuda.so"),
    Candidate("IngotExecutionProvider on the CPU", INGOT, device="CPU"),
    Candidate("CPUExecutionProvider", "CPUExecutionProvider"),
)


def candidates(name):
    """The entries that a provider's name stands for."""
    found = [each for each in ORDER if each.provider == name]
    return found or [_Other(name)]


class _Other(Candidate):
    """A provider outside of the order, as this onnxruntime package has it."""

    def __init__(self, name):
        super().__init__(name, name)

    def missing(self):
        import onnxruntime

        return "" if self.provider in onnxruntime.get_available_providers() else "not in this onnxruntime package"


def get_available_providers():
    """ONNX Runtime's list, those that this machine cannot use left out, with Ingot's provider at its place in the order."""
    import onnxruntime

    usable = [each.provider for each in ORDER if not each.missing()]
    known = {each.provider for each in ORDER}
    return list(dict.fromkeys(usable + [name for name in onnxruntime.get_available_providers() if name not in known]))
