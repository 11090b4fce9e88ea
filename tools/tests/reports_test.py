import unittest

from planted import Planted

import sum_reports
from report import Report, read_cases


class Reports(Planted):
    def sums(self, stages: str = "") -> tuple[dict, list[str]]:
        self.plant("reports/stages.txt", stages)
        counts, failures = sum_reports.sum_reports(self.root / "reports")
        return dict(counts), failures

    def test_a_written_report_reads_back(self):
        report = Report("suite", [("a", "passed", ""), ("b", "failed", "why <&>"), ("c", "skipped", "")])
        report.write(self.root / "x.xml")
        self.assertEqual(read_cases(self.root / "x.xml"),
                         [("suite.a", "passed"), ("suite.b", "failed"), ("suite.c", "skipped")])
        self.assertTrue(report.failed())

    def test_reports_of_ctest_count_by_status(self):
        self.plant("reports/release.xml", '<testsuite><testcase name="a" status="run"/><testcase name="b" status="fail">'
                   '<failure message="x"/></testcase><testcase name="c" status="notrun"><skipped/></testcase></testsuite>')
        counts, failures = self.sums("release failed 3\n")
        self.assertEqual(counts, {"passed": 1, "failed": 1, "skipped": 1})
        self.assertEqual(failures, ["release: b"])

    def test_a_stage_that_fails_without_a_failed_case_is_a_failure(self):
        Report("checks", [("a", "passed", "")]).write(self.root / "reports/checks.xml")
        counts, failures = self.sums("checks ok 1\nbuild-release over-budget 900\n")
        self.assertEqual(counts, {"passed": 1, "failed": 1})
        self.assertEqual(failures, ["stage build-release: over-budget"])

    def test_a_truncated_report_is_a_failure(self):
        self.plant("reports/release.xml", "<testsuite><testcase")
        self.assertEqual(self.sums("release failed 1\n")[0], {"failed": 1})


if __name__ == "__main__":
    unittest.main()
