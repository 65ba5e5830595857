"""How often one may try a password."""

from __future__ import annotations

from collections import OrderedDict

from ..chat.addresses import network

FREE = 5
LONGEST = 300.0
FORGOTTEN = 3600.0
MOST = 50_000


class Throttle:
    """Counts failures by address and by account. After L{FREE} of them every further attempt waits, twice as long each
    time, up to L{LONGEST} seconds; after L{FORGOTTEN} seconds without a failure all is forgotten.

    An address from which an account was logged in to before is not held up by what others try on that account: else
    anyone could lock its owner out. IPv6 addresses count by their /64, which is what one household or host has.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait(self, address: str, account: str, now: float) -> float:
        """How long until the next attempt is allowed, in seconds; 0 for now.

        @param account: the key of the name.
        @param now: the time in seconds.
        """
        marks = [("address", network(address))]
        if (network(address), account) not in self._known:
            marks.append(("account", account))
        return max(self._wait(mark, now) for mark in marks)

    def failures(self, address: str, now: float) -> int:
        """How often an address has failed lately."""
        return self._failures.get(self._fresh(("address", network(address)), now), (0, 0.0))[0]

    def suspicion(self, address: str, account: str, now: float) -> int:
        """How often an address has failed lately, and others on that account: whoever waits with less goes first. Less
        than 0 for the two that belong together."""
        if (network(address), account) in self._known:
            return self.failures(address, now) - 1
        return self.failures(address, now) + self._failures.get(self._fresh(("account", account), now), (0, 0.0))[0]

    def failed(self, address: str, account: str, now: float) -> None:
        """A password was wrong."""
        for mark in (("address", network(address)), ("account", account)):
            count, _ = self._failures.pop(self._fresh(mark, now), (0, 0.0))
            self._failures[mark] = (count + 1, now)
        while len(self._failures) > MOST:
            self._failures.popitem(last=False)

    def succeeded(self, address: str, account: str) -> None:
        """A password was right."""
        self._failures.pop(("address", network(address)), None)
        self._known[network(address), account] = None
        self._known.move_to_end((network(address), account))
        while len(self._known) > MOST:
            self._known.popitem(last=False)

    def _wait(self, mark: tuple[str, str], now: float) -> float:
        count, last = self._failures.get(self._fresh(mark, now), (0, 0.0))
        if count < FREE:
            return 0.0
        return max(0.0, last + min(2.0 ** (count - FREE), LONGEST) - now)

    def _fresh(self, mark: tuple[str, str], now: float) -> tuple[str, str]:
        if mark in self._failures and now - self._failures[mark][1] > FORGOTTEN:
            del self._failures[mark]
        return mark
