"""What a result names as the machine it was taken on, and the build it is of."""

import hashlib
import os
import pathlib

import ingot


def describe():
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    return "%s, %d cores" % (model, len(os.sched_getaffinity(0)))


def has_amx():
    """Whether the processor multiplies matrices of bf16 in a unit of its own."""
    return ingot.doctor()["cpu"]["features"]["amx_bf16"]


def library_hash():
    """A short hash of the libraries of Ingot that this process loaded: another build, another hash."""
    paths = set()
    with open("/proc/self/maps", encoding="utf-8") as file:
        for line in file:
            path = line.split(maxsplit=5)[-1].strip()
            if pathlib.Path(path).name.startswith(("libingot", "_ingot")):
                paths.add(path)
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(pathlib.Path(path).read_bytes())
    return digest.hexdigest()[:16]
