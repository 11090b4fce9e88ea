"""InferenceSession beside ONNX Runtime's: the same answers, names, types and kinds of errors."""

import threading

import ingot
import numpy as np
import onnxruntime
import pytest
from conftest import make_model
from onnx import TensorProto, helper


def run_both(model, feed):
    content = model.SerializeToString()
    return ingot.InferenceSession(content).run(None, feed), onnxruntime.InferenceSession(content).run(None, feed)


def test_answers_agree_at_every_batch_from_one_session(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    peer = onnxruntime.InferenceSession(mlp.SerializeToString())
    for batch in (1, 7, 2, 7, 0):
        x = np.random.default_rng(batch).standard_normal((batch, 8), dtype=np.float32)
        np.testing.assert_allclose(session.run(None, {"x": x})[0], peer.run(None, {"x": x})[0], rtol=1e-5, atol=1e-6)


def test_ports_are_described_as_onnxruntime_does(mlp):
    ours, theirs = ingot.InferenceSession(mlp.SerializeToString()), onnxruntime.InferenceSession(mlp.SerializeToString())
    for mine, peer in zip(ours.get_inputs() + ours.get_outputs(), theirs.get_inputs() + theirs.get_outputs()):
        assert (mine.name, mine.type, mine.shape) == (peer.name, peer.type, peer.shape)


def test_strided_and_read_only_inputs_are_taken(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    x = np.random.default_rng(0).standard_normal((8, 6), dtype=np.float32)
    expected = session.run(None, {"x": np.ascontiguousarray(x.T)})[0]
    np.testing.assert_array_equal(session.run(None, {"x": x.T})[0], expected)
    frozen = np.ascontiguousarray(x.T)
    frozen.flags.writeable = False
    np.testing.assert_array_equal(session.run(None, {"x": frozen})[0], expected)


def test_outputs_outlive_the_session_and_later_runs(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    x = np.ones((2, 8), np.float32)
    first = session.run(None, {"x": x})[0]
    kept = first.copy()
    session.run(None, {"x": x * 5})
    del session
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("feed, error, words", [
    ({}, ValueError, "Required inputs"),
    ({"x": np.zeros((2, 9), np.float32)}, ingot.InvalidArgument, "expected size 8"),
    ({"x": np.zeros((2, 8), np.float64)}, ingot.InvalidArgument, "float"),
    ({"x": np.zeros((8,), np.float32)}, ingot.InvalidArgument, "rank 2"),
    ({"x": np.zeros((2, 8), np.float32), "z": np.zeros(1)}, ingot.InvalidArgument, "Invalid input name"),
])
def test_wrong_feeds_say_what_was_expected(mlp, feed, error, words):
    session = ingot.InferenceSession(mlp.SerializeToString())
    with pytest.raises(error, match=words):
        session.run(None, feed)


def test_unknown_outputs_and_providers_are_named(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    with pytest.raises(ingot.InvalidArgument, match="nope"):
        session.run(["nope"], {"x": np.zeros((1, 8), np.float32)})
    with pytest.raises(ValueError, match="NopeProvider"):
        ingot.InferenceSession(mlp.SerializeToString(), providers=["NopeProvider"])
    with pytest.raises(ingot.InvalidArgument, match="precision"):
        ingot.InferenceSession(mlp.SerializeToString(), providers=[("IngotExecutionProvider", {"precison": "fp32"})])


def test_provider_options_are_build_options(mlp):
    session = ingot.InferenceSession(
        mlp.SerializeToString(), providers=[("IngotExecutionProvider", {"device": "cpu", "precision": "fp32"})])
    assert session.get_providers() == ["IngotExecutionProvider"]
    assert session.get_provider_options()["IngotExecutionProvider"]["precision"] == "fp32"


def test_a_plan_in_bf16_is_near_the_one_in_fp32_and_keeps_types(mlp):
    feed = {"x": np.random.default_rng(0).random((3, 8), np.float32)}
    exact = ingot.InferenceSession(mlp.SerializeToString()).run(None, feed)
    session = ingot.InferenceSession(mlp.SerializeToString(), providers=[("IngotExecutionProvider", {"precision": "bf16"})])
    assert session.plan.report["precision"]["asked"] == "bf16"
    assert session.plan.report["counts"]["products in bf16"] > 0
    for actual, expected in zip(session.run(None, feed), exact):
        assert actual.dtype == expected.dtype
        assert np.linalg.norm(actual - expected) <= 0.02 * np.linalg.norm(expected)


def test_a_missing_file_is_no_such_file():
    with pytest.raises(ingot.NoSuchFile):
        ingot.InferenceSession("/does/not/exist.onnx")


def test_damaged_bytes_end_in_one_error(mlp):
    content = mlp.SerializeToString()
    for cut in (0, 3, 40, len(content) - 5):
        with pytest.raises(ingot.Fail):
            ingot.InferenceSession(content[:cut])


def test_strings_travel_both_ways():
    model = make_model([helper.make_node("StringConcat", ["a", "b"], ["y"])],
                       [("a", TensorProto.STRING, ["n"]), ("b", TensorProto.STRING, ["n"])], [("y", TensorProto.STRING, ["n"])])
    ours, theirs = run_both(model, {"a": np.array(["ä", ""], object), "b": np.array(["x", "ß"], object)})
    assert ours[0].tolist() == theirs[0].tolist() == ["äx", "ß"]


def test_sequences_travel_both_ways():
    model = make_model([helper.make_node("SplitToSequence", ["x", "s"], ["y"], axis=0)],
                       [("x", TensorProto.FLOAT, ["n", 2])], [], [("s", np.array([1, 2], np.int64))])
    model.graph.output.append(helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, None))
    ours, theirs = run_both(model, {"x": np.arange(6, dtype=np.float32).reshape(3, 2)})
    for mine, peer in zip(ours[0], theirs[0]):
        np.testing.assert_array_equal(mine, peer)


def test_many_threads_share_one_session(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    x = [np.random.default_rng(i).standard_normal((i + 1, 8), dtype=np.float32) for i in range(4)]
    expected = [session.run(None, {"x": each})[0] for each in x]
    wrong = []

    def work(index):
        for _ in range(50):
            if not np.array_equal(session.run(None, {"x": x[index]})[0], expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    assert not wrong


def test_terminate_stops_a_run(mlp):
    options = ingot.RunOptions()
    options.terminate = True
    with pytest.raises(ingot.Cancelled):
        ingot.InferenceSession(mlp.SerializeToString()).run(None, {"x": np.zeros((1, 8), np.float32)}, options)


def test_profiles_are_chrome_traces(mlp, tmp_path):
    import json
    options = ingot.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "trace_")
    session = ingot.InferenceSession(mlp.SerializeToString(), options)
    session.run(None, {"x": np.zeros((1, 8), np.float32)})
    events = json.load(open(session.end_profiling()))
    assert {"Session", "Node"} == {each["cat"] for each in events} and all(each["ph"] == "X" for each in events)


def test_without_profiling_there_is_no_profile(mlp, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ingot.InferenceSession(mlp.SerializeToString()).end_profiling() == "" and not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize("made", [ingot.SessionOptions, ingot.RunOptions])
def test_a_misspelt_attribute_of_options_is_an_error(made):
    with pytest.raises(AttributeError, match="intra_op_threads"):
        made().intra_op_threads = 1


def test_providers_may_be_added_to_the_options(mlp):
    options = ingot.SessionOptions()
    assert not options.has_providers()
    options.add_provider("IngotExecutionProvider", {"no-such-option": "1"})
    assert options.has_providers()
    with pytest.raises(ingot.InvalidArgument, match="no-such-option"):
        ingot.InferenceSession(mlp.SerializeToString(), options)
    ingot.InferenceSession(mlp.SerializeToString(), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("providers, error", [("CPUExecutionProvider", "a list of names"), ([3], "not 3"), ([("CPUExecutionProvider",)], "tuples")])
def test_a_list_of_providers_that_is_none_is_an_error(mlp, providers, error):
    with pytest.raises(ValueError, match=error):
        ingot.InferenceSession(mlp.SerializeToString(), providers=providers)


def test_options_of_no_providers_mean_nothing(mlp):
    ingot.InferenceSession(mlp.SerializeToString(), provider_options=[{}])


def test_a_file_that_is_no_model_is_caught_by_either_name():
    for name in (ingot.InvalidProtobuf, ingot.InvalidGraph):
        with pytest.raises(name):
            ingot.InferenceSession(b"garbage")


def test_free_dimensions_are_fixed_by_name(mlp):
    options = ingot.SessionOptions()
    options.add_free_dimension_override_by_name("batch", 3)
    session = ingot.InferenceSession(mlp.SerializeToString(), options)
    assert session.get_inputs()[0].shape == [3, 8]
    with pytest.raises(ingot.InvalidArgument):
        session.run(None, {"x": np.zeros((4, 8), np.float32)})


def test_run_async_hands_results_or_the_error_to_the_callback(mlp):
    session = ingot.InferenceSession(mlp.SerializeToString())
    x = np.ones((2, 8), np.float32)
    answers, done = [], threading.Semaphore(0)

    def callback(results, user_data, error):
        answers.append((results, user_data, error))
        done.release()

    for feed, tag in (({"x": x}, "good"), ({"x": x[:, :3]}, "bad")):
        session.run_async(None, feed, callback, tag)
        assert done.acquire(timeout=60)
    np.testing.assert_array_equal(answers[0][0][0], session.run(None, {"x": x})[0])
    assert answers[0][1:] == ("good", "") and answers[1][:2] == ([], "bad") and "expected size 8" in answers[1][2]


def test_config_entries_are_read_back_and_missing_ones_refused():
    session_options, run_options = ingot.SessionOptions(), ingot.RunOptions()
    session_options.add_session_config_entry("key", "1")
    run_options.add_run_config_entry("key", "2")
    assert session_options.get_session_config_entry("key") == "1" and run_options.get_run_config_entry("key") == "2"
    for read in (session_options.get_session_config_entry, run_options.get_run_config_entry):
        with pytest.raises(RuntimeError, match="none"):
            read("none")


def test_an_absent_device_is_a_typed_error_and_with_fallback_a_session_on_the_cpu(mlp):
    x = {"x": np.ones((2, 8), np.float32)}
    expected = ingot.InferenceSession(mlp.SerializeToString()).run(None, x)[0]

    def session_on(**options):
        return ingot.InferenceSession(mlp.SerializeToString(), providers=[("IngotExecutionProvider", options)])

    with pytest.raises(Exception, match="absent"):
        session_on(device="null:absent")
    for options in ({"device": "null:absent", "fallback": True}, {"device": "null:lost=1", "fallback": True}):
        np.testing.assert_array_equal(session_on(**options).run(None, x)[0], expected)


def test_sessions_take_the_best_device_and_a_chain_of_the_cpu_alone_the_cpu(mlp):
    content = mlp.SerializeToString()
    untold = ingot.InferenceSession(content).plan.report["device"]
    assert untold["asked"] == "auto" and (untold["built"] == "cuda") == (untold["reason"] == "")
    for providers in (["CPUExecutionProvider"], [("CPUExecutionProvider", {})]):
        assert ingot.InferenceSession(content, providers=providers).plan.report["device"]["built"] == "cpu"
    if untold["built"] == "cpu":
        chain = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        assert ingot.InferenceSession(content, providers=chain).plan.diff(ingot.build(content, device="cpu")) == ""


def test_what_scripts_ask_of_the_module_has_an_answer():
    assert ingot.capi.onnxruntime_pybind11_state.InvalidArgument is ingot.InvalidArgument
    assert ingot.get_device() == ("CPU" if ingot._ingot.device_problem("cuda") else "GPU")
    assert ingot.has_collective_ops() is False and ingot.preload_dlls() is None
    if ingot.get_device() == "CPU":
        with pytest.raises(ingot.EPFail, match="cuda|NVIDIA"):
            ingot.OrtValue.ortvalue_from_numpy(np.zeros(1, np.float32), "cuda", 0)


def test_throughput_gives_each_run_at_once_threads_of_its_own(mlp):
    options = ingot.SessionOptions()
    options.intra_op_num_threads = 2
    throughput = {"performance_hint": "throughput", "spins": 0, "pin": 1}
    session = ingot.InferenceSession(mlp.SerializeToString(), options, [("IngotExecutionProvider", throughput)])
    told = session.get_threads()
    assert told == {"threads": 1, "streams": 2}
    x = np.random.default_rng(0).standard_normal((64, 8), dtype=np.float32)
    expected = ingot.InferenceSession(mlp.SerializeToString()).run(None, {"x": x})[0]
    results = [None] * 8

    def work(index):
        for _ in range(50):
            results[index] = session.run(None, {"x": x})[0]

    callers = [threading.Thread(target=work, args=(index,)) for index in range(len(results))]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_latency_is_the_default_and_a_wrong_hint_lists_the_right_ones(mlp):
    content = mlp.SerializeToString()
    assert ingot.InferenceSession(content).get_threads()["streams"] == 1
    with pytest.raises(ValueError, match="latency, throughput"):
        ingot.InferenceSession(content, providers=[("IngotExecutionProvider", {"performance_hint": "fast"})])
