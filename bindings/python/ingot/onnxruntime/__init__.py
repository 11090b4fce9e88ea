"""Ingot inside ONNX Runtime: the execution provider IngotExecutionProvider (ONNX Runtime 1.24 or newer)."""

from .plugin import ep_name, library_path, register
