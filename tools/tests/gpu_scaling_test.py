"""tools/gpu_scaling.py compares round by round and takes each side's best number of streams."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import gpu_scaling


def runs(streams, one, two):
    return [{"batch": 1, "streams": streams, "round": number, "device": device, "per_second": rate, "by_device": []}
            for device, rates in (("cuda:0", one), ("cuda:0,1", two)) for number, rate in enumerate(rates)]


class Document(unittest.TestCase):
    def text(self, *all_runs):
        return gpu_scaling.document({"gpus": ["a GPU"] * 2, "date": "today", "model": "m", "precision": "fp16",
                                     "devices": ["cuda:0", "cuda:0,1"], "runs": [each for some in all_runs for each in some]})

    def test_ratio_is_the_median_of_rounds_and_the_spread_is_shown(self):
        text = self.text(runs(4, [100, 110, 90], [200, 154, 180]))
        self.assertIn("| 1 | 4 | 100 (90 to 110) | 180 (154 to 200) | 2.00 (1.40 to 2.00) |", text)

    def test_best_streams_of_either_side_are_compared(self):
        text = self.text(runs(4, [100], [150]), runs(8, [80], [190]))
        self.assertIn("Batch 1, each at its best number of streams: 1.90 times", text)

    def test_rounds_that_one_side_lacks_give_no_row(self):
        self.assertNotIn("| 1 | 4 |", self.text(runs(4, [100], [])))


if __name__ == "__main__":
    unittest.main()
