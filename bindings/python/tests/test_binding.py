"""IOBinding, OrtValue and DLPack: memory that is not copied."""

import ingot
import numpy as np
import pytest
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


def on_null_device(model):
    return ingot.InferenceSession(model.SerializeToString(), providers=[("IngotExecutionProvider", {"device": "null"})])


def test_values_on_a_device_come_back(mlp):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    value = ingot.OrtValue.ortvalue_from_numpy(array, "null", 0)
    assert value.device_name() == "null" and value.shape() == [2, 3] and value.tensor_size_in_bytes() == 24
    np.testing.assert_array_equal(value.numpy(), array)
    value.update_inplace(array + 1)
    np.testing.assert_array_equal(value.numpy(), array + 1)
    with pytest.raises(ValueError):
        ingot.OrtValue.ortvalue_from_numpy(array, "dml", 0)
    with pytest.raises(BufferError):
        memoryview(value._value)


def test_device_memory_is_bound_where_it_lies(mlp):
    session = on_null_device(mlp)
    x = ingot.OrtValue.ortvalue_from_numpy(np.ones((3, 8), np.float32), "null", 0)
    y = ingot.OrtValue.ortvalue_from_shape_and_type([3, 4], np.float32, "null", 0)
    binding = session.io_binding()
    binding.bind_input("x", "null", 0, np.float32, [3, 8], x.data_ptr())
    binding.bind_output("y", "null", 0, np.float32, [3, 4], y.data_ptr())
    session.run_with_iobinding(binding)
    result = binding.get_outputs()[0]
    assert result.device_name() == "null" and result.data_ptr() == y.data_ptr()
    assert binding.copy_outputs_to_cpu()[0].shape == (3, 4)


def test_an_output_on_a_device_keeps_its_memory_while_its_shape_stays(mlp):
    session = on_null_device(mlp)
    binding = session.io_binding()
    binding.bind_output("y", "null")
    places = []
    for size in (3, 3, 5):
        binding.bind_ortvalue_input("x", ingot.OrtValue.ortvalue_from_numpy(np.ones((size, 8), np.float32), "null", 0))
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        output = binding.get_outputs()[0]
        assert output.device_name() == "null" and output.shape() == [size, 4]
        places.append(output.data_ptr())
    assert places[0] == places[1]


def test_memory_of_another_device_is_refused(mlp):
    x = ingot.OrtValue.ortvalue_from_numpy(np.ones((3, 8), np.float32), "null", 0)
    session = ingot.InferenceSession(mlp.SerializeToString())
    with pytest.raises(ingot.InvalidArgument, match="null"):
        session.run_with_ort_values(None, {"x": x})
