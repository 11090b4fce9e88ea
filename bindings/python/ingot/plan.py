"""Building and keeping plans."""

import json
import os

from . import _ingot


class Plan:
    """A compiled model. Immutable; sessions share its weights."""

    def __init__(self, plan, report=None):
        self._plan = plan
        self.report = report or {}

    @staticmethod
    def load(path_or_bytes, verify=False):
        """Maps a plan file; `verify` hashes its weights too."""
        if isinstance(path_or_bytes, (bytes, bytearray, memoryview)):
            return Plan(_ingot.Plan.from_bytes(bytes(path_or_bytes)))
        return Plan(_ingot.Plan.load(os.fspath(path_or_bytes), verify))

    def save(self, path):
        """Writes the plan atomically."""
        self._plan.save(os.fspath(path))

    def text(self):
        return self._plan.text()

    def to_dict(self):
        """Inputs, outputs, steps, kernels and reasons."""
        return json.loads(self._plan.json())

    def diff(self, other):
        """Lines that differ from another plan's text; empty when they are equal."""
        return self._plan.diff(other._plan)

    def respecialize(self):
        """A plan for this machine from the portable graph of one made elsewhere."""
        return Plan(_ingot.respecialize(self._plan))


def build(model, progress=None, folder="", **options):
    """Compiles `model` (a path or bytes) into a Plan.

    `options` are the command line's build options with underscores for dashes; lists repeat an option. `progress` is
    called as progress(stage, done, total); returning False stops the build. `folder` is where external data of bytes
    may lie.
    """
    builder = builder_of(model, folder, options)
    plan = builder.build(progress)
    return Plan(plan, json.loads(builder.report_json()))


def builder_of(model, folder, options):
    """The library's builder of a model with the options of build."""
    if isinstance(model, (bytes, bytearray, memoryview)):
        builder = _ingot.Builder(bytes(model), folder)
    else:
        builder = _ingot.Builder(os.fspath(model))
    for name, value in options.items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            text = str(each).lower() if isinstance(each, bool) else str(each)
            builder.option(name.replace("_", "-"), text)
    return builder


def build_options():
    """Name, default and documentation of every build option."""
    return json.loads(_ingot.build_options_json())
