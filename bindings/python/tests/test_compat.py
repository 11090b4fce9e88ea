"""Plans that earlier releases wrote: they load, and give the numbers that they gave then."""

import ingot
import numpy as np
import pytest
from conftest import ROOT

PLANS = sorted((ROOT / "tests" / "compat").glob("*/*.plan"))


def ports(path, prefix):
    arrays = np.load(path.with_suffix(".npz"))
    return {name[len(prefix):]: arrays[name].astype(object) if arrays[name].dtype.kind == "U" else arrays[name]
            for name in arrays.files if name.startswith(prefix)}


def assert_same_numbers(plan, path):
    session = ingot.InferenceSession(plan)
    wanted = ports(path, "out_")
    assert [port.name for port in session.get_outputs()] == list(wanted)
    for result, expected in zip(session.run(None, ports(path, "in_")), wanted.values()):
        if expected.dtype == object:
            np.testing.assert_array_equal(result, expected)
        else:
            np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_this_release_has_stored_plans():
    assert any(path.parent.name == ingot.__version__ for path in PLANS), "run tools/store_plans.py"


@pytest.mark.parametrize("path", PLANS, ids=lambda path: "%s-%s" % (path.parent.name, path.stem))
def test_the_portable_graph_is_readable_and_gives_the_same_numbers(path):
    assert_same_numbers(ingot.Plan.load(path, verify=True).respecialize(), path)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: "%s-%s" % (path.parent.name, path.stem))
def test_the_stored_steps_give_the_same_numbers_or_are_foreign(path):
    try:
        assert_same_numbers(ingot.Plan.load(path), path)
    except ingot.ForeignPlan:
        pass  # kernels or packed layouts have changed since: the portable graph serves
