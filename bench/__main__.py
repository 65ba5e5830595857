"""The command line: ``python -m bench SCENARIO``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench import growth, history, peers
from bench.build import NoCompiler, build
from bench.chart import Bar, Bars, Lines, svg
from bench.load import LoadFailed
from bench.machine import cores, describe, open_files
from bench.metrics import METRICS, Results, Values
from bench.peers import ROOT, Peer
from bench.report import markdown, rows, upright
from bench.scenarios import SCENARIOS, Scenario
from bench.server import ServerFailed


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the daemon beside other servers, which it starts itself, one fresh process for each run.",
        epilog="\n".join(f"{s.name:8} {s.about}" for s in SCENARIOS.values())
        + "\ngrowth   the cost of a delivery against members, senders, rooms and history",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", choices=[*SCENARIOS, "growth"])
    parser.add_argument(
        "--peer", nargs="+", action="extend", choices=peers.names(), metavar="NAME",
        help=f"servers to measure, of {', '.join(peers.names())}; by default those that the scenario is about",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=5, help="rounds over all servers (default: %(default)s)")
    parser.add_argument("--messages", type=int, help="another number of messages")
    parser.add_argument("--clients", type=int, help="another number of clients")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of every run, too")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="where the chart goes (default: docs/)")
    parser.add_argument("--no-chart", action="store_true", help="write no chart")
    options = parser.parse_args(argv)
    if options.runs < 1:
        parser.error("--runs is at least 1")
    return options


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def attempt(results: list[Values], peer: Peer, label: str, measure: Callable[[], Values]) -> None:
    """One run; what goes wrong is told, and costs this run only."""
    try:
        values = measure()
    except (LoadFailed, ServerFailed, OSError) as error:
        say(f"{label}: failed: {error}")
        return
    results.append(values)
    say(f"{label}: " + ", ".join(f"{m} {METRICS[m].write(v)}" for m, v in values.items() if m in METRICS))


def scenario(chosen: Scenario, found: list[Peer], options: argparse.Namespace) -> tuple[Results, str, str]:
    """All rounds of a scenario. @return: every figure, the table, the chart."""
    changes = {k: v for k in ("messages", "clients") if (v := getattr(options, k)) is not None}
    chosen = replace(chosen, load=replace(chosen.load, **changes))
    results: Results = {peer.name: [] for peer in found}
    for number in range(1, options.runs + 1):
        for peer in found:
            label = f"round {number}, {peer.name}"
            attempt(results[peer.name], peer, label, lambda p=peer: chosen.measure(chosen, p))  # type: ignore[misc]
    titles = {peer.name: peer.version() for peer in found}
    real = [peer.name for peer in found if peer.kind == "peer"]
    about = "; ".join([chosen.about, *(f"{k}: {v}" for k, v in changes.items())])
    table = rows(results, chosen.columns, chosen.key, titles, real, chosen.floor)
    if len(found) == 1 and len(chosen.columns) > 6:
        table = upright(table)
    measured = [p for p in found if results[p.name]]
    panels = [
        Bars(METRICS[m].heading, [bar(results, p, m) for p in measured], METRICS[m].write)
        for m in chosen.charted or chosen.columns
    ]
    caption = f"Median of {options.runs} runs, lines: least to greatest. {describe()}"
    return results, f"{about}\n\n{markdown(table)}", svg(about, panels, caption)


def bar(results: Results, peer: Peer, metric: str) -> Bar:
    values = [run[metric] for run in results[peer.name] if metric in run]
    return Bar(peer.version(), peer.kind, median(values), min(values), max(values))


def grow(found: list[Peer], options: argparse.Namespace) -> tuple[Results, str, str]:
    """All sweeps. @return: every figure, the tables, the chart."""
    results: dict[tuple[str, str, int], list[Values]] = {}
    for sweep, peer, value, measure in growth.points(found, options.runs):
        label = f"{sweep.name} {value}, {peer.name}"
        attempt(results.setdefault((sweep.name, peer.name, value), []), peer, label, measure)
    metric = METRICS["cpu_us"]
    texts, panels = [], []
    for sweep in growth.SWEEPS:
        lines = {
            peer.version(): [
                (float(value), median(run["cpu_us"] for run in runs))
                for value in sweep.values
                if (runs := results.get((sweep.name, peer.name, value)))
            ]
            for peer in found
        }
        table = [[sweep.across, *(f"{value:,}" for value in sweep.values)]]
        for name, line in lines.items():
            known = dict(line)
            table.append([name, *(metric.write(known[v]) if v in known else "-" for v in sweep.values)])
        texts.append(f"{metric.heading}, by {sweep.name}\n\n{markdown(table)}")
        panels.append(Lines(f"{metric.heading}, by {sweep.name}", sweep.across, lines, metric.write))
    flat = {f"{sweep} {value} {peer}": runs for (sweep, peer, value), runs in results.items()}
    caption = f"Median of {options.runs} runs. {describe()}"
    return flat, "\n\n".join(texts), svg("What a delivery costs the server", panels, caption)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    default = SCENARIOS[options.scenario].peers if options.scenario != "growth" else ("floor-turn", "ours")
    found, absent = peers.select(options.peer or default)
    for name, reason in absent.items():
        say(f"{name} is left out: {reason}")
    if not found:
        say("There is nothing to measure.")
        return 1
    try:
        build("load")
    except NoCompiler as error:
        say(f"There is nothing to measure with: {error}. A load written in Python would be slower than the servers.")
        return 1
    files = open_files()
    server_core, load_core = cores()
    if server_core is None:
        say("Server and load share the cores here: latencies mean little.")
    where = f"Server on core {server_core}, load on core {load_core}. " if server_core is not None else ""
    try:
        if options.scenario == "growth":
            results, text, picture = grow(found, options)
        else:
            results, text, picture = scenario(SCENARIOS[options.scenario], found, options)
    finally:
        history.forget()
    print(f"{text}\n\nMedian of {options.runs} runs. {where}{describe()}, {files} open files at most.")
    for name, reason in absent.items():
        print(f"Left out: {name}, {reason}.")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if not options.no_chart:
        chart = options.chart or ROOT / "docs" / f"performance-{options.scenario}.svg"
        chart.write_text(picture, encoding="utf-8")
        print(f"Chart: {chart}")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
