"""Tests for L{bench.report} and L{bench.stats}."""

from twisted.trial.unittest import TestCase

from bench.report import best, markdown, ratio, rows, upright
from bench.stats import percentile, ratios

RESULTS = {
    "a": [{"cpu_us": 1.0}, {"cpu_us": 3.0}, {"cpu_us": 2.0}],
    "b": [{"cpu_us": 4.0}, {"cpu_us": 8.0}, {"cpu_us": 6.0}],
    "none": [],
}
TITLES = {"a": "A 1.0", "b": "B", "none": "N"}


class StatsTests(TestCase):
    def test_percentile_is_a_value_that_was_measured(self) -> None:
        values = [float(v) for v in range(100, 0, -1)]
        self.assertEqual(percentile(values, 0.5), 50)
        self.assertEqual(percentile(values, 0.99), 99)
        self.assertEqual(percentile(values, 1), 100)
        self.assertEqual(percentile(values, 0), 1)

    def test_percentile_of_few(self) -> None:
        self.assertEqual(percentile([7.0], 0.99), 7)
        self.assertEqual(percentile([1.0, 2.0], 0.5), 1)
        self.assertEqual(percentile([1.0, 2.0], 0.51), 2)

    def test_percentile_of_nothing_or_of_no_share_is_refused(self) -> None:
        self.assertRaises(ValueError, percentile, [], 0.5)
        self.assertRaises(ValueError, percentile, [1.0], 50)

    def test_ratios_are_those_of_neighbours(self) -> None:
        # A machine that gets ten times slower in the middle changes nothing.
        self.assertEqual(ratios([1, 10, 10], [2, 20, 20]), 0.5)
        self.assertIsNone(ratios([1.0], [0.0]))


class TableTests(TestCase):
    def test_the_best_peer_has_the_least_median(self) -> None:
        self.assertEqual(best(RESULTS, ["b", "a", "none"], "cpu_us"), "a")
        self.assertIsNone(best(RESULTS, ["none"], "cpu_us"))
        self.assertIsNone(best(RESULTS, ["a"], "p99_ms"))

    def test_ratio(self) -> None:
        self.assertEqual(ratio(RESULTS, "b", "a", "cpu_us"), 3.0)
        self.assertIsNone(ratio(RESULTS, "b", None, "cpu_us"))
        self.assertIsNone(ratio(RESULTS, "b", "none", "cpu_us"))

    def test_medians_spread_and_ratios(self) -> None:
        heading, first, second, third = rows(RESULTS, ["cpu_us"], "cpu_us", TITLES, ["a", "none"], "b")
        self.assertEqual(
            heading,
            ["server", "server CPU per delivery, µs", "ratio to the best peer (A 1.0)", "ratio to the floor"],
        )
        self.assertEqual(first, ["A 1.0", "2.00 (1.00 to 3.00)", "1.00", "0.33"])
        self.assertEqual(second, ["B", "6.00 (4.00 to 8.00)", "3.00", "1.00"])
        self.assertEqual(third, ["N", "-", "-", "-"])

    def test_no_ratio_without_a_peer(self) -> None:
        self.assertEqual(rows({"a": RESULTS["a"]}, ["cpu_us"], "cpu_us", TITLES, [], "b")[0][2:], [])

    def test_markdown_is_aligned(self) -> None:
        table = [["server", "x"], ["A", "1.25"], ["longer name", "-"]]
        self.assertEqual(
            markdown(table).splitlines(),
            [
                "| server      |    x |",
                "| ----------- | ---: |",
                "| A           | 1.25 |",
                "| longer name |    - |",
            ],
        )
        self.assertEqual(upright(table)[1], ["x", "1.25", "-"])
