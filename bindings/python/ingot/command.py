"""The `ingot` command of the wheel."""

import os
import sys


def main():
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "ingot")
    os.environ.setdefault("INGOT_PYTHON", sys.executable)
    os.execv(program, ["ingot"] + sys.argv[1:])
