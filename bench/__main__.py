"""The command line: ``python -m bench SCENARIO``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import history, peers, present, rounds
from bench.build import NoCompiler, build
from bench.machine import cores, describe, open_files
from bench.metrics import Results
from bench.peers import ROOT, Peer
from bench.rounds import say
from bench.scenarios import SCENARIOS, Scenario

GROWTH = "growth"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the daemon beside other servers, which it starts itself, one fresh process for each run.",
        epilog="\n".join(f"{s.name:8} {s.about}" for s in SCENARIOS.values())
        + "\ngrowth   the cost of a delivery against members, senders, rooms and history",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", choices=[*SCENARIOS, GROWTH])
    parser.add_argument(
        "--peer", nargs="+", action="extend", choices=peers.names(), metavar="NAME",
        help=f"servers to measure, of {', '.join(peers.names())}; by default those that the scenario is about",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=5, help="rounds over all servers (default: %(default)s)")
    parser.add_argument("--messages", type=int, help="another number of messages")
    parser.add_argument("--clients", type=int, help="another number of clients")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of every run there, too")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="figures", help="run nothing: show what --json wrote")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="where the chart goes (default: into docs/)")
    parser.add_argument("--no-chart", action="store_true", help="write no chart")
    options = parser.parse_args(argv)
    if options.runs < 1:
        parser.error("--runs is at least 1")
    return options


def chosen_scenario(options: argparse.Namespace) -> tuple[Scenario, str]:
    """The scenario with what was asked to be different, and a note of that."""
    changes = {k: v for k in ("messages", "clients") if (v := getattr(options, k)) is not None}
    chosen = SCENARIOS[options.scenario]
    note = "".join(f"; {k}: {v}" for k, v in changes.items())
    return replace(chosen, load=replace(chosen.load, **changes)), note


def measure(options: argparse.Namespace, found: list[Peer]) -> Results:
    """Run everything, or take what an earlier run has found."""
    if options.figures:
        saved: Results = json.loads(options.figures.read_text(encoding="utf-8"))
        return saved if options.scenario == GROWTH else {peer.name: saved.get(peer.name, []) for peer in found}
    build("load")
    open_files()
    if cores()[0] is None:
        say("Server and load share the cores here: latencies mean little.")
    try:
        if options.scenario == GROWTH:
            return rounds.growth(found, options.runs)
        return rounds.scenario(chosen_scenario(options)[0], found, options.runs)
    finally:
        history.forget()


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    default = SCENARIOS[options.scenario].peers if options.scenario != GROWTH else ("floor-turn", "ours")
    found, absent = peers.select(options.peer or default)
    for name, reason in absent.items():
        say(f"{name} is left out: {reason}")
    if not found:
        say("There is nothing to measure.")
        return 1
    try:
        results = measure(options, found)
    except NoCompiler as error:
        say(f"There is nothing to measure with: {error}. A load written in Python would be slower than the servers.")
        return 1
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.scenario == GROWTH:
        text, picture = present.growth(results, found)
    else:
        chosen, note = chosen_scenario(options)
        text, picture = present.scenario(chosen, results, found, note)
    server_core, load_core = cores()
    where = f", server on core {server_core}, load on core {load_core}" if server_core is not None else ""
    print(f"{text}\n\n{describe()}{where}.")
    for name, reason in absent.items():
        print(f"Left out: {name}, {reason}.")
    if not options.no_chart:
        chart = options.chart or ROOT / "docs" / f"performance-{options.scenario}.svg"
        chart.write_text(picture, encoding="utf-8")
        print(f"Chart: {chart}")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    # Ended from outside, too, it stops the servers on its way out
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
