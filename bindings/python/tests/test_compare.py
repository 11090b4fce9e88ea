"""`ingot compare`: every engine named, figures of those that ran, reasons of those that did not, one self-contained page."""

import json
import os
import pathlib
import re
import subprocess
import sys

import ingot
import numpy as np
import pytest
from conftest import make_model, model_file
from ingot.compare import command, feeds, measure, page, report
from onnx import TensorProto, helper

sys.path.insert(0, str(pathlib.Path(measure.__file__).parent / "runner"))  # a runner's files are no package
from openvino_engine import refusal  # noqa: E402
from quantised import is_quantised  # noqa: E402

CLASSIFIER = "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
QUICK = ["--rounds", "3", "--seconds", "0.01", "--threads", "1", "--quiet"]


def run(*words):
    parent = pathlib.Path(ingot.__file__).parents[1]
    environment = dict(os.environ, PYTHONPATH=str(parent))
    return subprocess.run([sys.executable, "-m", "ingot.compare", "compare", *words], capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def classifier():
    return model_file("rapidocr_onnxruntime", CLASSIFIER)


@pytest.fixture(scope="module")
def result(classifier):
    words = [classifier, "--shapes", "x:1x3x48x192", "--engines", "ingot,onnxruntime,torch-compile", "--precisions", "fp32,int8", *QUICK]
    return command.compare(command.arguments().parse_args(words))


def test_engines_that_ran_have_every_figure(result):
    rows = {row["engine"]: row for row in result["rows"] if row["available"]}
    assert set(rows) >= {"ingot", "onnxruntime"}
    for name in ("ingot", "onnxruntime"):
        row = rows[name]
        assert 0 < row["latency_seconds"]["p50"] <= row["latency_seconds"]["p95"] <= row["latency_seconds"]["p99"]
        assert len(row["round_seconds"]) == 3 and row["runs"] >= 9 and row["runs_per_second"] > 0
        assert 0 < row["build_seconds"] < row["first_result_seconds"]
        assert row["host_peak_bytes"] > 1 << 20
        assert row["largest_error"] < 1e-4 and row["fallbacks"] == []
    assert rows["ingot"]["plan_bytes"] > 100_000 and result["reference"] == "onnxruntime"


def test_engines_that_did_not_run_say_why(result):
    rows = {(row["engine"], row["precision"]): row for row in result["rows"]}
    assert "the model is not quantised" in rows["onnxruntime", "int8"]["reason"]
    assert rows["ingot", "int8"]["available"] or "quantises no model" in rows["ingot", "int8"]["reason"]
    reason = rows["torch-compile", "fp32"]["reason"]
    assert "not installed" in reason or "--torch module:function" in reason


@pytest.fixture
def quantised(tmp_path):
    """y = relu(x w), x and w through QuantizeLinear and DequantizeLinear. Weights of 7 bits: without VNNI, ONNX Runtime adds
    products of 8 bits in 16 and loses what is past them."""
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
             helper.make_node("DequantizeLinear", ["wq", "ws"], ["w"]), helper.make_node("MatMul", ["xd", "w"], ["h"]),
             helper.make_node("Relu", ["h"], ["y"])]
    weights = [("s", np.float32(0.05)), ("z", np.uint8(128)), ("ws", np.float32(0.01)),
               ("wq", rng.integers(-63, 64, (64, 32)).astype(np.int8))]
    path = tmp_path / "quantised.onnx"
    path.write_bytes(make_model(nodes, [("x", TensorProto.FLOAT, [16, 64])], [("y", TensorProto.FLOAT, [16, 32])],
                                [(name, np.asarray(value)) for name, value in weights]).SerializeToString())
    return str(path)


def test_the_int8_column_measures_models_that_are_quantised(quantised):
    words = [quantised, "--engines", "ingot,onnxruntime,openvino,tensorrt", "--precisions", "int8", *QUICK]
    rows = {row["engine"]: row for row in command.compare(command.arguments().parse_args(words))["rows"]}
    for engine in ("ingot", "onnxruntime"):
        assert rows[engine]["available"], rows[engine].get("reason")
        assert rows[engine]["latency_seconds"]["p50"] > 0 and rows[engine]["largest_error"] < 1e-2
    for row in rows.values():
        assert row["available"] or row["reason"]


def test_a_model_that_openvino_does_not_convert_has_the_operators_and_reasons_in_its_cell():
    report = """Exception from src/inference/src/cpp/core.cpp:84:
Check 'false' failed at src/frontends/common_translators/src/unconverted_ops_report.cpp:151:
FrontEnd API failed with OpConversionFailure:
Model wasn't fully converted. Failed operations detailed log:
-- QLinearConv-11 with a message:
While validating ONNX node '<Node(QLinearConv): y>': Check 'x_shape.rank().is_static()' failed at src/dequantize_linear.cpp:189:
FrontEnd API failed with GeneralFailure:
Rank of the input data tensor has to be known (static).

-- Dropout-16 with a message:
Check '(!training_mode)' failed at src/frontends/onnx/frontend/src/op/dropout.cpp:20:
Training mode is not supported for Dropout op

Summary:
-- Conversion is failed for: QLinearConv-11, Dropout-16
"""
    assert refusal(report) == ("QLinearConv-11: Rank of the input data tensor has to be known (static).; "
                               "Dropout-16: Training mode is not supported for Dropout op")
    assert refusal("Exception from model_reader.cpp:148:\nUnable to read the model\n") == "Unable to read the model"


def test_quantised_models_are_told_from_others(quantised, classifier, tmp_path):
    assert is_quantised(quantised) and not is_quantised(classifier)
    named = make_model([helper.make_node("Relu", ["x"], ["y"], name="QuantizeLinear")], [("x", TensorProto.FLOAT, [1])],
                       [("y", TensorProto.FLOAT, [1])])
    (tmp_path / "named.onnx").write_bytes(named.SerializeToString())
    (tmp_path / "junk.onnx").write_bytes(b"\xff" * 64)
    (tmp_path / "empty.onnx").write_bytes(b"")
    assert not any(is_quantised(tmp_path / name) for name in ("named.onnx", "junk.onnx", "empty.onnx"))


def test_the_page_is_self_contained_and_names_every_engine(result):
    text = page.page_html(result)
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?://|fetch\(|XMLHttpRequest""", text)
    for row in result["rows"]:
        assert row["engine"] in text
    assert text.count("<svg") == 5 and "not available" in text
    embedded = re.search(r'id="result">(.*?)</script>', text, re.S).group(1)
    assert json.loads(embedded) == json.loads(json.dumps(result))


def test_the_page_escapes_what_engines_say(result):
    hostile = dict(result, model="</script><b>x", rows=[dict(result["rows"][0], available=False, reason="<img>")])
    text = page.page_html(hostile)
    assert "<img>" not in text and "</script><b>" not in text


def test_markdown_and_terminal_hold_the_same_rows(result):
    for text in (report.markdown(result), report.terminal(result)):
        assert "torch-compile" in text and "largest error is against onnxruntime" in text


def test_the_program_writes_json_and_a_report(classifier, tmp_path):
    path = tmp_path / "report.html"
    done = run(classifier, "--engines", "ingot", "--shapes", "x:1x3x48x192", "--json", "-o", str(path), *QUICK)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"][0]["engine"] == "ingot" and path.read_text().startswith("<!doctype html>")


def test_wrong_words_are_refused_with_the_valid_ones(classifier):
    assert "there are onnxruntime" in run(classifier, "--engines", "onnxruntim").stderr
    assert ".html, .md or .json" in run(classifier, "-o", "report.pdf").stderr
    assert "no file" in run("absent.onnx").stderr
    assert "its inputs: x" in run(classifier, "--engines", "ingot", "--shapes", "y:1").stderr


def test_nothing_that_ran_is_exit_code_4(classifier):
    done = run(classifier, "--engines", "ingot", "--precisions", "int8", "--shapes", "x:1x3x48x192", *QUICK)
    assert done.returncode == 4 and "not available" in done.stdout


def test_a_dead_engine_is_a_row_with_its_last_words(classifier, tmp_path):
    (tmp_path / "torch.py").write_text("import os, sys\nprint('no such instruction', file=sys.stderr)\nos._exit(9)\n")
    cell = measure.Cell("pytorch-eager", environment=(("PYTHONPATH", str(tmp_path)),))
    values = {"x": np.zeros((1, 3, 48, 192), np.float32)}
    rows, _ = measure.measure(classifier, values, [cell], sys.executable, measure.Effort(1, 0.01), "model:make",
                              {"pytorch-eager": ("2", "")})
    assert rows[0]["available"] is False and "code 9: no such instruction" in rows[0]["reason"]


def test_errors_scale_by_the_largest_magnitude_and_broken_values_are_told():
    expected = [np.array([1.0, -4.0], np.float32)]
    assert measure.largest_error([np.array([1.0, -4.4])], expected)[0] == pytest.approx(0.1)
    assert measure.largest_error([np.array([np.nan, -4.0])], expected) == (None, "NaN or infinity on one side only")
    assert measure.largest_error([np.zeros(3)], expected)[0] is None


def test_long_reasons_are_one_line_in_tables():
    rows = [{"engine": "openvino", "device": "cpu", "precision": "fp32", "reason": "a\n\nb " + "c" * 999}]
    (_, where, why), = report.missing_lines(rows)
    assert where == "cpu fp32" and why.startswith("a b ccc") and len(why) == 240 and why.endswith("…")


def test_ratios_pair_engines_within_a_round():
    found = measure.ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0])
    assert (found["lower"], found["median"], found["upper"], found["fastest"]) == (2, 2, 2, 2)


def test_feeds_take_files_and_shapes(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    inputs = [["a", "tensor(int64)", [3]], ["b", "tensor(float)", ["n", 2]], ["c", "tensor(bool)", None], ["d", "tensor(int64)", []]]
    made = feeds.make_feeds(inputs, feeds.parse_shapes("c:2x2"), {"a": tmp_path / "a.npy"})
    assert made["a"].tolist() == [0, 1, 2] and made["b"].shape == (1, 2) and made["c"].dtype == bool and made["d"].shape == ()
    with pytest.raises(ValueError, match="rank of input c"):
        feeds.make_feeds(inputs, {}, {"a": tmp_path / "a.npy"})


@pytest.fixture
def program():
    """The `ingot` program beside the package: in a wheel or in the build folder."""
    package = pathlib.Path(ingot.__file__).parent
    found = [path for path in (package / "bin/ingot", package.parents[1] / "bin/ingot") if path.exists()]
    if not found:
        pytest.skip("the program is not built")

    def call(*words):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run([str(found[0]), *words], capture_output=True, text=True, env=dict(environment, INGOT_PYTHON=sys.executable))

    return call


def test_the_verbs_find_the_package_beside_the_program(program, classifier, tmp_path):
    done = program("--json", "compare", classifier, "--engines", "ingot", "--shapes", "x:1x3x48x192", *QUICK)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"][0]["available"]
    assert "usage: ingot compare" in program("compare", "--help").stdout
    assert "usage: ingot bench --suite cpu" in program("bench", "--suite", "cpu", "--help").stdout
    unknown = program("bench", "--suite", "gpu")
    assert unknown.returncode == 2 and "there are: cpu, gate" in unknown.stderr
