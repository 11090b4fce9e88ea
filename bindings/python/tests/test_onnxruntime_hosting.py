"""What a host asks of the provider besides running a model: refusal, IO binding, run options, profiles."""

import concurrent.futures
import ctypes
import gc
import json
import os

import ingot.onnxruntime
import numpy as np
import onnxruntime
import pytest
from conftest import make_model
from onnx import TensorProto, helper
from plugin import VERSION, cpu_session, plugin_session
from test_models import assert_close


class OldRuntime:
    """An OrtApiBase of another version, with the only two entries of its table that a refusal needs."""

    def __init__(self, version, least, newest):
        self.message, self.asked = None, []
        create = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
        get_api = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)
        get_version = ctypes.CFUNCTYPE(ctypes.c_void_p)
        text = ctypes.create_string_buffer(version)

        def create_status(code, message):
            self.message = message.decode()
            return 1

        def api(wanted):
            self.asked.append(wanted)
            return ctypes.addressof(self._table) if least <= wanted <= newest else None

        self._kept = [create(create_status), get_api(api), get_version(lambda: ctypes.addressof(text)), text]
        self._table = (ctypes.c_void_p * 512)(ctypes.cast(self._kept[0], ctypes.c_void_p).value)
        self.base = (ctypes.c_void_p * 2)(*[ctypes.cast(each, ctypes.c_void_p).value for each in self._kept[1:3]])


def load_into(runtime):
    """(status, number of factories) of CreateEpFactories, in a copy of the library that no session uses."""
    library = ctypes.CDLL(ingot.onnxruntime.library_path())
    library.CreateEpFactories.restype = ctypes.c_void_p
    factories, count = (ctypes.c_void_p * 4)(), ctypes.c_size_t(9)
    status = library.CreateEpFactories(b"ingot", runtime.base, None, factories, ctypes.c_size_t(4), ctypes.byref(count))
    return status, count.value


@pytest.mark.parametrize("version, least, newest", [(b"1.23.2", 1, 23), (b"1.40.0", 1, 23), (b"2.0.0", 1, 60), (b"", 1, 17)])
def test_a_runtime_that_does_not_serve_is_refused_with_the_version_needed(version, least, newest):
    # A process of its own: the library keeps the tables of the last runtime that loaded it.
    pid = os.fork()
    if pid == 0:
        runtime = OldRuntime(version, least, newest)
        status, count = load_into(runtime)
        right = status and count == 0 and "needs ONNX Runtime 1.24 or newer" in runtime.message and version.decode() in runtime.message
        os._exit(0 if right else 1)
    assert os.waitpid(pid, 0)[1] == 0


def feed(batch=3):
    return {"x": np.random.default_rng(batch).standard_normal((batch, 8), dtype=np.float32)}


def test_io_binding_reads_and_writes_memory_of_the_callers(mlp):
    session, peer = plugin_session(mlp.SerializeToString()), cpu_session(mlp.SerializeToString())
    binding = session.io_binding()
    x, y = onnxruntime.OrtValue.ortvalue_from_numpy(feed()["x"]), np.zeros((3, 4), np.float32)
    binding.bind_ortvalue_input("x", x)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
    session.run_with_iobinding(binding)
    assert_close([y], peer.run(None, feed()))
    x.update_inplace(feed()["x"] * 2)
    session.run_with_iobinding(binding)
    assert_close([y], peer.run(None, {"x": feed()["x"] * 2}))
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    assert_close(binding.copy_outputs_to_cpu(), peer.run(None, {"x": feed()["x"] * 2}))


def test_a_run_told_to_terminate_ends_with_an_error_and_the_next_one_runs(mlp):
    session = plugin_session(mlp.SerializeToString())
    options = onnxruntime.RunOptions()
    options.terminate = True
    with pytest.raises(Exception, match="(?i)terminate"):
        session.run(None, feed(), options)
    options.terminate = False
    assert_close(session.run(None, feed(), options), cpu_session(mlp.SerializeToString()).run(None, feed()))


def test_a_failing_run_is_an_error_and_leaves_no_memory_behind():
    # The plan cannot know that the sizes do not fit; ONNX Runtime cannot either.
    model = make_model([helper.make_node("Reshape", ["x", "s"], ["y"])],
                       [("x", TensorProto.FLOAT, ["n"]), ("s", TensorProto.INT64, ["r"])], [("y", TensorProto.FLOAT, None)])
    session = plugin_session(model.SerializeToString())
    good = {"x": np.zeros(1 << 18, np.float32), "s": np.array([-1, 2], np.int64)}
    bad = dict(good, s=np.array([7, -1], np.int64))

    def resident():
        gc.collect()
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def fail(times):
        for _ in range(times):
            with pytest.raises(Exception, match="(?i)reshape|size"):
                session.run(None, bad)

    fail(20)
    before = resident()
    fail(200)
    assert resident() - before < 64 << 20  # 200 outputs would be 200 MB
    assert session.run(None, good)[0].shape == (1 << 17, 2)


def test_sessions_are_made_and_run_side_by_side(mlp):
    model = mlp.SerializeToString()
    expected = cpu_session(model).run(None, feed())

    def work(_):
        session = plugin_session(model)
        for _ in range(5):
            assert_close(session.run(None, feed()), expected)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(16)))


@pytest.mark.skipif(VERSION < (1, 25), reason="profilers came with 1.25")
def test_the_steps_of_the_plan_are_in_the_profile_of_the_host(mlp, tmp_path):
    settings = onnxruntime.SessionOptions()
    settings.enable_profiling = True
    settings.profile_file_prefix = str(tmp_path / "profile")
    session = plugin_session(mlp.SerializeToString(), settings=settings)
    for batch in (1, 2):
        session.run(None, feed(batch))
    with open(session.end_profiling(), encoding="utf-8") as file:
        events = json.load(file)
    runs = [event for event in events if event["name"] == "model_run"]
    steps = [event for event in events if event["cat"] == "Kernel"]
    assert len(runs) == 2 and len(steps) >= 2 and len(steps) % 2 == 0
    for step in steps:
        assert step["args"]["provider"] == "IngotExecutionProvider" and step["args"]["op_name"]
        assert any(run["ts"] <= step["ts"] and step["ts"] + step["dur"] <= run["ts"] + run["dur"] for run in runs)
