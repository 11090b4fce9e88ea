"""Writes docs/fuzzing.md from what ingot_random_graphs --json measured."""
import json
import sys
from pathlib import Path

HEAD = """# Random graphs

Written by `./dev fuzz-graphs [count] [seed]` from its last run; edits are lost.

A graph of a seed is made of operators with random fields and of what exporters write out (attention, normalisations,
activations, blocks of convolutions, squeeze and excite, inverted bottlenecks, siblings), some sizes symbolic. It is interpreted as it is, and
optimised, lowered and run as a plan, at an ISA level and a number of threads that follow from the seed. Outputs must agree
within what a change of the inputs and of sums by a few units in the last place makes of them. A fault prints its seed and the
command that repeats it, and whether a pass or a kernel made it.
"""


def main() -> int:
    report = json.loads(Path(sys.argv[1]).read_text())
    lines = [HEAD, "| figure | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in report.items()]
    Path(sys.argv[2]).write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
