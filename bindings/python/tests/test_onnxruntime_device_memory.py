"""Values of a session on a GPU in the GPU's memory. The virtual GPU computes nothing: where answers count, its session has
left for the CPU ("null:absent") and what it reads and writes lies on the GPU all the same."""

import ingot
import numpy as np
import onnx
import pytest
from conftest import make_model
from onnx import TensorProto, helper
from plugin import VERSION, cpu_session, on_gpu
from test_onnxruntime_placement import SQUARE, foreign, square_model

PROBLEM = ingot._ingot.device_problem("cuda")
DEVICES = ["null", pytest.param("cuda", marks=pytest.mark.skipif(bool(PROBLEM), reason="no GPU that Ingot can use: %s" % PROBLEM))]
# Options of a session whose answers count.
COMPUTES = {"null": 'device="null:absent"', "cuda": ""}
X = np.arange(16, dtype=np.float32).reshape(2, 8) / 8
BOUND = """
def bind(made, x, **outputs):
    binding = made.io_binding()
    binding.bind_ortvalue_input("x", x)
    for name, value in outputs.items():
        binding.bind_ortvalue_output(name, value)
    return binding
"""


def saved(model, tmp_path):
    path = str(tmp_path / "model.onnx")
    onnx.save(onnx.load_from_string(model) if isinstance(model, bytes) else model, path)
    return path


def copies(lines):
    """What the provider copied after the line "now:", as it tells in ONNX Runtime's verbose log."""
    return [line.rpartition("Ingot: ")[2] for line in lines.rpartition("now:")[2].splitlines() if "bytes copied" in line]


BESIDE = pytest.param('[devices["CPU"], devices["GPU"]]', marks=pytest.mark.skipif(VERSION < (1, 27), reason="such sessions came with 1.27"))


@pytest.mark.parametrize("chosen", ['[devices["GPU"]]', BESIDE])
@pytest.mark.parametrize("device", DEVICES)
def test_bound_values_on_the_gpu_are_used_where_they_lie(device, chosen, mlp_path):
    told, lines = on_gpu(device, BOUND + "made = session(" + chosen + ")" + """
there = ort.OrtValue.ortvalue_from_numpy(x["x"], *place)
y = ort.OrtValue.ortvalue_from_shape_and_type([2, 4], np.float32, *place)
binding = bind(made, there, y=y)
ort.set_default_logger_severity(0)
print("now:", file=sys.stderr, flush=True)
for _ in range(3):
    made.run_with_iobinding(binding)
ort.set_default_logger_severity(2)
print(json.dumps([there.device_name(), binding.get_outputs()[0].data_ptr() == y.data_ptr()]))""", mlp_path)
    assert told == ["cuda", True] and copies(lines) == []  # the runtime's word for every GPU


@pytest.mark.parametrize("device", DEVICES)
def test_the_answers_in_memory_of_the_gpu_are_those_of_the_cpu_provider(device, mlp_path):
    told, _ = on_gpu(device, BOUND + """
made = session([devices["GPU"]], %s)
there = ort.OrtValue.ortvalue_from_numpy(x["x"], *place)
y = ort.OrtValue.ortvalue_from_shape_and_type([2, 4], np.float32, *place)
binding = bind(made, there, y=y)
made.run_with_iobinding(binding)
first = y.numpy().tolist()
there.update_inplace(x["x"] * 2)
made.run_with_iobinding(binding)
print(json.dumps([first, binding.copy_outputs_to_cpu()[0].tolist(), made.run(None, x)[0].tolist()]))""" % COMPUTES[device], mlp_path)
    peer = cpu_session(mlp_path)
    for answer, factor in zip(told, (1, 2, 1)):
        np.testing.assert_allclose(np.array(answer), peer.run(None, {"x": X * factor})[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("device", DEVICES)
def test_values_of_the_host_are_copied_once_there_and_once_back(device, mlp_path):
    _, lines = on_gpu(device, """
made = session([devices["GPU"]])
made.run(None, x)
ort.set_default_logger_severity(0)
print("now:", file=sys.stderr, flush=True)
made.run(None, x)
ort.set_default_logger_severity(2)
print("[]")""", mlp_path)
    name = {"null": "null", "cuda": "cuda:0"}[device]
    assert copies(lines) == ["64 bytes copied from the host to %s" % name, "32 bytes copied from %s to the host" % name]


@pytest.mark.parametrize("device", DEVICES)
def test_an_output_that_is_bound_to_the_gpu_alone_gets_memory_there_and_the_same_in_later_runs(device, mlp_path):
    told, _ = on_gpu(device, """
made = session([devices["GPU"]])
places = []
for _ in range(3):
    binding = made.io_binding()
    binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(x["x"], *place))
    binding._iobinding.bind_output("y", ort.OrtDevice.make(*place)._get_c_device())
    made.run_with_iobinding(binding)
    output = binding.get_outputs()[0]
    places.append([output.device_name(), output.data_ptr()])
    del output, binding
print(json.dumps(places))""", mlp_path)
    assert told[0][0] == "cuda" and told == [told[0]] * 3


@pytest.mark.parametrize("device", DEVICES)
def test_an_output_whose_size_depends_on_the_data_comes_to_lie_on_the_gpu(device, tmp_path):
    model = make_model([helper.make_node("NonZero", ["x"], ["y"])], [("x", TensorProto.FLOAT, ["n"])], [("y", TensorProto.INT64, [1, "m"])])
    told, _ = on_gpu(device, """
made = session([devices["GPU"]], %s)
binding = made.io_binding()
answers = []
for given in ([0, 1, 0, 2], [3, 4, 5]):
    binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(np.array(given, np.float32), *place))
    binding._iobinding.bind_output("y", ort.OrtDevice.make(*place)._get_c_device())
    made.run_with_iobinding(binding)
    y = binding.get_outputs()[0]
    answers.append([y.device_name(), y.numpy().tolist()])
print(json.dumps(answers))""" % COMPUTES[device], saved(model, tmp_path))
    assert told == [["cuda", [[1, 3]]], ["cuda", [[0, 1, 2]]]]


@pytest.mark.parametrize("device", DEVICES)
def test_parts_between_nodes_of_another_provider_hand_over_their_values(device, tmp_path):
    path = saved(square_model(
        [helper.make_node("Tanh", ["x"], ["a"]), foreign("a", "b"), helper.make_node("Exp", ["x"], ["c"]),
         helper.make_node("Add", ["b", "c"], ["y"])], ["y"]), tmp_path)
    told, _ = on_gpu(device, """
made = session([devices["GPU"]], whole=False, %s)
x = (np.arange(9, dtype=np.float32) / 9).reshape(3, 3)
nodes = sorted([part.ep_name, node.op_type] for part in made.get_provider_graph_assignment_info() for node in part.get_nodes())
print(json.dumps([nodes, made.run(None, {"x": x})[0].tolist()]))""" % COMPUTES[device], path)
    assert ["CPUExecutionProvider", "CDist"] in told[0] and ["IngotExecutionProvider", "Tanh"] in told[0]
    x = (np.arange(9, dtype=np.float32) / 9).reshape(SQUARE)
    np.testing.assert_allclose(np.array(told[1]), cpu_session(path).run(None, {"x": x})[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("device", DEVICES)
def test_values_are_copied_within_the_gpu(device, mlp_path):
    told, lines = on_gpu(device, """
from onnxruntime.capi.onnxruntime_inference_collection import copy_tensors
a = ort.OrtValue.ortvalue_from_numpy(x["x"], *place)
b = ort.OrtValue.ortvalue_from_shape_and_type([2, 8], np.float32, *place)
ort.set_default_logger_severity(0)
print("now:", file=sys.stderr, flush=True)
copy_tensors([a], [b])
ort.set_default_logger_severity(2)
print(json.dumps(b.numpy().tolist()))""", mlp_path)
    name = {"null": "null", "cuda": "cuda:0"}[device]
    np.testing.assert_array_equal(np.array(told, np.float32), X)
    assert copies(lines) == ["64 bytes copied from %s to %s" % (name, name)]


@pytest.mark.parametrize("value, message", [("123", ""), ("stream", "a stream's address")])
def test_a_stream_of_the_callers_is_a_number(value, message, mlp_path):
    told, _ = on_gpu("null", """
try:
    made = session([devices["GPU"]], user_compute_stream="%s")
    print(json.dumps([list(made.run(None, x)[0].shape), ""]))
except Exception as error:
    print(json.dumps([[], str(error)]))""" % value, mlp_path)
    assert message in told[1] and (message or told[0] == [2, 4])


@pytest.mark.skipif(bool(PROBLEM), reason="no GPU that Ingot can use: %s" % PROBLEM)
@pytest.mark.skipif(VERSION < (1, 26), reason="before, ONNX Runtime's package for CPUs knows no memory of the name cuda")
def test_the_memory_of_the_first_nvidia_gpu_is_called_cuda_0(mlp_path):
    told, _ = on_gpu("cuda", BOUND + """
made = session([devices["GPU"]])
there = ort.OrtValue.ortvalue_from_numpy(x["x"], "cuda", 0)
y = ort.OrtValue.ortvalue_from_shape_and_type([2, 4], np.float32, "cuda", 0)
made.run_with_iobinding(bind(made, there, y=y))
binding = made.io_binding()
binding.bind_input("x", "cuda", 0, np.float32, [2, 8], there.data_ptr())
binding.bind_output("y", "cuda")
made.run_with_iobinding(binding)
print(json.dumps([y.numpy().tolist(), binding.copy_outputs_to_cpu()[0].tolist()]))""", mlp_path)
    for answer in told:
        np.testing.assert_allclose(np.array(answer), cpu_session(mlp_path).run(None, {"x": X})[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("device", DEVICES)
def test_runs_of_many_threads_copy_and_record_side_by_side(device, mlp_path):
    told, _ = on_gpu(device, """
import concurrent.futures
made = session([devices["GPU"]], %s)
def work(batch):
    given = np.full((batch, 8), batch / 8, np.float32)
    answers = [made.run(None, {"x": given})[0] for _ in range(20)]
    assert all(np.array_equal(each, answers[0]) for each in answers)
    return answers[0][-1].tolist()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(json.dumps(list(pool.map(work, range(1, 9)))))""" % COMPUTES[device], mlp_path)
    for batch, answer in enumerate(told, 1):
        expected = cpu_session(mlp_path).run(None, {"x": np.full((1, 8), batch / 8, np.float32)})[0][0]
        np.testing.assert_allclose(answer, expected, rtol=1e-3, atol=1e-3)
