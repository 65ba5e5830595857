"""The table: medians of all runs, and how the daemon compares with the best peer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from bench.metrics import METRICS, Results
from bench.stats import ratios


def middle(results: Results, name: str, metric: str) -> float | None:
    """The median of a metric over all runs of a server; None when it was not measured."""
    values = [run[metric] for run in results.get(name, []) if metric in run]
    return median(values) if values else None


def best(results: Results, names: Sequence[str], metric: str) -> str | None:
    """Which of these servers has the smallest median."""
    measured = [(value, name) for name in names if (value := middle(results, name, metric)) is not None]
    return min(measured)[1] if measured else None


def ratio(results: Results, name: str, to: str | None, metric: str) -> float | None:
    """How many times the other's figure this one's is: the median over the rounds."""
    if to is None:
        return None
    pairs = [
        (ours[metric], theirs[metric])
        for ours, theirs in zip(results.get(name, []), results.get(to, []), strict=False)
        if metric in ours and metric in theirs
    ]
    return ratios([a for a, _ in pairs], [b for _, b in pairs])


def cell(results: Results, name: str, metric: str, spread: bool) -> str:
    """A figure, and for the one that matters most the least and the greatest too."""
    value = middle(results, name, metric)
    if value is None:
        return "-"
    write = METRICS[metric].write
    values = [run[metric] for run in results[name] if metric in run]
    around = f" ({write(min(values))} to {write(max(values))})" if spread and len(values) > 1 else ""
    return write(value) + around


def rows(
    results: Results,
    columns: Sequence[str],
    key: str,
    titles: Mapping[str, str],
    peers: Sequence[str] = (),
    floor: str | None = None,
) -> list[list[str]]:
    """
    The heading and a row for each server.

    @param titles: what to call each server.
    @param peers: those that are a real alternative, of which the best one is the measure.
    @param floor: the server that is the least anyone can do.
    """
    against = best(results, peers, key)
    under = floor if floor and results.get(floor) else None
    heading = ["server", *(METRICS[column].heading for column in columns)]
    if against:
        heading.append(f"ratio to the best peer ({titles[against]})")
    if under:
        heading.append("ratio to the floor")
    table = [heading]
    for name in results:
        row = [titles[name], *(cell(results, name, column, column == key) for column in columns)]
        for other in (against, under):
            if other:
                value = ratio(results, name, other, key)
                row.append("-" if value is None else f"{value:.2f}")
        table.append(row)
    return table


def upright(table: Sequence[Sequence[str]]) -> list[list[str]]:
    """A table of one server with its columns as rows: so many would not fit side by side."""
    return [list(row) for row in zip(*table, strict=True)]


def markdown(table: Sequence[Sequence[str]]) -> str:
    """The table as Markdown that can be read as it is: first column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(table[0]), line(rule), *(line(row) for row in table[1:])])
