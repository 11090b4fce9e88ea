"""The suite of `ingot bench --suite cpu`: paired ratios, rows that are kept, verdicts by lower quartiles."""

import json

import numpy as np
import onnx
import pytest
from conftest import make_model
from ingot.compare import suite, suite_models, suite_report
from onnx import TensorProto, helper


@pytest.fixture
def cache(tmp_path):
    """A cache that holds one topology: y = x @ w, 64 x 64."""
    folder = tmp_path / "cache/topologies"
    folder.mkdir(parents=True)
    weights = np.random.default_rng(0).standard_normal((64, 64), dtype=np.float32)
    model = make_model([helper.make_node("MatMul", ["x", "w"], ["y"])], [("x", TensorProto.FLOAT, [8, 64])],
                       [("y", TensorProto.FLOAT, [8, 64])], [("w", weights)])
    onnx.save(model, folder / "product.onnx")
    return tmp_path / "cache"


def options(cache, *words):
    return suite.arguments().parse_args(["--cache", str(cache), "--rows", str(cache / "rows.jsonl"), "--contests", "fp32", "--threads", "1",
                                         "--rounds", "3", "--seconds", "0.005", "--quiet", *words])


def test_a_row_pairs_rounds_and_a_second_run_takes_it_from_the_file(cache, monkeypatch):
    first = suite.run(options(cache))
    row = first["rows"][0]
    assert row["model"] == "product" and row["best"] in ("onnxruntime", "openvino")
    assert row["ratio"]["lower"] <= row["ratio"]["median"] <= row["ratio"]["upper"] and row["largest_error"] < 1e-5
    assert len(row["engines"]["ingot"]["rounds"]) == 3
    assert any(line.startswith("PP-OCRv4 detector") for line in first["absent"])
    with open(cache / "rows.jsonl", "a", encoding="utf-8") as file:
        file.write('{"key": "cut sho')  # as a stopped run leaves it
    monkeypatch.setattr(suite, "run_row", lambda *_: pytest.fail("a kept row was measured again"))
    assert suite.run(options(cache))["rows"] == first["rows"]


def test_a_row_after_a_line_cut_short_is_kept(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "cut sho')
    suite.Kept(path, fresh=False).add("a", {"model": "m"})
    assert suite.Kept(path, fresh=False).get("a") == {"model": "m"}
    assert suite.Kept(path, fresh=True).get("a") is None


def test_other_efforts_are_other_rows(cache):
    suite.run(options(cache))
    suite.run(options(cache, "--rounds", "2"))
    assert len((cache / "rows.jsonl").read_text().splitlines()) == 2


def test_the_document_states_method_versions_and_verdict(cache, tmp_path, capsys):
    words = ["--cache", str(cache), "--rows", str(cache / "rows.jsonl"), "--contests", "fp32,bf16", "--threads", "1", "--rounds", "2",
             "--seconds", "0.005", "--json", "--markdown", str(tmp_path / "p.md")]
    assert suite.main(words) == 0
    document, text = json.loads(capsys.readouterr().out), (tmp_path / "p.md").read_text()
    assert document["verdicts"][0]["models"] == 1
    assert text.startswith("# Performance") and "| product | 1 |" in text and "wanted 1.15" in text and "## Method" in text
    assert document["versions"]["onnxruntime"] in text and "bf16 against OpenVINO" in text


def test_targets_count_lower_quartiles():
    def row(lower, median):
        return {"contest": "fp32", "threads": 1, "ratio": {"lower": lower, "median": median}}

    contests = {"fp32": {"mean": 1.15, "least": 1.0}}
    verdict = suite_report.verdicts([row(0.9, 1.5), row(1.2, 1.5)], contests)[0]
    assert not verdict["met"] and verdict["below_floor"] == 1 and verdict["mean"] == pytest.approx(1.5)
    assert suite_report.verdicts([row(1.2, 1.3), row(1.2, 1.3)], contests)[0]["met"]


def test_the_best_peer_is_the_fastest_that_ran():
    def figures(engine, seconds):
        return {"engine": engine, "available": True, "round_seconds": [seconds] * 3, "unsteady": False, "largest_error": 0, "fallbacks": []}

    gone = {"engine": "openvino", "available": False, "reason": "not installed"}
    model = suite_models.Model("m", "m.onnx")
    row = suite.row_of(model, "fp32", 2, [figures("ingot", 1.0), figures("onnxruntime", 3.0), figures("openvino", 2.0)])
    assert row["best"] == "openvino" and row["ratio"]["median"] == 2
    alone = suite.row_of(model, "fp32", 2, [figures("ingot", 1.0), figures("onnxruntime", 3.0), gone])
    assert alone["best"] == "onnxruntime" and alone["missing"] == {"openvino": "not installed"}
    assert suite.row_of(model, "fp32", 2, [figures("ingot", 1.0), gone])["reason"] == "openvino not installed"


def test_stated_inputs_have_their_shapes_and_types():
    feeds = suite_models.feeds_of(suite_models.Model("m", "m.onnx", {"x": ((1, 3, 64, 64), "page"), "sr": (16000, "int64")}))
    assert feeds["x"].shape == (1, 3, 64, 64) and feeds["x"].min() == -1 and feeds["sr"].dtype == np.int64 and feeds["sr"] == 16000


def test_a_topology_is_fed_what_the_file_beside_it_states(cache):
    stated = {"x": {"shape": [1, 3, 32, 48], "dtype": "float32", "below": None}, "ids": {"shape": [1, 200], "dtype": "int64", "below": 2}}
    (cache / "topologies/product.json").write_text(json.dumps([stated, {}]))
    model = suite_models.find(cache, ["product"])[0][0]
    feeds = suite_models.feeds_of(model)
    assert feeds["x"].shape == (1, 3, 32, 48) and feeds["x"].dtype == np.float32
    assert feeds["ids"].shape == (1, 200) and feeds["ids"].dtype == np.int64 and set(feeds["ids"].flat) == {0, 1}
    assert not model.trained


@pytest.mark.parametrize(("amx", "wanted"), [(True, (1.5, 1.0)), (False, (1.10, 0.97))])
def test_more_is_wanted_of_bf16_where_amx_multiplies_it(amx, wanted, monkeypatch):
    monkeypatch.setattr(suite.machine, "has_amx", lambda: amx)
    found = suite.contest("bf16")
    assert (found.mean, found.least) == wanted
    assert suite.contest("fp32") == suite.CONTESTS["fp32"]
