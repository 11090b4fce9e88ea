"""Runs a model, then its plan: run.py model.onnx"""

import sys

import ingot
import numpy as np

x = np.arange(16, dtype=np.float32).reshape(2, 8) / 8
session = ingot.InferenceSession(sys.argv[1])
for each in session.get_inputs():
    print(each.name, each.type, each.shape, file=sys.stderr)

session.plan.save(sys.argv[1] + ".plan")  # loads in milliseconds, on this machine or another
y, = ingot.InferenceSession(sys.argv[1] + ".plan").run(None, {"x": x})
for row in y:
    print("".join("%.4f " % value for value in row))
