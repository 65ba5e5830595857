"""Tests for L{twisted_chat.client.catchup}."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from twisted_chat.client import catchup
from twisted_chat.client.catchup import Catchup
from twisted_chat.client.events import Event


def said(number: int, replay: bool = False, room: str = "#a", time: float | None = None) -> Event:
    return Event("message", f"text {number}", number, number if time is None else time, room, "bob", replay=replay)


class CatchupTests(TestCase):
    def setUp(self) -> None:
        self.catchup = Catchup()

    def test_what_is_new_is_shown_and_what_was_shown_is_not(self) -> None:
        self.assertEqual(self.catchup.take(said(5)), said(5))
        self.assertIsNone(self.catchup.take(said(5)))
        self.assertIsNone(self.catchup.take(said(4)))
        self.assertEqual(self.catchup.last("#a"), 5)

    def test_rooms_are_apart(self) -> None:
        self.catchup.take(said(5))
        self.assertIsNotNone(self.catchup.take(said(4, room="#b")))

    def test_what_is_asked_for_is_shown_again(self) -> None:
        self.catchup.take(said(5))
        self.assertIsNotNone(self.catchup.take(said(3, replay=True)))
        self.assertEqual(self.catchup.last("#a"), 5)

    @given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.data())
    def test_every_missed_event_once_in_order(self, seen: int, missed: int, live: int, data: st.DataObject) -> None:
        room = Catchup()
        for number in range(1, seen + 1):
            room.take(said(number))
        room.begin("#a")
        # The last lines come on entering, all that was missed after that, and what is said meanwhile in between.
        everything = seen + missed
        entering = [said(n, True) for n in range(max(1, everything - 19), everything + 1)]
        history = [said(n, True) for n in range(seen + 1, everything + 1)]
        now = [said(n) for n in range(everything + 1, everything + live + 1)]
        mixed = entering + history
        for event in now:
            mixed.insert(data.draw(st.integers(0, len(mixed))), event)
        self.assertEqual([room.take(event) for event in mixed], [None] * len(mixed))
        events, dropped = room.finish("#a", "kim")
        self.assertEqual([e.id for e in events], list(range(seen + 1, everything + live + 1)))
        self.assertEqual(dropped, 0)
        self.assertIsNone(room.take(said(everything + live, time=0)) if events else None)

    def test_the_first_time_what_came_since_entering_is_news(self) -> None:
        self.catchup.begin("#a")
        entered = Event("join", "", 2, 2, "#a", "kim", replay=True)
        for event in (said(1, True), entered, said(3, True)):
            self.catchup.take(event)
        events, _ = self.catchup.finish("#a", "kim")
        self.assertEqual([(e.id, e.replay) for e in events], [(1, True), (2, False), (3, False)])

    def test_a_server_that_counts_anew_is_noticed(self) -> None:
        self.catchup.take(said(800))
        self.assertIsNotNone(self.catchup.take(said(1, time=1000)))
        self.assertIsNotNone(self.catchup.take(said(2, time=1001)))
        self.assertIsNone(self.catchup.take(said(2, time=1001)))

    def test_memory_is_bounded(self) -> None:
        self.patch(catchup, "MAX_HELD", 10)
        self.catchup.begin("#a")
        for number in range(1, 101):
            self.catchup.take(said(number))
        events, dropped = self.catchup.finish("#a", "kim")
        self.assertEqual([e.id for e in events], list(range(91, 101)))
        self.assertEqual(dropped, 90)

    def test_abandoned_events_are_fetched_again(self) -> None:
        self.catchup.take(said(1))
        self.catchup.begin("#a")
        self.catchup.take(said(2))
        self.catchup.abandon()
        self.assertEqual(self.catchup.last("#a"), 1)
        self.assertEqual(self.catchup.held(), [])
