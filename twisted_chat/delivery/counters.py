"""Counting whom the daemon had to refuse, slow down or cut off."""

from __future__ import annotations

from collections import Counter


class Counters:
    """How often since the start, by reason. Whoever reports them reads the attributes at any time and changes nothing:
    they only grow, and each is a plain number. A reason that has not happened yet has no entry.

    @ivar refused: connections that were not let in, by L{REFUSED}.
    @ivar cut_off: connections that were closed by the server, by L{CUT_OFF}.
    @ivar slowed: how often someone who sends too fast was held up, counted once for each such time.
    """

    __slots__ = ("cut_off", "refused", "slowed")

    #: Reasons for not letting someone in: too many new ones from the address, too many at a time, no room for anyone,
    #: or a header of a proxy that makes no sense.
    REFUSED = ("rate", "address", "full", "proxy")
    #: Reasons for closing: did not log in in time, or while others wanted the place; did not answer a ping; kept
    #: sending too fast; never ended a line; spoke another protocol; did not read.
    CUT_OFF = ("login", "full", "ping", "flood", "length", "foreign", "queue")

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.cut_off: Counter[str] = Counter()
        self.slowed = 0
