"""Style of a tutorial: session options, first input and output by index, softmax, top classes."""
import sys

import numpy as np
import onnxruntime as rt

options = rt.SessionOptions()
options.graph_optimization_level = rt.GraphOptimizationLevel.ORT_ENABLE_ALL
options.intra_op_num_threads = 1
session = rt.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
input_name = session.get_inputs()[0].name
output_name = session.get_outputs()[0].name
image = np.linspace(0, 1, int(np.prod([1, 8])), dtype=np.float32).reshape(1, 8)
scores = session.run([output_name], {input_name: image})[0]
exponentials = np.exp(scores - scores.max())
print(np.argsort(exponentials[0])[::-1][:3].tolist())
