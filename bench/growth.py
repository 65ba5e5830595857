"""How the cost of a delivery grows: with members, senders, rooms, and with what is in the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bench import history, load
from bench.load import Load
from bench.machine import cores
from bench.metrics import Values
from bench.peers import Peer
from bench.scenarios import put
from bench.server import Server

DELIVERIES = 2_000_000  # in one run, at least
BASE = Load(clients=1000, senders=20, window=64)


@dataclass(frozen=True)
class Sweep:
    """One quantity that is varied, the others being those of BASE."""

    name: str
    across: str
    values: tuple[int, ...]
    measure: Callable[[Peer, int], Values]


def enough(what: Load) -> Load:
    """With so many messages that the figure means something."""
    members = max(what.clients // what.rooms, 1)
    return replace(what, messages=max(1000, DELIVERIES // members))


def _members(peer: Peer, members: int) -> Values:
    return put(peer, enough(replace(BASE, clients=members, senders=min(members, BASE.senders))))


def _senders(peer: Peer, senders: int) -> Values:
    return put(peer, enough(replace(BASE, senders=senders)))


def _rooms(peer: Peer, rooms: int) -> Values:
    return put(peer, enough(replace(BASE, senders=max(rooms, BASE.senders), rooms=rooms)))


def _history(peer: Peer, messages: int) -> Values:
    if peer.kind != "ours" or messages <= 1:
        return put(peer, enough(BASE))
    server_core, load_core = cores()
    with history.filled(messages) as folder, Server(peer, server_core, folder) as server:
        return load.run(enough(BASE), peer.protocol, server.port, server.pid, load_core).values()


SWEEPS = (
    Sweep("members", "members of the room; 20 talk, or all", (10, 30, 100, 300, 1000, 2000), _members),
    Sweep("senders", "of 1,000 members so many talk", (1, 5, 20, 100, 500), _senders),
    Sweep("rooms", "1,000 members spread over so many rooms", (2, 5, 10, 20, 50), _rooms),
    Sweep("history", "messages in the history (1: none), 1,000 members", (1, 10_000, 100_000, 1_000_000), _history),
)  # fmt: skip
