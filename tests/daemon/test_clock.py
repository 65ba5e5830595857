"""Timers by a clock that nobody sets."""

import time
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.daemon.clock import steady


class Bare(ReactorBase):
    """As much of a reactor as has timers."""

    def installWaker(self) -> None:
        pass


class SteadyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor: Any = Bare()  # type: ignore[no-untyped-call]
        self.fired: list[str] = []
        self.monotonic = 1000.0
        self.patch(time, "monotonic", lambda: self.monotonic)

    def test_timers_go_by_what_only_goes_on(self) -> None:
        self.assertIs(steady(self.reactor), time.time)
        self.reactor.callLater(0, self.fired.append, "at once")
        self.reactor.callLater(5, self.fired.append, "later")
        self.reactor.runUntilCurrent()
        self.assertEqual(self.fired, ["at once"])
        self.monotonic += 5
        self.reactor.runUntilCurrent()
        self.assertEqual(self.fired, ["at once", "later"])

    def test_what_waits_already_is_still_called(self) -> None:
        self.reactor.callLater(0, self.fired.append, "before")
        self.assertIs(steady(self.reactor), time.time)
        self.reactor.runUntilCurrent()
        self.assertEqual(self.fired, ["before"])

    def test_twice_is_as_once(self) -> None:
        steady(self.reactor)
        self.reactor.callLater(0, self.fired.append, "x")
        self.assertIs(steady(self.reactor), time.time)
        self.reactor.runUntilCurrent()
        self.assertEqual(self.fired, ["x"])

    def test_a_reactor_of_tests_keeps_its_own_time(self) -> None:
        clock = Clock()
        clock.advance(7.0)
        self.assertEqual(steady(clock)(), 7.0)
