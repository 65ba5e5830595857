"""What a room is shown of its past after the daemon has started anew."""

from __future__ import annotations

from chat_support import Held, World, event
from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.acts import Act
from twisted_chat.chat.events import Event, Kind


class ReplayAfterRestart(SynchronousTestCase):
    """The log has lines from before; nobody has joined yet."""

    def setUp(self) -> None:
        store = Held()
        store.feed = lambda events: None
        self.successResultOf(ensureDeferred(store.append([event(f"old {i}") for i in range(30)])))
        self.world = World(store)

    def replayed(self, name: str) -> list[str]:
        client = self.world.connect()
        client.send(name)
        self.world.settle()
        return [line.split("] ", 1)[1] for line in client.read() if line.startswith("~ ")]

    def test_everyone_who_joins_is_shown_the_last_lines(self) -> None:
        last = [f"old {i}" for i in range(10, 30)]
        self.assertEqual(self.replayed("kim"), last)
        self.assertEqual(self.replayed("bob"), last)

    def test_what_is_said_meanwhile_follows_the_old_lines_once(self) -> None:
        self.world.store.hold_reads = True
        kim = self.world.connect()
        kim.send("kim", "new 0")
        self.world.settle()
        self.world.store.hold_reads = False
        self.world.store.release_reads()
        self.world.settle()
        self.assertEqual(self.replayed("bob"), [f"old {i}" for i in range(11, 30)] + ["new 0"])

    def test_what_is_deleted_while_the_old_lines_are_read_is_not_shown_afterwards(self) -> None:
        store = self.world.store
        store.hold_reads = True
        kim = self.world.connect()
        kim.send("kim")
        self.world.settle()
        # The log is read as it is before the deletion, and answers after it.
        [(_, reading)], store._reading = store._reading, []
        old = [Event(e.kind, e.time, e.room, e.actor, text=e.text, id=e.id) for e in store._events if e.id <= 30][-20:]
        store.hold_reads = False
        kim.send("late")
        self.world.chat.outbox.add(Act(None, [event(str(old[-1].id), kind=Kind.DELETE)]))
        self.world.settle()
        reading.callback(old)
        self.assertEqual(self.replayed("bob"), [f"old {i}" for i in range(11, 29)] + ["(deleted)", "late"])
