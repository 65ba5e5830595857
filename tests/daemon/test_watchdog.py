"""How late the reactor is, and what it was doing."""

from __future__ import annotations

import os
import re
import threading
import time
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from twisted_chat.daemon import watchdog as watching
from twisted_chat.daemon.watchdog import BEAT, SLOW, Watchdog, describe
from twisted_chat.delivery.histogram import BOUNDS, Histogram

timed: Any = reactor


class HistogramTests(SynchronousTestCase):
    def test_what_took_how_long(self) -> None:
        histogram = Histogram()
        for seconds in (0.0, 0.0005, 0.0006, 0.3, 100.0):
            histogram.observe(seconds)
        self.assertEqual(histogram.counts[:2], [2, 1])
        self.assertEqual(histogram.counts[BOUNDS.index(0.5)], 1)
        self.assertEqual(histogram.counts[-1], 1)
        self.assertEqual(sum(histogram.counts), 5)
        self.assertAlmostEqual(histogram.total, 100.3011)


class Said(SynchronousTestCase):
    def listen(self) -> list[str]:
        said: list[str] = []
        observer = lambda event: said.append(formatEvent(event))  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        return said


class BeatTests(Said):
    """Without the thread, on a clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.late = 0.0
        self.patch(threading.Thread, "start", lambda thread: None)
        self.patch(os, "environ", {})

    def make(self) -> Watchdog:
        watchdog = Watchdog(self.clock, lambda: self.clock.seconds() + self.late)
        watchdog.start()
        self.addCleanup(watchdog.stop)
        return watchdog

    def test_a_reactor_in_time(self) -> None:
        said = self.listen()
        watchdog = self.make()
        self.clock.pump([BEAT] * 10)
        self.assertEqual(watchdog.latency.counts[0], 10)
        self.assertEqual(said, [])

    def test_a_reactor_that_is_late_is_told_once(self) -> None:
        said = self.listen()
        watchdog = self.make()
        watchdog._seen = "line.py:1 lineReceived"
        self.late += 1.5
        self.clock.advance(BEAT)
        self.clock.advance(BEAT)
        self.assertEqual(said, ["the reactor was 1.50 s late, in line.py:1 lineReceived"])
        self.assertEqual(sum(watchdog.latency.counts[: BOUNDS.index(0.5)]), 1)
        self.late += SLOW * 2
        self.clock.advance(BEAT)
        self.assertEqual(said[1:], ["the reactor was 0.50 s late"])

    def test_it_never_ends(self) -> None:
        watchdog = self.make()
        self.patch(watchdog.latency.__class__, "observe", lambda *_: 1 / 0)
        self.clock.pump([BEAT] * 3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_stopped_it_leaves_nothing(self) -> None:
        watchdog = self.make()
        watchdog.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_systemd_hears_of_it_as_often_as_it_wants(self) -> None:
        told: list[float] = []
        self.patch(watching, "notify", lambda state: told.append(self.clock.seconds()))
        os.environ["WATCHDOG_USEC"] = "6000000"
        self.make()
        self.clock.pump([BEAT] * 20)
        self.assertEqual(told, [2.0, 4.0, 6.0, 8.0, 10.0])


class ThreadTests(TestCase):
    async def test_it_sees_where_the_reactor_is(self) -> None:
        said: list[str] = []
        late: Deferred[None] = Deferred()

        def observer(event: Any) -> None:
            said.append(formatEvent(event))
            if not late.called:
                late.callback(None)

        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        watchdog = Watchdog(timed)
        watchdog.start()
        self.addCleanup(watchdog.stop)

        def a_slow_command(secret: str) -> None:
            # As long as it takes to be seen.
            end = time.monotonic() + 20
            while watchdog._seen is None and time.monotonic() < end:
                time.sleep(0.01)

        timed.callLater(0, a_slow_command, "secret word")
        await late.addTimeout(20, timed)
        self.assertTrue(re.search(r"was \d\.\d\d s late, in .*test_watchdog.py:\d+ a_slow_command$", said[0]), said)
        self.assertNotIn("secret word", said[0])

    def test_a_place_is_told_by_names_only(self) -> None:
        import sys  # noqa: PLC0415

        self.assertTrue(describe(sys._getframe()).endswith("test_a_place_is_told_by_names_only"))
        self.assertEqual(describe(None), "")
