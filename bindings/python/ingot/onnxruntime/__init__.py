"""Real ONNX Runtime sessions with the best providers of this machine, Ingot's plugin provider among them.

`import ingot.onnxruntime as onnxruntime` is all that a script changes: every name that is not here is ONNX Runtime's own.
"""

import onnxruntime as _onnxruntime

from .plugin import check_version, ep_name, library_path, register

check_version(_onnxruntime.__version__)
from .available import get_available_providers  # noqa: E402
from .session import InferenceSession  # noqa: E402


def __getattr__(name):
    return getattr(_onnxruntime, name)


def __dir__():
    return sorted({*globals(), *dir(_onnxruntime)})
