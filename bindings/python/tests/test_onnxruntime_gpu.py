"""The provider's GPUs: NVIDIA's where there are any, and the virtual one that a registration named *.virtual offers."""

import ingot
import ingot.onnxruntime
import numpy as np
import onnx
import onnxruntime
import pytest
from plugin import VERSION, on_gpu

GPUS = ingot.onnxruntime.register("GPU")


def on_virtual(script, model):
    return on_gpu("null", script, model)


def test_devices_tell_what_stands_behind_them(mlp_path):
    told, _ = on_virtual("print(json.dumps([[k, d.ep_metadata['ingot_device'], d.device.metadata.get('is_virtual')] for k, d in devices.items()]))",
                         mlp_path)
    assert ["CPU", "cpu", None] in told and ["GPU", "null", "1"] in told
    for each in ingot.onnxruntime.register("CPU") + GPUS:
        assert each.ep_metadata["ingot_device"] == "cpu" or each.ep_metadata["ingot_device"].startswith("cuda:")
        assert each.device.metadata.get("is_virtual") is None


@pytest.mark.skipif(VERSION < (1, 27), reason="a session may have devices of different memory from 1.27 on")
def test_a_model_is_placed_wholly_on_a_gpu_also_when_the_cpu_is_given_too(mlp_path):
    script = """
told = []
for chosen in ([devices["GPU"]], [devices["CPU"], devices["GPU"]]):
    made = session(chosen)
    told.append([part.ep_name for part in made.get_provider_graph_assignment_info()] + list(made.run(None, x)[0].shape))
print(json.dumps(told))"""
    assert on_virtual(script, mlp_path)[0] == [["IngotExecutionProvider", 2, 4]] * 2


@pytest.mark.skipif(VERSION >= (1, 27), reason="from 1.27 on a session may have devices of different memory")
def test_before_1_27_onnx_runtime_refuses_a_cpu_beside_a_gpu(mlp_path):
    told, _ = on_virtual("""
try:
    session([devices["CPU"], devices["GPU"]])
except Exception as error:
    print(json.dumps(str(error)))""", mlp_path)
    assert "the same device_memory_info" in told


@pytest.mark.parametrize("fault", ["absent", "lost=1", "memory=1"])
def test_a_session_whose_gpu_is_absent_full_or_lost_goes_on_on_the_cpu_and_says_so(fault, mlp_path, mlp):
    script = """
made = session([devices["GPU"]], device="null:%s")
print(json.dumps([made.run(None, x)[0].tolist() for _ in range(3)]))""" % fault
    answers, lines = on_virtual(script, mlp_path)
    x = {"x": np.arange(16, dtype=np.float32).reshape(2, 8) / 8}
    expected = onnxruntime.InferenceSession(mlp_path, providers=["CPUExecutionProvider"]).run(None, x)[0]
    for answer in answers:
        np.testing.assert_allclose(np.array(answer), expected, rtol=1e-5, atol=1e-6)
    assert lines.count("the session goes on on the CPU") == 1


def test_the_device_of_another_session_is_no_option(mlp_path):
    settings = onnxruntime.SessionOptions()
    settings.add_provider_for_devices(ingot.onnxruntime.register("CPU"), {"device": "cuda"})
    with pytest.raises(Exception, match="unknown provider option 'device'"):
        onnxruntime.InferenceSession(mlp_path, settings, enable_fallback=0)


def test_register_gives_the_device_of_a_session():
    device, = ingot.onnxruntime.register()
    assert device.ep_metadata["ingot_device"] == ("cuda:0" if GPUS else "cpu")


def test_without_a_usable_gpu_none_is_offered():
    if not ingot._ingot.device_problem("cuda"):
        pytest.skip("there is a GPU that can be used")
    assert GPUS == []


@pytest.mark.skipif(not GPUS, reason="no GPU that Ingot can use: %s" % ingot._ingot.device_problem("cuda"))
def test_a_gpu_gives_the_answers_of_the_cpu(mlp, tmp_path):
    onnx.save(mlp, tmp_path / "m.onnx")
    settings = onnxruntime.SessionOptions()
    settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    settings.add_provider_for_devices(ingot.onnxruntime.register("GPU")[:1], {})
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), settings, enable_fallback=0)
    peer = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    for batch in (1, 5, 2):
        x = {"x": np.random.default_rng(batch).standard_normal((batch, 8), dtype=np.float32)}
        np.testing.assert_allclose(session.run(None, x)[0], peer.run(None, x)[0], rtol=1e-3, atol=1e-3)


@pytest.mark.skipif(len(GPUS) < 2, reason="there are no two GPUs that Ingot can use")
def test_the_gpu_of_the_tensorrt_provider_that_is_not_there_is_taken_by_its_number(mlp):
    session = ingot.onnxruntime.InferenceSession(mlp.SerializeToString(), providers=[("TensorrtExecutionProvider", {"device_id": 1})])
    binding = session.io_binding()
    binding.bind_cpu_input("x", np.ones((2, 8), np.float32))
    binding.bind_output("y", "cuda", 1)
    session.run_with_iobinding(binding)
    assert binding.get_outputs()[0].numpy().shape == (2, 4)
