"""IOBinding, OrtValue and DLPack: memory that is not copied."""

import ingot
import numpy as np
from conftest import make_model
from onnx import TensorProto, helper


def test_bound_memory_is_written_in_place(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    x, y = np.ones((3, 8), np.float32), np.empty((3, 4), np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
    session.run_with_iobinding(binding)
    np.testing.assert_array_equal(y, session.run(None, {"x": x})[0])
    np.testing.assert_array_equal(binding.copy_outputs_to_cpu()[0], y)


def test_state_in_aliased_memory_carries_over_runs():
    model = make_model([helper.make_node("Add", ["state", "x"], ["next"])],
                       [("state", TensorProto.FLOAT, [4]), ("x", TensorProto.FLOAT, [4])], [("next", TensorProto.FLOAT, [4])])
    session = ingot.InferenceSession(model.SerializeToString())
    state = ingot.OrtValue.ortvalue_from_numpy(np.zeros(4, np.float32))
    address = state.data_ptr()
    binding = session.io_binding()
    binding.bind_ortvalue_input("state", state)
    binding.bind_cpu_input("x", np.ones(4, np.float32))
    binding.bind_ortvalue_output("next", state)
    for _ in range(5):
        session.run_with_iobinding(binding)
    assert state.data_ptr() == address and state.numpy().tolist() == [5, 5, 5, 5]


def test_values_share_memory_with_numpy_and_dlpack():
    value = ingot.OrtValue.ortvalue_from_shape_and_type([2, 3], np.float32)
    value.numpy()[...] = 7
    assert value.numpy().sum() == 42 and value.data_type() == "tensor(float)" and value.shape() == [2, 3]
    assert value.tensor_size_in_bytes() == 24
    assert np.from_dlpack(value).ctypes.data == value.data_ptr()
    array = np.arange(4, dtype=np.float32)
    assert ingot.OrtValue.from_dlpack(array).data_ptr() == array.ctypes.data
    value.update_inplace(np.zeros((2, 3), np.float32))
    assert value.numpy().sum() == 0


def test_ortvalues_go_in_and_come_out(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    x = ingot.OrtValue.ortvalue_from_numpy(np.ones((2, 8), np.float32))
    result = session.run_with_ort_values(["y"], {"x": x})[0]
    np.testing.assert_array_equal(result.numpy(), session.run(None, {"x": x.numpy()})[0])
