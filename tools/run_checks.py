"""Runs every checker on the project and the checkers' own tests; writes one JUnit report."""
import argparse
import sys
import unittest
from pathlib import Path

import check_docs
import check_format
import check_layers
import check_rules
import check_size
import write_fusions
from report import Report

CHECKS = [check_format, check_layers, check_size, check_rules, check_docs, write_fusions]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    report = Report("checks")
    for check in CHECKS:
        found = check.problems(root)
        report.add(check.__name__, "failed" if found else "passed", "\n".join(found))
        for problem in found:
            print(f"{check.__name__}: {problem}")
    suite = unittest.defaultTestLoader.discover(str(root / "tools/tests"), pattern="*_test.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(suite)
    failed = {case.id(): text for case, text in result.failures + result.errors}
    for name, text in failed.items():
        report.add(name, "failed", text)
    for number in range(result.testsRun - len(failed)):
        report.add(f"checker test {number + 1}", "passed")
    print(check_size.summary(root))
    report.write(arguments.report)
    return 1 if report.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
