"""Real ONNX Runtime sessions with the best providers of this machine, Ingot's among them."""

from .session import InferenceSession
