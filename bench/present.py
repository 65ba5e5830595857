"""What is shown of the figures: table and chart, of one scenario or of growth."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.chart import Bar, Bars, Lines, svg
from bench.growth import SWEEPS
from bench.machine import describe
from bench.metrics import METRICS, Results
from bench.peers import Peer
from bench.report import markdown, rows, upright
from bench.rounds import point
from bench.scenarios import Scenario


def scenario(chosen: Scenario, results: Results, found: Sequence[Peer], note: str = "") -> tuple[str, str]:
    """The table as Markdown, and the chart as SVG."""
    titles = {peer.name: peer.version() for peer in found}
    real = [peer.name for peer in found if peer.kind == "peer"]
    table = rows(results, chosen.columns, chosen.key, titles, real, chosen.floor)
    if len(found) == 1 and len(chosen.columns) > 6:
        table = upright(table)
    measured = [peer for peer in found if results[peer.name]]
    panels = [
        Bars(METRICS[m].heading, [_bar(results, p, titles[p.name], m) for p in measured], METRICS[m].write)
        for m in chosen.charted or chosen.columns
    ]
    about = f"{chosen.about}{note}"
    caption = f"Median of {_runs(results)} runs, lines: least to greatest. {describe()}"
    return f"{about}\n\n{markdown(table)}", svg(about, panels, caption)


def _bar(results: Results, peer: Peer, title: str, metric: str) -> Bar:
    values = [run[metric] for run in results[peer.name]]
    return Bar(title, peer.kind, median(values), min(values), max(values))


def _runs(results: Results) -> int:
    return max((len(runs) for runs in results.values()), default=0)


def growth(results: Results, found: Sequence[Peer]) -> tuple[str, str]:
    """A table for each sweep, and all of them in one chart."""
    metric = METRICS["cpu_us"]
    texts, panels = [], []
    for sweep in SWEEPS:
        lines = {
            peer.name: [
                (float(value), median(run["cpu_us"] for run in runs))
                for value in sweep.values
                if (runs := results.get(point(sweep, value, peer.name)))
            ]
            for peer in found
        }
        table = [[sweep.across, *(f"{value:,}" for value in sweep.values)]]
        for name, line in lines.items():
            known = dict(line)
            table.append([name, *(metric.write(known[v]) if v in known else "-" for v in sweep.values)])
        title = f"{metric.heading}, by {sweep.name}"
        texts.append(f"{title}\n\n{markdown(table)}")
        panels.append(Lines(title, sweep.across, lines, metric.write))
    caption = f"Median of {_runs(results)} runs. {describe()}"
    return "\n\n".join(texts), svg("What a delivery costs the server", panels, caption)
