"""`python -m ingot.compare compare|suite|gate ...`: what the verbs of the `ingot` program start."""

import sys

from . import command, gate, suite

if __name__ == "__main__":
    verbs = {"compare": command.main, "suite": suite.main, "gate": gate.main}
    if len(sys.argv) < 2 or sys.argv[1] not in verbs:
        sys.exit("usage: python -m ingot.compare {%s} ..." % "|".join(verbs))
    sys.exit(verbs[sys.argv[1]](sys.argv[2:]))
