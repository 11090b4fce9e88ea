"""Real ONNX Runtime sessions with the best providers of this machine, Ingot's plugin provider among them.

`import ingot.onnxruntime as onnxruntime` is all that a script changes: every name that is not here is ONNX Runtime's own.
"""

import onnxruntime as _onnxruntime

from .available import get_available_providers
from .plugin import ep_name, library_path, register
from .session import InferenceSession


def __getattr__(name):
    return getattr(_onnxruntime, name)


def __dir__():
    return sorted({*globals(), *dir(_onnxruntime)})
