"""Watching the reactor: how late it is, and what it was doing when it was too late."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from twisted.logger import Logger

from ..delivery.histogram import Histogram
from .systemd import notify, watchdog_pause

# How often it is looked, and what is too late, in seconds.
BEAT = 0.5
SLOW = 0.25
# So many of the innermost calls are told.
DEPTH = 12


class Watchdog:
    """Calls itself by the reactor's clock and sees how much too late that is; a thread looks, while it is too late,
    where the reactor is. The log gets the names of functions, and nothing that they were working on.

    @ivar latency: how late the reactor was, twice a second.
    """

    log = Logger()

    def __init__(self, reactor: Any, now: Callable[[], float] = time.monotonic) -> None:
        """
        @param now: in seconds, from any moment on; not put back as a clock may be.
        """
        self._reactor = reactor
        self._now = now
        self._call: Any = None
        self._due = 0.0
        self._seen: str | None = None
        self._stopped = threading.Event()
        self._systemd = watchdog_pause()
        self._told = 0.0
        self.latency = Histogram()

    def start(self) -> None:
        """Begin. To be called in the reactor's thread, which is the one that is watched."""
        self._again()
        thread = threading.Thread(target=self._watch, args=(threading.get_ident(),), name="watchdog", daemon=True)
        thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _again(self) -> None:
        if self._stopped.is_set():
            return
        self._due = self._now() + BEAT
        self._call = self._reactor.callLater(BEAT, self._beat)

    def _beat(self) -> None:
        try:
            now = self._now()
            late = max(0.0, now - self._due)
            self.latency.observe(late)
            if late > SLOW:
                seen, self._seen = self._seen, None
                self.log.warn(
                    "the reactor was {late:.2f} s late{where}", late=late, where=f", in {seen}" if seen else ""
                )
            if self._systemd is not None and now - self._told >= self._systemd:
                self._told = now
                notify("WATCHDOG=1")
        except Exception:
            self.log.failure("watching the reactor failed: a defect, please report it")
        finally:
            self._again()

    def _watch(self, thread: int) -> None:
        """In a thread of its own: one look for each beat that does not come."""
        looked = 0.0
        while not self._stopped.wait(max(0.01, self._due + SLOW - self._now())):
            due = self._due
            if due != looked and self._now() >= due + SLOW:
                looked = due
                frame = sys._current_frames().get(thread)
                self._seen = describe(frame) if frame is not None else None


def describe(frame: FrameType | None) -> str:
    """Where a thread is: its innermost calls, innermost last."""
    calls: list[str] = []
    while frame is not None and len(calls) < DEPTH:
        code = frame.f_code
        calls.append(f"{os.path.basename(code.co_filename)}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " > ".join(reversed(calls))
