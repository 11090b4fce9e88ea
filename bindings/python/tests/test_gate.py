"""`ingot bench --suite gate`: two builds beside each other, and only what exceeds the noise is told."""

import json
import pathlib

import ingot
import numpy as np
import onnx
import pytest
from conftest import make_model
from ingot.compare import gate
from onnx import TensorProto, helper

PROGRAM = pathlib.Path(ingot.__file__).resolve().parents[2] / "bin" / "ingot"


@pytest.fixture
def product(tmp_path):
    weights = np.random.default_rng(0).standard_normal((256, 256), dtype=np.float32)
    model = make_model([helper.make_node("MatMul", ["x", "w"], ["y"])], [("x", TensorProto.FLOAT, [64, 256])],
                       [("y", TensorProto.FLOAT, [64, 256])], [("w", weights)])
    onnx.save(model, tmp_path / "product.onnx")
    return str(tmp_path / "product.onnx")


@pytest.fixture
def slow_build(tmp_path):
    """The same program, held to the reference kernels."""
    if not PROGRAM.exists():
        pytest.skip("the command line is not built")
    script = tmp_path / "slow"
    script.write_text('#!/bin/sh\nINGOT_ISA=reference exec "%s" "$@"\n' % PROGRAM)
    script.chmod(0o755)
    return str(script)


def words(before, after, model):
    return [before, after, model, "--rounds", "3", "--seconds", "0.02", "--json"]


def test_a_slower_build_is_flagged_and_the_other_way_round_is_not(product, slow_build, capsys):
    assert gate.main(words(str(PROGRAM), slow_build, product)) == 3
    row = json.loads(capsys.readouterr().out)["rows"][0]
    assert row["verdict"] == "slower" and row["ratio"]["lower"] > 1.5
    assert gate.main(words(slow_build, str(PROGRAM), product)) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["verdict"] == "faster"


def test_a_build_that_fails_is_told_with_its_own_words(product, slow_build, tmp_path, capsys):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n")
    broken.chmod(0o755)
    assert gate.main(words(slow_build, str(broken), product)) == 1
    assert "out of order" in json.loads(capsys.readouterr().out)["rows"][0]["reason"]


def test_a_program_that_is_not_there_is_an_error(product, capsys):
    assert gate.main(words("/no/such/build", "/no/such/build", product)) == 1
    assert "there is no program" in capsys.readouterr().err


def test_a_difference_within_the_swing_of_a_build_is_the_same():
    before, after = [[1.0, 1.2], [1.2, 1.0], [1.0, 1.25]] * 2, [[1.05, 1.2], [1.2, 1.1], [1.1, 1.25]] * 2
    assert gate.judge(before, after)["verdict"] == "same"


def test_a_small_steady_difference_is_told():
    before, after = [[1.0, 1.001]] * 5, [[1.03, 1.031]] * 5
    judged = gate.judge(before, after)
    assert judged["verdict"] == "slower" and judged["ratio"]["median"] == pytest.approx(1.03, abs=1e-3)
    assert gate.judge(after, before)["verdict"] == "faster"


def test_one_disturbed_round_changes_nothing():
    assert gate.judge([[1.0, 1.0]] * 7, [[1.0, 1.0]] * 6 + [[5.0, 5.0]])["verdict"] == "same"


def test_differences_below_a_percent_are_not_told():
    assert gate.judge([[1.0, 1.0]] * 5, [[1.005, 1.005]] * 5)["verdict"] == "same"
