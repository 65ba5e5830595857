"""Two clocks: one tells what time it is, and may be set; the other only goes on, and timers go by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.base import ReactorBase


def steady(reactor: Any) -> Callable[[], float]:
    """Have a reactor's timers go by a clock that nobody sets. By Twisted's own, whatever waits for a timer, be it for
    the end of this turn of the reactor, waits an hour longer when the system's clock is put back by an hour.

    To be called before anything waits: what does already was told a moment of the other clock. Nothing is changed then.

    @return: what tells the time, in seconds since 1970-01-01 UTC. For a reactor of tests that is its own time.
    """
    if not isinstance(reactor, ReactorBase):
        seconds: Callable[[], float] = reactor.seconds
        return seconds
    if not reactor.getDelayedCalls():
        reactor.seconds = time.monotonic
    return time.time
