"""What is done now and then, on a clock that a test moves."""

from __future__ import annotations

from typing import Any

from chat_support import PASSWORD, START, World, event
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.events import Kind
from twisted_chat.housekeeping import STEP, Housekeeping, Keep
from twisted_chat.store.interface import StoreError


class HousekeepingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.store = self.world.store
        self.forgotten = 0
        self.housekeeping = self.make()

    def make(self, keep: Keep | None = None) -> Housekeeping:
        def count() -> None:
            self.forgotten += 1

        return Housekeeping(self.world.clock, self.world.chat, self.store, keep, count)

    def pass_time(self, seconds: float) -> None:
        """In small steps, so that what waits for something goes on."""
        for _ in range(round(seconds * 20)):
            self.world.clock.advance(0.05)

    def fill(self, count: int, days: float = 0) -> None:
        """So many messages, from so many days ago."""
        events = [event(f"text {i}") for i in range(count)]
        for each in events:
            each.time = int((START - days * 86400) * 1000)
        self.store.append(events)

    def run_(self, work: Any) -> list[Any]:
        found: list[Any] = []
        done: Deferred[Any] = ensureDeferred(work)
        done.addCallback(found.append)
        self.pass_time(30)
        return found


class KeepTests(SynchronousTestCase):
    def test_a_time_or_a_number(self) -> None:
        self.assertEqual((Keep("90d").seconds, Keep("90d").events), (90 * 86400, None))
        self.assertEqual((Keep("1000000").seconds, Keep("1000000").events), (None, 1_000_000))

    def test_nothing_else(self) -> None:
        for text in ("", "0", "-1", "1.5", "much", "0d", "01", "1 000", "9" * 13):
            self.assertRaises(ValueError, Keep, text)


class PruneTests(HousekeepingCase):
    def test_what_is_too_old_goes_in_small_steps(self) -> None:
        self.fill(2 * STEP + 10, days=10)
        self.fill(5, days=1)
        asked: list[int] = []
        forget = self.store.forget

        def watched(before: int, limit: int) -> Any:
            asked.append(limit)
            return forget(before, limit)

        self.store.forget = watched  # type: ignore[method-assign]
        self.assertEqual(self.run_(self.housekeeping.prune(Keep("7d"))), [2 * STEP + 10])
        self.assertEqual(asked, [STEP] * 3)
        self.assertEqual(len(self.store._events), 5)
        self.assertEqual(self.forgotten, 1)

    def test_so_many_are_kept(self) -> None:
        self.fill(STEP + 20)
        self.assertEqual(self.run_(self.housekeeping.prune(Keep("10"))), [STEP + 10])
        self.assertEqual([each.id for each in self.store._events], list(range(STEP + 11, STEP + 21)))

    def test_nothing_to_do(self) -> None:
        self.fill(5)
        self.assertEqual(self.run_(self.housekeeping.prune(Keep("10"))), [0])
        self.assertEqual(self.forgotten, 0)

    def test_now_and_then_by_itself(self) -> None:
        self.housekeeping = self.make(Keep("7d"))
        self.housekeeping.start()
        self.fill(5, days=10)
        self.pass_time(301)
        self.assertEqual(len(self.store._events), 0)
        self.housekeeping.stop()

    def test_a_store_that_fails_is_logged_and_tried_again(self) -> None:
        self.housekeeping = self.make(Keep("7d"))
        self.fill(5, days=10)
        forget, failed = self.store.forget, []

        async def failing(before: int, limit: int) -> int:
            failed.append(before)
            raise StoreError("the disk is full")

        self.store.forget = failing  # type: ignore[method-assign]
        self.housekeeping.start()
        self.pass_time(301)
        self.assertTrue(failed)
        self.store.forget = forget  # type: ignore[method-assign]
        self.pass_time(301)
        self.assertEqual(len(self.store._events), 0)
        self.housekeeping.stop()
        self.assertEqual(self.flushLoggedErrors(), [])


class OrderTests(HousekeepingCase):
    def setUp(self) -> None:
        super().setUp()
        self.world.account("ann")
        self.housekeeping.start()
        self.addCleanup(self.housekeeping.stop)

    def order(self, **order: Any) -> None:
        self.store._records["order", "7"] = order

    def answer(self) -> Any:
        self.assertNotIn(("order", "7"), self.store._records)
        return self.store._records["answer", "7"]

    def test_orders_are_followed_within_seconds(self) -> None:
        self.order(do="add-admin", name="ann")
        self.pass_time(2)
        self.assertEqual(self.answer(), {"ok": True, "text": "ann administers the server."})

    def test_each_once_although_the_disk_is_full_for_long(self) -> None:
        self.order(do="add-admin", name="ann")
        self.store.full = True
        self.pass_time(20)
        self.store.full = False
        self.pass_time(5)
        self.assertTrue(self.answer()["ok"])
        self.assertEqual([each.kind for each in self.store.log], [Kind.AUDIT])

    def test_one_that_makes_no_sense_does_not_hold_up_the_next(self) -> None:
        self.order(do="reset-password", name="ann")
        self.store._records["order", "8"] = {"do": "add-admin", "name": "ann"}
        self.pass_time(3)
        self.assertFalse(self.answer()["ok"])
        self.assertTrue(self.store._records["answer", "8"]["ok"])

    def test_pruning(self) -> None:
        self.fill(5, days=10)
        self.order(do="prune", keep="7d")
        self.pass_time(3)
        self.assertEqual(self.answer(), {"ok": True, "text": "5 events are removed."})

    def test_erasing_takes_what_was_said_and_tells_those_who_remember_it(self) -> None:
        ann, bob = self.world.enter("ann"), self.world.enter("bob")
        ann.say("my words", "/msg bob my secret")
        bob.say("/msg ann your secret", "other words")
        self.order(do="erase", name="ann")
        self.pass_time(5)
        self.assertTrue(self.answer()["ok"])
        texts = [each.text for each in self.store._events if each.kind in (Kind.MESSAGE, Kind.DIRECT)]
        self.assertEqual([text for text in texts if text], ["other words"])
        self.assertNotIn("ann", [each.actor for each in self.store._events if each.kind is Kind.MESSAGE])
        self.assertGreater(self.forgotten, 0)
        self.assertEqual([key for kind, key in self.store._records if kind == "erasing"], [])


class NoteTests(HousekeepingCase):
    def test_up_to_where_people_have_read_is_noted_while_they_are_here(self) -> None:
        self.world.account("ann")
        self.world.enter("ann")
        self.housekeeping.start()
        self.world.enter("bob").say("hello")
        last = self.store._last_id
        self.pass_time(61)
        self.housekeeping.stop()
        stored = self.store._records["account", "ann"]
        self.assertEqual((stored["markers"], stored["inbox"]), ({"#lobby": last}, last))
        self.assertEqual(stored["password"], f"hash of {PASSWORD}")
