"""tools/gpu_table.py writes what its state says, and believes no row whose outputs are wrong."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import gpu_table


def row(model, ours, theirs, error):
    cell = {"rounds": ours, "error": error, "build_seconds": 1, "first_run_seconds": 2, "operations": 3, "graphs": 1,
            "host_steps": []}
    return {"model": model, "batch": 1, "ingot": cell, "torch.compile": {"rounds": theirs, "error": 1e-3}}


class Document(unittest.TestCase):
    def text(self, *rows):
        about = {"gpu": "a GPU", "date": "today", "versions": {"torch": "2"}, "onnxruntime": "not installed"}
        return gpu_table.document({"machine": about, "rows": list(rows)}, "fp16")

    def test_ratio_is_of_medians_and_the_spread_is_shown(self):
        text = self.text(row("m", [1.0, 2.0, 9.0], [4.0, 4.0, 4.0], 1e-3))
        self.assertIn("| m | 1 | 2.000 (1.000 to 9.000) | 4.000 (4.000 to 4.000) | 2.00 |", text)
        self.assertIn("over 1 rows: 2.00; least 2.00", text)

    def test_wrong_outputs_have_no_time_and_no_ratio(self):
        text = self.text(row("m", [1.0], [4.0], 0.5))
        self.assertIn("| m | 1 | wrong |", text)
        self.assertNotIn("Geometric mean", text)

    def test_nan_is_wrong(self):
        self.assertIn("| wrong |", self.text(row("m", [1.0], [4.0], float("nan"))))

    def test_failures_are_named(self):
        failed = {"model": "m", "batch": 1, "ingot": {"failed": "no GPU"}}
        self.assertIn("| m | 1 | failed: no GPU | failed |", self.text(failed))

    def test_parts_of_loading_and_memory_stand_in_a_table_of_their_own(self):
        measured = row("m", [1.0], [2.0], 1e-3)
        measured["ingot"].update({
            "process_seconds": 0.5, "memory": {"constant": 90e6, "arena": 20e6, "workspace": 4e6}, "largest_live_set": 10e6,
            "preparation_again": {"context_ms": 200, "libraries_ms": 20, "choices_ms": 30, "remembered": 7, "modules_ms": 5, "weights_ms": 9,
                                  "weights_gb_per_second": 10, "capture_ms": 2, "bind_ms": 70}})
        self.assertIn("| m | 1 | 500 | 200 | 20 | 30 (7) | 5 | 9 (10.0) | 2 | 70 | 110.0 | 1.100 | 4.0 |", self.text(measured))
        self.assertNotIn("## Loading", self.text(row("m", [1.0], [2.0], 1e-3)))


if __name__ == "__main__":
    unittest.main()
