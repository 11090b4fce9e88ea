"""DLPack tensors in device memory: the null device everywhere, torch and CuPy where there is a GPU."""

import json
import sys

import ingot
import numpy as np
import pytest
from ingot import _ingot


class Producer:
    """A tensor of another library: a value on the null device that notes what it is asked."""

    def __init__(self, array, versioned=True):
        self.value, self.versioned, self.asked = ingot.OrtValue.ortvalue_from_numpy(array, "null", 0), versioned, []

    def __dlpack_device__(self):
        return self.value.__dlpack_device__()

    def __dlpack__(self, **options):
        if not self.versioned and "max_version" in options:
            raise TypeError("unexpected keyword")
        self.asked.append(options.get("stream"))
        return self.value.__dlpack__(**options)


@pytest.mark.parametrize("versioned", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.bool_, np.uint8, np.complex64])
def test_tensors_on_a_device_share_their_memory(versioned, dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    producer = Producer(array, versioned)
    value = ingot.OrtValue.from_dlpack(producer)
    assert value.data_ptr() == producer.value.data_ptr() and value.device_name() == "null"
    del producer
    np.testing.assert_array_equal(value.numpy(), array)
    assert value.numpy().dtype == dtype


def test_the_producer_is_told_the_stream_that_will_use_its_tensor():
    producer = Producer(np.ones(3, np.float32))
    ingot.OrtValue.from_dlpack(producer)
    ingot.OrtValue.from_dlpack(producer, stream=77)
    assert producer.asked == [1, 77]


def test_bytes_can_be_taken_as_booleans():
    value = ingot.OrtValue.from_dlpack(Producer(np.array([0, 1, 1], np.uint8)), is_bool_tensor=True)
    assert value.data_type() == "tensor(bool)" and value.numpy().tolist() == [False, True, True]


def test_tensors_on_a_device_are_fed_and_bound(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString(), providers=[("IngotExecutionProvider", {"device": "null"})])
    assert session.run(None, {"x": Producer(np.ones((3, 8), np.float32))})[0].shape == (3, 4)
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", ingot.OrtValue.from_dlpack(Producer(np.ones((3, 8), np.float32))))
    binding.bind_output("y", "null")
    session.run_with_iobinding(binding)
    again = ingot.OrtValue.from_dlpack(binding.get_outputs()[0])
    assert again.data_ptr() == binding.get_outputs()[0].data_ptr()


def test_capsules_free_what_they_hold_once():
    owner = object()
    before = sys.getrefcount(owner)
    value = _ingot.Value.borrow_device(1, "null", 4096, [2], owner)
    for versioned in (True, False):
        unused, taken = _ingot.to_dlpack(value, versioned), _ingot.to_dlpack(value, versioned)
        other = _ingot.from_dlpack(taken)
        with pytest.raises(BufferError):
            _ingot.from_dlpack(taken)
        del unused, taken, other
    del value
    assert sys.getrefcount(owner) == before


def test_other_devices_and_copies_are_as_the_protocol_says():
    value = ingot.OrtValue.ortvalue_from_numpy(np.ones(3, np.float32), "null", 0)
    with pytest.raises(BufferError):
        value.__dlpack__(dl_device=(2, 0))
    copy = ingot.OrtValue(_ingot.from_dlpack(value.__dlpack__(copy=True)))
    assert copy.data_ptr() != value.data_ptr() and copy.numpy().tolist() == [1, 1, 1]
    with pytest.raises(BufferError):
        _ingot.to_dlpack(_ingot.Value.allocate_device(22, "null", [4]))  # int4


def test_host_values_are_as_before():
    value = ingot.OrtValue.ortvalue_from_numpy(np.ones(3, np.float32))
    assert value.__dlpack_device__() == (1, 0)
    assert np.from_dlpack(value).ctypes.data == value.data_ptr()


def test_runs_on_a_stream_leave_outputs_that_are_complete_for_it(mlp):
    providers = [("IngotExecutionProvider", {"device": "null", "user_compute_stream": "64", "has_user_compute_stream": "1"})]
    session = ingot.InferenceSession(mlp.SerializeToString(), providers=providers)
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", ingot.OrtValue.ortvalue_from_numpy(np.ones((3, 8), np.float32), "null", 0))
    binding.bind_output("y", "null")
    options = ingot.RunOptions()
    for asynchronous, stream, pending in (("0", None, None), ("1", None, 64), ("1", 5, 5)):
        options.add_run_config_entry("disable_synchronize_execution_providers", asynchronous)
        options.compute_stream = stream
        session.run_with_iobinding(binding, options)
        output = binding.get_outputs()[0]
        assert output._complete_for == pending
        output.__dlpack__(stream=pending)
        assert output._complete_for == pending  # nothing was waited for
        output.__dlpack__(stream=1)
        assert output._complete_for is None
    binding.synchronize_outputs()
    assert binding.get_outputs()[0]._complete_for is None and output.numpy().shape == (3, 4)


@pytest.fixture
def on_gpu(mlp):
    if not any(part["found"] for part in json.loads(_ingot.doctor_json())["components"] if part["name"] == "NVIDIA driver"):
        pytest.skip("no NVIDIA driver")
    return ingot.InferenceSession(mlp.SerializeToString(), providers=[("IngotExecutionProvider", {"device": "cuda"})])


def _checked(session, x, arrays):
    expected = session.run(None, {"x": arrays.to_numpy(x)})[0]
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", ingot.OrtValue.from_dlpack(x))
    binding.bind_output("y", "cuda")
    session.run_with_iobinding(binding)
    y = arrays.from_dlpack(binding.get_outputs()[0])
    np.testing.assert_allclose(arrays.to_numpy(y), expected, rtol=1e-5)
    assert binding._in["x"].address() == arrays.address(x) and binding.get_outputs()[0].data_ptr() == arrays.address(y)


def test_torch_tensors_go_in_and_out_without_a_copy(on_gpu):
    torch = pytest.importorskip("torch")

    class Arrays:
        from_dlpack = staticmethod(torch.from_dlpack)
        to_numpy = staticmethod(lambda each: each.cpu().numpy())
        address = staticmethod(lambda each: each.data_ptr())

    with torch.cuda.stream(torch.cuda.Stream()):
        _checked(on_gpu, torch.randn(3, 8, device="cuda") * 2, Arrays)


def test_asynchronous_runs_follow_torchs_stream(on_gpu):
    torch = pytest.importorskip("torch")
    stream, options = torch.cuda.Stream(), ingot.RunOptions()
    options.compute_stream = stream.cuda_stream
    options.add_run_config_entry("disable_synchronize_execution_providers", "1")
    binding = on_gpu.io_binding()
    binding.bind_output("y", "cuda")
    with torch.cuda.stream(stream):
        for round in range(5):
            torch.cuda._sleep(10_000_000)  # the stream is behind the host
            x = torch.full((3, 8), float(round), device="cuda")
            binding.bind_ortvalue_input("x", ingot.OrtValue.from_dlpack(x, stream=stream.cuda_stream))
            on_gpu.run_with_iobinding(binding, options)
            y = torch.from_dlpack(binding.get_outputs()[0]).clone().cpu().numpy()
            expected = on_gpu.run(None, {"x": np.full((3, 8), round, np.float32)})[0]
            np.testing.assert_allclose(y, expected, rtol=1e-5)


def test_cupy_arrays_go_in_and_out_without_a_copy(on_gpu):
    cupy = pytest.importorskip("cupy")

    class Arrays:
        from_dlpack = staticmethod(cupy.from_dlpack)
        to_numpy = staticmethod(cupy.asnumpy)
        address = staticmethod(lambda each: each.data.ptr)

    _checked(on_gpu, cupy.random.randn(3, 8).astype(cupy.float32), Arrays)
