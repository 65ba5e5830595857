"""Tests for L{bench.chart}."""

from itertools import pairwise
from xml.etree import ElementTree

from twisted.trial.unittest import TestCase

from bench.chart import Bar, Bars, Lines, svg

NAMESPACE = {"s": "http://www.w3.org/2000/svg"}


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iterfind("s:text", NAMESPACE)]


class ChartTests(TestCase):
    def test_bars_are_as_long_as_their_values(self) -> None:
        bars = [Bar("a <1>", "peer", 10, 8, 20), Bar("ours", "ours", 5, 5, 5)]
        picture = ElementTree.fromstring(svg("T & T", [Bars("CPU", bars, "{:.1f}".format)], "caption"))
        lengths = [float(r.attrib["width"]) for r in picture.findall("s:rect", NAMESPACE)[1:]]
        self.assertAlmostEqual(lengths[0], 2 * lengths[1], places=0)
        for expected in ("T & T", "CPU", "a <1>", "10.0", "ours", "5.0", "caption"):
            self.assertIn(expected, texts(picture))
        # One run has no spread to show: three lines for the first bar alone.
        self.assertEqual(len(picture.findall("s:line", NAMESPACE)), 3)

    def test_lines_go_up_where_values_do(self) -> None:
        lines = Lines("growth", "members", {"ours": [(10, 1.0), (100, 2.0), (1000, 4.0)]}, "{:g}".format)
        picture = ElementTree.fromstring(svg("t", [lines], "c"))
        (path,) = picture.findall("s:polyline", NAMESPACE)
        points = [tuple(map(float, p.split(","))) for p in path.attrib["points"].split()]
        steps = [(b[0] - a[0], a[1] - b[1]) for a, b in pairwise(points)]
        self.assertAlmostEqual(steps[0][0], steps[1][0], places=0)
        self.assertAlmostEqual(steps[0][1], steps[1][1], places=0)
        self.assertTrue(steps[0][1] > 0)
        self.assertIn("1,000", texts(picture))

    def test_everything_is_inside(self) -> None:
        bars = Bars("b", [Bar(str(n), "peer", n, n, n) for n in range(12)], str)
        lines = Lines("l", "x", {"a": [(1, 0.3), (7, 33.0)]}, str)
        picture = ElementTree.fromstring(svg("t", [bars, lines], "c"))
        height = float(picture.attrib["height"])
        for element in picture.iterfind("s:text", NAMESPACE):
            self.assertTrue(0 < float(element.attrib["y"]) < height)

    def test_nothing_measured(self) -> None:
        ElementTree.fromstring(svg("t", [Bars("b", [], str), Lines("l", "x", {}, str)], "c"))

    def test_one_point(self) -> None:
        ElementTree.fromstring(svg("t", [Lines("l", "x", {"a": [(10, 2.0)]}, str)], "c"))
