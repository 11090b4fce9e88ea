"""Names that people type."""

import difflib


def nearest_first(name, names):
    """The names as one text, the one probably meant first."""
    return ", ".join(sorted(names, key=lambda each: -difflib.SequenceMatcher(None, name.lower(), each.lower()).ratio()))
