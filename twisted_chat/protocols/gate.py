"""Who may connect, and who has been connected for too long without a word: one gate for all listeners."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Any
from typing import Protocol as Interface

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..chat.addresses import network
from ..delivery.counters import Counters
from .limits import UNLIMITED, Limits

EVERY = 1.0
# File descriptors for everything but connections: the database, its log, listeners, files that are read.
RESERVED = 192
# When there is no room, whoever has had so many seconds to log in makes room for others.
SETTLED = 5.0
# So many networks are remembered for their new connections, in all.
MOST = 50_000
# So many are told at a time why they may not come in; the others are turned away without a word.
TOLD = 100
REPORT_EVERY = 60.0


class Connection(Interface):
    """What the gate watches."""

    def overdue(self) -> bool:
        """It has had its time to log in. @return: whether it may have as much again."""

    def crowded_out(self) -> bool:
        """Others want to come in, and it has not logged in. @return: whether it makes room."""

    def check_life(self) -> None:
        """So much time has passed since the last call: has it been heard of since?"""


class Gate:
    """Counts connections, and looks after those that owe something: one sweep for all of them, no timer for each.

    @ivar limits: may be replaced at any time.
    @ivar counters: whom it and its connections had to refuse or cut off.
    @ivar open: how many connections there are.
    @ivar descriptors: how many files the process may have open; 0 for no limit.
    """

    log = Logger()

    def __init__(self, reactor: IReactorTime, limits: Limits = UNLIMITED, counters: Counters | None = None) -> None:
        self.limits = limits
        self.counters = counters or Counters()
        self.open = 0
        self.descriptors = 0
        self.dismissing = 0
        self._seconds = reactor.seconds
        self._of: Counter[str] = Counter()
        # How many connections a network may begin now, and when that was so. The one that began one last comes last.
        self._new: OrderedDict[str, tuple[float, float]] = OrderedDict()
        # Who has not logged in yet, and who has to give signs of life; since when that is so, the longest first.
        self._logins: OrderedDict[Connection, float] = OrderedDict()
        self._watched: OrderedDict[Connection, float] = OrderedDict()
        self._reported: Counter[str] = Counter()
        self._report_at = 0.0
        self._loop = LoopingCall(self.sweep)
        self._loop.clock = reactor

    def start(self) -> None:
        """Begin to sweep. The reactor runs, or is about to."""
        self._loop.start(EVERY, now=False)

    def stop(self) -> None:
        if self._loop.running:
            self._loop.stop()

    @property
    def most(self) -> int:
        """How many connections there may be; 0 for any number."""
        possible = self.descriptors - min(RESERVED, self.descriptors // 4)
        wanted = self.limits.connections
        return min(wanted, possible) if wanted and possible else wanted or possible

    # Coming and going

    def admit(self, address: str) -> str | None:
        """Someone wants to come in, and is counted if they may: then L{left} follows some day.

        @param address: empty for a local socket.
        @return: why they may not, for them to read; C{None} when they may.
        """
        source, limits = network(address), self.limits
        if address and address not in limits.trusted:
            if limits.per_address and self._of[source] >= limits.per_address:
                why = f"Your address has {limits.per_address} connections already: close one, or ask the operator."
                return self._refuse("address", why)
            if limits.new_per_minute and not self._may_begin(source, limits.new_per_minute):
                return self._refuse("rate", "Too many new connections from your address: try again in a minute.")
        if self._full():
            return self._refuse("full", "The server is full: try again later.")
        self.open += 1
        self._of[source] += 1
        return None

    def left(self, address: str) -> None:
        """Someone who was admitted is gone."""
        source = network(address)
        self.open -= 1
        if self._of[source] > 1:
            self._of[source] -= 1
        else:
            del self._of[source]

    def await_login(self, connection: Connection) -> None:
        """Give a connection the time that it may take to log in."""
        self._logins[connection] = self._seconds()
        self._logins.move_to_end(connection)

    def await_life(self, connection: Connection) -> None:
        """Have a connection checked for signs of life, now and then."""
        self._watched[connection] = self._seconds()

    def forget(self, connection: Connection) -> None:
        """A connection is no more."""
        self._logins.pop(connection, None)
        self._watched.pop(connection, None)

    def _may_begin(self, source: str, a_minute: int) -> bool:
        """Whether a network may begin a connection; and that it does."""
        now = self._seconds()
        left, at = self._new.pop(source, (float(a_minute), now))
        left = min(float(a_minute), left + (now - at) * a_minute / 60)
        may = left >= 1
        self._new[source] = (left - may, now)
        if len(self._new) > MOST:
            self._new.popitem(last=False)
        return may

    def _full(self) -> bool:
        """Whether there is no room, and nobody who has to make some."""
        most = self.most
        if not most or self.open < most:
            return False
        now = self._seconds()
        while self._logins:
            connection, since = next(iter(self._logins.items()))
            if now - since < SETTLED:
                break
            del self._logins[connection]
            if connection.crowded_out():
                # Its place is free only in a later turn, but that one there is: see RESERVED.
                return self.open >= most + RESERVED // 4
        return True

    def _refuse(self, reason: str, sentence: str) -> str:
        self.counters.refused[reason] += 1
        return sentence

    # The sweep

    def sweep(self) -> None:
        """Look after all connections. Called about once a second; takes time for those only that owe something."""
        try:
            self._sweep(self._seconds())
        except Exception:
            self.log.failure("looking after connections failed: a defect, please report it")

    def _sweep(self, now: float) -> None:
        limits = self.limits
        for connection in self._due(self._logins, now, limits.login_time):
            del self._logins[connection]
            if connection.overdue():
                self.await_login(connection)
        for connection in self._due(self._watched, now, limits.silence):
            self._watched[connection] = now
            self._watched.move_to_end(connection)
            connection.check_life()
        while self._new:
            source, (_, at) = next(iter(self._new.items()))
            if now - at < 60:
                break
            del self._new[source]
        self._report(now)

    def _due(self, waiting: OrderedDict[Connection, float], now: float, allowed: int) -> list[Connection]:
        found = []
        if allowed:
            for connection, since in waiting.items():
                if now - since < allowed:
                    break
                found.append(connection)
        return found

    def _report(self, now: float) -> None:
        """A line in the log for all who had to be turned away lately, not one for each: they may be many."""
        counters = self.counters
        counts = Counter({f"refused ({reason})": count for reason, count in counters.refused.items()})
        counts.update({f"cut off ({reason})": count for reason, count in counters.cut_off.items()})
        counts["slowed down"] = counters.slowed
        new = counts - self._reported
        if new and now >= self._report_at:
            what = ", ".join(f"{count} {what}" for what, count in sorted(new.items()))
            self.log.info("connections: {what}", what=what)
            self._reported, self._report_at = counts, now + REPORT_EVERY


class Dismissal(Protocol):
    """A connection that may not come in. It is told why, as far as that costs little."""

    def __init__(self, gate: Gate, words: bytes) -> None:
        self._gate = gate
        self._words = words

    def connectionMade(self) -> None:
        self._gate.dismissing += 1
        transport: Any = self.transport
        if self._gate.dismissing > TOLD:
            transport.abortConnection()
        else:
            transport.write(self._words)
            transport.loseConnection()

    def connectionLost(self, reason: object = None) -> None:
        self._gate.dismissing -= 1
