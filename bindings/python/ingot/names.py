"""Names that people type."""

from . import _ingot


def nearest_first(name, names):
    """The names as one text, the one probably meant first."""
    return ", ".join(sorted(names, key=lambda each: _ingot.name_distance(name, each)))
