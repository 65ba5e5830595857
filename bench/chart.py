"""Charts in SVG: bars for servers, lines for growth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, MARGIN, LABELS = 800, 16, 270
BAR, GAP, TITLE = 20, 10, 34
PLOT = 240
COLOURS = {"ours": "#1f6feb", "peer": "#8b949e", "floor": "#d0d7de"}
SERIES = ("#1f6feb", "#bc4c00", "#1a7f37", "#8250df")
INK, FAINT = "#1f2328", "#d8dee4"


@dataclass(frozen=True)
class Bar:
    """One server: its median, the least and greatest of its runs."""

    label: str
    kind: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bars:
    """One metric of all servers; less is better unless the title says otherwise."""

    title: str
    bars: Sequence[Bar]
    write: Callable[[float], str]


@dataclass(frozen=True)
class Lines:
    """How something grows: for each name the points (x, y); both axes are logarithmic."""

    title: str
    across: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    write: Callable[[float], str]


def _text(x: float, y: float, words: str, anchor: str = "start", weight: str = "normal", size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size}"'
        f' fill="{INK}">{escape(words)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def _bars(panel: Bars, top: float) -> tuple[list[str], float]:
    """The shapes of a panel of bars, and where it ends."""
    room = WIDTH - 2 * MARGIN - LABELS - 110
    greatest = max((bar.high for bar in panel.bars), default=0) or 1
    shapes = [_text(MARGIN, top + 20, panel.title, weight="bold", size=14)]
    y = top + TITLE
    for bar in panel.bars:
        start, middle = MARGIN + LABELS, y + BAR / 2
        length, low, high = (room * v / greatest for v in (bar.value, bar.low, bar.high))
        shapes.append(_text(start - 8, middle + 4, bar.label, "end"))
        shapes.append(
            f'<rect x="{start}" y="{y:.1f}" width="{max(length, 1):.1f}" height="{BAR}" rx="2"'
            f' fill="{COLOURS.get(bar.kind, COLOURS["peer"])}"/>'
        )
        if bar.high > bar.low:
            shapes.append(_line(start + low, middle, start + high, middle, INK))
            shapes += [_line(start + x, middle - 4, start + x, middle + 4, INK) for x in (low, high)]
        shapes.append(_text(start + max(length, high) + 8, middle + 4, panel.write(bar.value)))
        y += BAR + GAP
    return shapes, y + GAP


def _steps(low: float, high: float) -> list[float]:
    """The round numbers (1, 2, 5, 10, ...) from the last that is not above `low` to the first not below `high`."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    numbers = [m * 10.0**e for e in range(first, last + 1) for m in (1, 2, 5)]
    inside = [n for n in numbers if low <= n <= high]
    before = [n for n in numbers if n < low][-1:] if low not in inside else []
    after = [n for n in numbers if n > high][:1] if high not in inside else []
    return before + inside + after


def _lines(panel: Lines, top: float) -> tuple[list[str], float]:
    """The shapes of a panel of lines, and where it ends."""
    points = [(x, y) for line in panel.lines.values() for x, y in line if x > 0 and y > 0]
    shapes = [_text(MARGIN, top + 20, panel.title, weight="bold", size=14)]
    if not points:
        return shapes, top + TITLE
    xs, ys = sorted({x for x, _ in points}), _steps(min(y for _, y in points), max(y for _, y in points))
    left, right, upper = MARGIN + 70, WIDTH - MARGIN - 130, top + TITLE
    lower = upper + PLOT

    def scale(value: float, least: float, greatest: float, start: float, end: float) -> float:
        span = math.log(greatest / least) if greatest > least else 1
        return start + (end - start) * (math.log(value / least) / span if greatest > least else 0.5)

    def place(x: float, y: float) -> tuple[float, float]:
        return scale(x, xs[0], xs[-1], left, right), scale(y, ys[0], ys[-1], lower, upper)

    for y in ys:
        height = place(xs[0], y)[1]
        shapes += [_line(left, height, right, height, FAINT), _text(left - 8, height + 4, panel.write(y), "end")]
    for x in xs:
        shapes.append(_text(place(x, ys[0])[0], lower + 18, f"{x:,.0f}", "middle"))
    shapes.append(_text((left + right) / 2, lower + 38, panel.across, "middle"))
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = SERIES[number % len(SERIES)]
        placed = [place(x, y) for x, y in line if x > 0 and y > 0]
        if not placed:
            continue
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in placed]
        shapes.append(_text(placed[-1][0] + 10, placed[-1][1] + 4, name))
    return shapes, lower + 56


def svg(title: str, panels: Sequence[Bars | Lines], caption: str) -> str:
    """The whole picture: the panels one below the other."""
    shapes, y = [_text(MARGIN, 28, title, weight="bold", size=16)], 40.0
    for panel in panels:
        drawn, y = _bars(panel, y) if isinstance(panel, Bars) else _lines(panel, y)
        shapes += drawn
    shapes.append(_text(MARGIN, y + 12, caption, size=11))
    height = y + 28
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"'
        f' height="{height:.0f}" font-family="system-ui, sans-serif" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(shapes) + "\n</svg>\n"
    )
