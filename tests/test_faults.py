"""Everything that the store can do wrong, wherever it is asked: the promises of docs/architecture.md hold all the same.

A day in the life of a chat is lived once without a fault, to see how often the store is asked; then once for each of
these times and each kind of fault, in which exactly that call goes wrong.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from chat_support import PASSWORD, Client, World
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.events import TALK, Event
from twisted_chat.delivery.turn import NOT_SENT
from twisted_chat.housekeeping import Housekeeping, Keep
from twisted_chat.store.interface import Query, StoreError
from twisted_chat.store.memory import MemoryStore

LATE = 3.0
UNREADABLE = "!! The log cannot be read now."


class Defect(Exception):
    """What nobody has thought of."""


class Faulty(MemoryStore):
    """A store one of whose calls goes wrong.

    @ivar asked: which calls there were, by name.
    @ivar log: every event that was committed, as it was then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.log: list[tuple[str | None, str]] = []
        self.wrong: dict[int, str] = {}
        self.full = False
        self.clock: Any = None

    def _through(self, name: str, call: Callable[[], Awaitable[Any]]) -> Deferred[Any]:
        fault = self.wrong.get(len(self.asked))
        self.asked.append(name)
        done: Deferred[Any] = Deferred()
        if fault == "error" or (self.full and name in ("append", "forget", "erase")):
            self.clock.callLater(0, done.errback, StoreError("the disk is full"))
        elif fault == "defect":
            self.clock.callLater(0, done.errback, Defect(name))
        else:
            # As with SQLite, nothing is done before the reactor's next turn.
            wait = LATE if fault == "late" else 0
            self.clock.callLater(wait, lambda: ensureDeferred(call()).chainDeferred(done))
        return done

    def append(self, records: Any) -> Any:
        async def commit() -> None:
            await MemoryStore.append(self, records)
            self.log += [(r.room, f"[{r.actor}] {r.text}") for r in records if isinstance(r, Event) and r.kind in TALK]

        return self._through("append", commit)

    def read(self, query: Query) -> Any:
        return self._through("read", lambda: MemoryStore.read(self, query))

    def first(self, query: Query) -> Any:
        return self._through("first", lambda: MemoryStore.first(self, query))

    def count(self, query: Query) -> Any:
        return self._through("count", lambda: MemoryStore.count(self, query))

    def forget(self, before: int, limit: int) -> Any:
        return self._through("forget", lambda: MemoryStore.forget(self, before, limit))

    def size(self) -> Any:
        return self._through("size", lambda: MemoryStore.size(self))

    def erase(self, name: str, after: int, limit: int) -> Any:
        return self._through("erase", lambda: MemoryStore.erase(self, name, after, limit))

    def read_records(self, kind: str) -> Any:
        return self._through("read_records", lambda: MemoryStore.read_records(self, kind))


class Day:
    """A day in the life of a chat, and what each of its people has seen."""

    def __init__(self, wrong: dict[int, str]) -> None:
        self.store = store = Faulty()
        self.world = world = World(store)  # type: ignore[arg-type]
        store.clock = world.clock
        for name in ("kim", "bob", "gone"):
            world.account(name)
        world.chat.restore((), store.records())
        self.housekeeping = Housekeeping(world.clock, world.chat, store, Keep("1000"), world.fanout.reread)
        self.seen: dict[Client, list[str]] = {}
        self.said: dict[Client, list[str]] = {}
        self.asked: dict[Client, int] = {}
        store.wrong = wrong

    def pass_time(self, seconds: float = 0.2) -> None:
        for _ in range(round(seconds * 20)):
            self.world.clock.advance(0.05)
        for client in self.seen:
            self.seen[client] += client.read()

    def come(self, name: str) -> Client:
        """Someone logs in, and tries again until it works."""
        client = self.world.connect()
        client.name = name  # type: ignore[attr-defined]
        self.seen[client], self.said[client], self.asked[client] = [], [], 0
        for _ in range(5):
            client.send(name)
            if self.world.chat.accounts.get(name) is not None:
                client.send(PASSWORD)
            self.pass_time(LATE + 1)
            if client.user is not None:
                break
        assert client.user is not None, (name, self.seen[client])
        return client

    def say(self, client: Client, *texts: str) -> None:
        self.said[client] += texts
        client.send(*texts)

    def ask(self, client: Client, line: str) -> None:
        """Something that is answered from the log, by a last line or a refusal."""
        self.asked[client] += 1
        client.send(line)

    def live(self) -> None:
        """The day. Whoever speaks does not know what goes wrong."""
        world, pass_time, say = self.world, self.pass_time, self.say
        self.housekeeping.start()
        kim, bob, gone = self.come("kim"), self.come("bob"), self.come("gone")
        gone.drop()
        pass_time()
        say(kim, "one", "two")
        say(bob, "three")
        pass_time()
        kim.send("/join #dev", "/topic news")
        pass_time()
        bob.send("/join #dev")
        say(bob, "four")
        pass_time()
        kim.send("/msg gone for later", "/away lunch")
        self.ask(bob, "/history 5000")
        self.ask(bob, "/search four")
        say(kim, "five")
        pass_time()
        guest = self.come("guest")
        say(guest, "six", "seven")
        self.ask(guest, "/history 3 ids")
        pass_time()
        guest.drop()
        pass_time()
        gone = self.come("gone")
        say(gone, "eight")
        self.ask(gone, "/history 5")
        pass_time()
        gone.drop()
        world.store._records["order", "1"] = {"do": "erase", "name": "gone"}
        world.store._records["order", "2"] = {"do": "prune", "keep": "12"}
        pass_time(1)
        say(kim, "nine")
        bob.send("/unread")
        pass_time(3 * LATE)
        # Whatever it was, it is over.
        self.over = len(self.store.asked)
        self.final = [kim, bob]
        for client in self.final:
            client.send("/join #lobby")
            pass_time()
            say(client, f"the end of {client.user.name.shown}")
            pass_time(LATE + 1)
        pass_time(6)
        self.housekeeping.stop()
        pass_time(2)


class FaultTests(SynchronousTestCase):
    def live(self, wrong: dict[int, str]) -> Day:
        day = Day(wrong)
        day.live()
        return day

    def check(self, day: Day) -> None:
        log = [line for _, line in day.store.log]
        for client, seen in day.seen.items():
            live = [line for line in seen if not line.startswith("~ ")]
            # Whatever somebody has seen is kept.
            talk = [match[1] for line in live if (match := re.match(r"(?:#\w+ )?(\[\w+\] .*)$", line))]
            for line in talk:
                self.assertIn(line, log)
            # In the order of the log, and nothing twice.
            self.assertEqual(talk, sorted(dict.fromkeys(talk), key=log.index))
            # Whatever somebody said has come back, or was refused, as long as they were there to hear it.
            own = sum(line in {f"[{client.name}] {text}" for text in day.said[client]} for line in talk)
            refused = sum(line == f"!! {NOT_SENT}" for line in live)
            self.assertLessEqual(own, len(day.said[client]))
            if client in day.final:
                self.assertGreaterEqual(own + refused, len(day.said[client]), seen)
            # Whatever was asked was answered.
            ends = sum(bool(re.match(r"-- (End of the history|Found|Nothing found|No )", line)) for line in live)
            if client in day.final:
                self.assertGreaterEqual(ends + sum(line == UNREADABLE for line in live), day.asked[client], seen)
        # Those who were there at the end have heard the same.
        for client in day.final:
            for other in day.final:
                end = f"[{other.user.name.shown}] the end of {other.user.name.shown}"
                self.assertTrue(any(line.endswith(end) for line in day.seen[client]), day.seen[client])
        # The operator's orders are done, each once, and what was begun is finished.
        records = day.store._records
        self.assertEqual([key for kind, key in records if kind in ("order", "erasing")], [])
        self.assertTrue(records["answer", "1"]["ok"], records["answer", "1"])
        self.assertIsNone(day.world.chat.accounts.get("gone"))
        self.assertFalse([event for event in day.store._events if "eight" in event.text])
        # Nothing waits, and the tables agree.
        self.assertTrue(day.world.turn.finished().called)
        day.world.check()
        self.assertEqual(len(day.world.factory.connections), 2)

    def sweep(self, fault: str, *errors: type[Exception], burst: int = 1) -> None:
        day = self.live({})
        asked = day.store.asked[: day.over]
        self.assertTrue(
            {"append", "read", "first", "count", "size", "forget", "erase", "read_records"} <= set(asked), set(asked)
        )
        # Of the many looks for orders that find none, some will do.
        looks = [at for at, name in enumerate(asked) if name == "read_records"]
        skipped = {at for n, at in enumerate(looks) if n % 12 and asked[at : at + 2] == ["read_records"] * 2}
        for at in range(len(asked) - burst + 1):
            if at in skipped:
                continue
            try:
                self.check(self.live(dict.fromkeys(range(at, at + burst), fault)))
            except Exception as error:
                raise AssertionError(f"call {at}, {asked[at]}: {fault}: {error!r}") from error
            self.flushLoggedErrors(*errors) if errors else self.assertEqual(self.flushLoggedErrors(), [])

    def test_a_day_without_a_fault(self) -> None:
        day = self.live({})
        self.check(day)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertNotIn("!! ", "\n".join(line for seen in day.seen.values() for line in seen))

    def test_each_call_fails_once(self) -> None:
        self.sweep("error", StoreError)

    def test_each_call_fails_and_the_next_ones_too(self) -> None:
        self.sweep("error", StoreError, burst=7)

    def test_each_call_fails_once_by_a_defect(self) -> None:
        self.sweep("defect", Defect)

    def test_each_call_is_late_once(self) -> None:
        self.sweep("late")
