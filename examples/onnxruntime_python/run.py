"""An application of ONNX Runtime with Ingot's execution provider: run.py model.onnx"""

import sys

import ingot.onnxruntime
import numpy as np
import onnxruntime

x = np.arange(16, dtype=np.float32).reshape(2, 8) / 8
options = onnxruntime.SessionOptions()
options.add_provider_for_devices(ingot.onnxruntime.register(), {"threads": "1"})
session = onnxruntime.InferenceSession(sys.argv[1], options)
y, = session.run(None, {"x": x})
for row in y:
    print("".join("%.4f " % value for value in row))

# Or let Ingot choose the best providers of the machine, and say which and why:
session = ingot.onnxruntime.InferenceSession(sys.argv[1])
print(session.report, file=sys.stderr)
np.testing.assert_allclose(session.run(None, {"x": x})[0], y, rtol=1e-5)
