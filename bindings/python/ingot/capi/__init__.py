"""Where ONNX Runtime's scripts look for exceptions."""
