"""Flood control: who sends too fast is read from more slowly, and loses nothing; only who keeps at it is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .limits import Flood

if TYPE_CHECKING:
    from .intake import IntakeFactory

# A line counts as one more for each KiB that it has; one that is no longer than this, as one.
LINE_SHIFT = 10
SHORT = (1 << LINE_SHIFT) - 1
# Whoever sends too fast is not read from for so long, at least, in seconds: not every line wakes us up.
HOLD = 0.5
# Whoever sends too fast for so long is cut off, in seconds.
FLOOD_PATIENCE = 120.0


class FloodControl:
    """A token bucket. A base of each connection, as an object of its own would be more memory for each.

    @ivar taken: each line takes up a bit of time, and this is when that ends, in seconds. While it is in the past, more
        may come.
    """

    factory: IntakeFactory

    # Kept on the class as long as nothing has come, or never too much.
    taken = 0.0
    # Since when it has been sending too fast, all the time.
    _flooding = 0.0

    def cut_off(self, reason: str, sentence: str, parting: str) -> None:
        """See L{BoundedLines.cut_off}."""
        raise NotImplementedError

    def refill(self, flood: Flood, now: float) -> float:
        """Lines have come.

        @return: the next may be taken as long as L{taken} is not later than this.
        """
        self.taken = max(self.taken, now - flood.full)
        if self._flooding and self.taken < now - flood.full / 2:
            self._flooding = 0.0
        return now - flood.each / 2

    def charge(self, lines: int) -> None:
        """What was received costs as much as so many lines more."""
        flood = self.factory.gate.limits.flood
        if flood is not None:
            self.taken = max(self.taken, self.factory.reactor.seconds() - flood.full) + lines * flood.each

    def slow_down(self, flood: Flood, now: float) -> float:
        """It sends too fast.

        @return: how long nothing is to be taken from it, in seconds.
        """
        if not self._flooding:
            self._flooding = now
            self.factory.gate.counters.slowed += 1
        elif now - self._flooding > FLOOD_PATIENCE:
            why = f"Too fast for too long: send at most {flood.rate:g} lines a second."
            self.cut_off("flood", why, "too many lines")
        return max(HOLD, self.taken - now + flood.each)
