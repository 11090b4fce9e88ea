"""Names that people type."""

from . import _ingot


def nearest_first(name, names):
    """The names as one text, the one probably meant first. "cuda" means CUDAExecutionProvider."""
    def short(each):
        return each.removesuffix("ExecutionProvider")

    return ", ".join(sorted(names, key=lambda each: _ingot.name_distance(short(name), short(each))))
