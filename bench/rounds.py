"""Runs every server in turn, round by round, and keeps the figures of every run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bench.growth import SWEEPS, Sweep
from bench.load import LoadFailed
from bench.metrics import METRICS, Results, Values
from bench.peers import Peer
from bench.scenarios import Scenario
from bench.server import ServerFailed


def say(words: str) -> None:
    """Progress, which is no part of the result."""
    print(words, file=sys.stderr, flush=True)


def attempt(kept: list[Values], label: str, measure: Callable[[], Values]) -> None:
    """One run; what goes wrong is told, and costs this run only."""
    try:
        values = measure()
    except (LoadFailed, ServerFailed, OSError) as error:
        say(f"{label}: failed: {error}")
        return
    kept.append(values)
    say(f"{label}: " + ", ".join(f"{m} {METRICS[m].write(v)}" for m, v in values.items() if m in METRICS))


def scenario(chosen: Scenario, found: Sequence[Peer], runs: int) -> Results:
    """All rounds of a scenario, by server."""
    results: Results = {peer.name: [] for peer in found}
    for number in range(1, runs + 1):
        for peer in found:
            attempt(results[peer.name], f"round {number}, {peer.name}", lambda p=peer: chosen.measure(chosen, p))  # type: ignore[misc]
    return results


def point(sweep: Sweep, value: int, peer: str) -> str:
    """The name of a point of a sweep in the results."""
    return f"{sweep.name} {value} {peer}"


def growth(found: Sequence[Peer], runs: int) -> Results:
    """All rounds of all sweeps, by point: the servers follow each other at each of them."""
    results: Results = {}
    for sweep in SWEEPS:
        for _ in range(runs):
            for value in sweep.values:
                for peer in found:
                    if peer.kind == "floor" and sweep.name in ("rooms", "history"):  # it has neither
                        continue
                    name = point(sweep, value, peer.name)
                    attempt(results.setdefault(name, []), name, lambda s=sweep, p=peer, v=value: s.measure(p, v))  # type: ignore[misc]
    return results
