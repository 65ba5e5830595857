"""How long things take, counted by how long: cheap enough for every turn."""

from __future__ import annotations

from bisect import bisect_left

# In seconds.
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    """
    @ivar counts: how often something took no longer than each of L{BOUNDS} (and longer than the one before), and, last,
        longer than all of them.
    @ivar total: how long all took together, in seconds.
    """

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Something took so long."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds
