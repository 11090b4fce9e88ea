"""Real ONNX Runtime sessions with the best providers of this machine, Ingot's plugin provider among them."""

from .plugin import ep_name, library_path, register
from .session import InferenceSession
