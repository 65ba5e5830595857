"""What is measured: for each scenario the load, the servers, the columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bench import history, load
from bench.load import Load
from bench.machine import cores
from bench.metrics import Values
from bench.peers import Peer
from bench.server import Server

ALL = ("ngircd", "inspircd", "floor", "ours")


@dataclass(frozen=True)
class Scenario:
    """
    One thing to measure.

    ``key`` is the metric that is compared with the peers, ``floor`` the form of the floor server it is compared with.
    """

    name: str
    about: str
    columns: tuple[str, ...]
    key: str
    measure: Callable[[Scenario, Peer], Values]
    peers: tuple[str, ...] = ALL
    floor: str | None = None
    load: Load = field(default_factory=Load)
    charted: tuple[str, ...] = ()


def put(peer: Peer, what: Load) -> Values:
    """One run: a fresh server, this load. Logins that are not what is measured come as the server takes them best."""
    server_core, load_core = cores()
    if what.messages:
        what = replace(what, batch=min(what.batch, peer.backlog))
    with Server(peer, server_core) as server:
        return load.run(what, peer.protocol, server.port, server.pid, load_core).values()


def _once(scenario: Scenario, peer: Peer) -> Values:
    return put(peer, scenario.load)


def _idle(scenario: Scenario, peer: Peer) -> Values:
    values = put(peer, scenario.load)
    values["reached_ms"] = values["max_ms"]
    return values


def _slow(scenario: Scenario, peer: Peer) -> Values:
    """The others' latency beside those who stop reading, and in a room where those never were."""
    what = scenario.load
    short = replace(what, clients=what.clients - what.stalled, stalled=0, messages=what.messages // 4)
    without, beside = put(peer, short), put(peer, what)
    return {
        **beside,
        "p99_without_ms": without["p99_ms"],
        "p99_with_ms": beside["p99_ms"],
        "slower": beside["p99_ms"] / without["p99_ms"],
    }


TALK = ("deliveries_s", "cpu_us", "p50_ms", "p99_ms", "kib_per_client")

SCENARIOS = {
    s.name: s
    for s in (
        Scenario(
            "fanout",
            "1,000 members, 20 of them talk, 64 messages under way at any time",
            TALK, "cpu_us", _once, ("ngircd", "inspircd", "floor-turn", "ours"), "floor-turn",
            Load(clients=1000, senders=20, window=64, messages=3000),
            ("cpu_us", "deliveries_s"),
        ),
        Scenario(
            "paced",
            "500 members, 20 of them talk, 100 messages a second",
            TALK, "cpu_us", _once, ("ngircd", "inspircd", "floor-line", "ours"), "floor-line",
            Load(clients=500, senders=20, rate=100, messages=1000),
            ("cpu_us", "p99_ms"),
        ),
        Scenario(
            "few",
            "10 members, all of them talk, 64 messages under way at any time",
            TALK[:-1], "cpu_us", _once, ("ngircd", "inspircd", "floor-turn", "ours"), "floor-turn",
            Load(clients=10, senders=10, window=64, messages=100_000),
            ("cpu_us", "p99_ms"),
        ),
        Scenario(
            "login",
            "1,000 members log in, 64 at a time, into one room",
            ("login_cpu_s", "login_cpu_us", "login_seconds", "kib_per_client"),
            "login_cpu_s", _once, ("ngircd", "inspircd", "ours"), None,
            Load(clients=1000),
            ("login_cpu_s",),
        ),
        Scenario(
            "idle",
            "10,000 members in one room, who say nothing; then one message",
            ("kib_per_client", "rss_mib", "login_cpu_s", "login_seconds", "reached_ms"),
            "kib_per_client", _idle, ("inspircd", "ours"), None,
            Load(clients=10_000, senders=1, window=1, messages=1, rest=3, batch=256),
            ("kib_per_client",),
        ),
        Scenario(
            "slow",
            "1,000 members, 100 of them stop reading for good; 500 messages a second of 400 bytes, 25 at a time",
            ("p99_without_ms", "p99_with_ms", "slower", "rss_growth_mib", "gone_after_s"),
            "slower", _slow, ("ours",), None,
            Load(clients=1000, senders=20, stalled=100, rate=500, burst=25, payload=400, messages=30_000),
            ("p99_without_ms", "p99_with_ms"),
        ),
        Scenario(
            "history",
            "1,000,000 messages in the history",
            (
                "start_ms", "start_empty_ms", "start_floor_ms", "start_ours_ms", "join_ms", "join_next_ms",
                "history_ms", "history_old_ms", "search_rare_ms", "search_common_ms", "search_two_ms", "search_none_ms",
            ),
            "join_ms", lambda scenario, peer: history.measure(peer), ("ours",),
        ),
    )
}  # fmt: skip
