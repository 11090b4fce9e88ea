"""The Debian packages: what they hold, installed into an empty root, used there, and removed without a trace."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT
from test_examples import BUILD, build, expected, model, run  # noqa: F401  (model is a fixture)

pytestmark = [
    pytest.mark.skipif(not (BUILD / "CPackConfig.cmake").exists(), reason="the package is not that of a build folder"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dpkg installs as root only"),
    pytest.mark.skipif(not all(map(shutil.which, ("cpack", "dpkg"))), reason="no cpack or no dpkg"),
]
VERSION = "0.1.0"


def dpkg(root, *arguments):
    # The empty root has no library and no shell of the system: dependencies are looked at below, and the scripts that
    # CPack adds, which call ldconfig, run outside.
    return run("dpkg", "--root=%s" % root, "--force-depends", "--force-script-chrootless", *arguments)


def files_of(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() and "var/lib/dpkg" not in str(path)}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip")
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}


@pytest.fixture
def root(tmp_path):
    for name in ("updates", "info", "triggers"):
        (tmp_path / "root/var/lib/dpkg" / name).mkdir(parents=True)
    (tmp_path / "root/var/lib/dpkg/status").touch()
    (tmp_path / "root/var/lib/dpkg/available").touch()
    return tmp_path / "root"


def test_each_component_is_a_package_that_names_what_it_needs(packages):
    assert {"ingot", "libingot0", "libingot-runtime0", "libingot-dev", "libingot-onnxruntime"} <= set(packages)
    needs = {name: run("dpkg-deb", "-f", path, "Depends") for name, path in packages.items()}
    for name in ("ingot", "libingot-onnxruntime", "libingot-dev"):
        assert "libingot0 (= %s)" % VERSION in needs[name]
    assert "libingot0" not in needs["libingot-runtime0"] and "libingot" not in needs["libingot0"]


def test_they_install_work_and_are_removed_without_a_trace(packages, root, model, tmp_path):  # noqa: F811
    dpkg(root, "-i", *packages.values())
    usr = root / "usr"
    run(usr / "bin/ingot", "build", model, "-o", tmp_path / "model.plan", env={"PATH": os.environ["PATH"]})
    assert (tmp_path / "model.plan").exists()
    program = build("c", tmp_path / "build", "-DCMAKE_PREFIX_PATH=%s" % usr)
    assert run(program, model) == expected()
    provider = ("import sys, onnxruntime; onnxruntime.register_execution_provider_library('ingot', sys.argv[1]); "
                "print([each.ep_name for each in onnxruntime.get_ep_devices() if each.ep_name.startswith('Ingot')])")
    assert "IngotExecutionProvider" in run(sys.executable, "-c", provider, usr / "lib/libingot_onnxruntime.so")
    dpkg(root, "--purge", *packages)
    assert files_of(root) == set()


def test_the_runtime_alone_holds_no_compiler(packages, root):
    dpkg(root, "-i", packages["libingot-runtime0"])
    installed = {pathlib.Path(path).name for path in files_of(root)}
    assert "libingot_runtime.so.%s" % VERSION in installed
    assert not any(name.startswith("libingot.so") for name in installed)
