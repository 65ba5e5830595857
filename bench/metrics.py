"""The columns: what each figure is called, how it is written, and what the daemon promises of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Values = dict[str, float]  # the figures of one run, by metric
Results = dict[str, list[Values]]  # all runs, by server


def _number(digits: int) -> Callable[[float], str]:
    return lambda value: f"{value:,.{digits}f}"


def _significant(value: float) -> str:
    """Two digits of a small number, no fraction of a large one."""
    digits = 3 if value < 0.1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


@dataclass(frozen=True)
class Metric:
    """A column; for all of those that are compared, less is better."""

    title: str
    unit: str = ""
    write: Callable[[float], str] = _significant

    @property
    def heading(self) -> str:
        return f"{self.title}, {self.unit}" if self.unit else self.title


def _seconds_or_never(value: float) -> str:
    return "never" if value < 0 else f"{value:.1f}"


METRICS = {
    "deliveries_s": Metric("deliveries/s", "", _number(0)),
    "cpu_us": Metric("server CPU per delivery", "µs"),
    "p50_ms": Metric("latency p50", "ms"),
    "p99_ms": Metric("latency p99", "ms"),
    "kib_per_client": Metric("memory per client", "KiB", _number(1)),
    "rss_mib": Metric("memory in all", "MiB", _number(1)),
    "login_cpu_s": Metric("server CPU for all logins", "s"),
    "login_cpu_us": Metric("server CPU per login", "µs", _number(0)),
    "login_seconds": Metric("all are in after", "s"),
    "p99_without_ms": Metric("latency p99 without them", "ms"),
    "p99_with_ms": Metric("latency p99 beside them", "ms"),
    "slower": Metric("beside / without", "", _number(2)),
    "rss_growth_mib": Metric("memory grew by", "MiB", _number(1)),
    "gone_after_s": Metric("all gone after", "s", _seconds_or_never),
    "reached_ms": Metric("the last of all has the message after", "ms"),
    "start_ms": Metric("start-up until it answers", "ms", _number(0)),
    "start_empty_ms": Metric("the same with no history", "ms", _number(0)),
    "start_floor_ms": Metric("the same of twistd with an empty service", "ms", _number(0)),
    "start_ours_ms": Metric("start-up, what ours adds to that", "ms", _number(0)),
    "join_ms": Metric("first login, with 20 lines of replay", "ms"),
    "join_next_ms": Metric("further logins, with the same", "ms"),
    "search_rare_ms": Metric("/search, a rare word", "ms"),
    "search_common_ms": Metric("/search, a word in half of all", "ms"),
    "search_two_ms": Metric("/search, two common words", "ms"),
    "search_none_ms": Metric("/search, no match", "ms"),
    "history_ms": Metric("/history 20", "ms"),
    "history_old_ms": Metric("/history 100 before half of all", "ms"),
}
