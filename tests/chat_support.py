"""A whole chat without sockets, files or waiting: its time stands still until a test moves it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import scram
from twisted_chat.chat.accounts import Account, Secret
from twisted_chat.chat.acts import Act
from twisted_chat.chat.chat import Chat
from twisted_chat.chat.events import Event, Kind, Put, Record
from twisted_chat.chat.names import parse_name
from twisted_chat.delivery.fanout import Fanout
from twisted_chat.delivery.turn import Turn
from twisted_chat.protocols.gate import Gate
from twisted_chat.protocols.intake import BoundedLines, IntakeFactory
from twisted_chat.protocols.irc.connection import IRCFactory
from twisted_chat.protocols.limits import UNLIMITED, Limits
from twisted_chat.protocols.line import ChatFactory
from twisted_chat.store.interface import Query, StoreError
from twisted_chat.store.memory import MemoryStore

#: 2026-11-22 10:00:00 UTC, when every test begins.
START = 1795341600.0
#: Of every account that a test does not give another.
PASSWORD = "correct-horse"


def event(text: str = "hello", room: str | None = "#lobby", actor: str = "kim", kind: Kind = Kind.MESSAGE) -> Event:
    """An event that is not in a log yet."""
    return Event(kind, int(START * 1000), room, actor, "", text)


class Wire(StringTransport):
    """A connection. Like TCP's it may be asked to read on after its end; unlike TCP's it takes no bytes then."""

    def __init__(self, address: object = None) -> None:
        super().__init__(peerAddress=address or IPv4Address("TCP", "192.0.2.1", 4711), lenient=True)
        self.writes: list[bytes] = []
        self.delay = True
        self.keeps_alive = False

    def write(self, data: bytes) -> None:
        assert not self.disconnecting, "written to after the end"
        super().write(data)
        self.writes.append(data)

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.delay = not enabled

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.keeps_alive = enabled


class Held(MemoryStore):
    """A store whose answers a test can hold back, or make fail.

    @ivar hold, hold_reads: whether what is asked waits for L{release} or L{release_reads}.
    @ivar full, unreadable: whether the log cannot be written, or read.
    @ivar log: every event that was committed.
    @ivar commits: how many events and records at a time.
    @ivar batches: the events and records themselves.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hold = self.hold_reads = self.full = self.unreadable = False
        self.log: list[Event] = []
        self.commits: list[int] = []
        self.batches: list[list[Record]] = []
        self.reads: list[Query] = []
        self._appending: tuple[Sequence[Record], Deferred[None]] | None = None
        self._reading: list[tuple[Query, Deferred[list[Event]]]] = []

    def append(self, records: Sequence[Record]) -> Deferred[None]:  # type: ignore[override]
        assert self._appending is None, "asked before the last one was done"
        assert records, "nothing to commit"
        done: Deferred[None] = Deferred()
        self._appending = (records, done)
        if not self.hold:
            self.release()
        return done

    def release(self) -> None:
        """Let the append that waits be done."""
        assert self._appending is not None
        (records, done), self._appending = self._appending, None
        if self.full:
            done.errback(StoreError("the disk is full"))
            return
        self.log += [record for record in records if isinstance(record, Event)]
        self.commits.append(len(records))
        self.batches.append(list(records))
        ensureDeferred(super().append(records)).chainDeferred(done)

    @property
    def waiting(self) -> bool:
        """Whether an append waits."""
        return self._appending is not None

    def read(self, query: Query) -> Deferred[list[Event]]:  # type: ignore[override]
        self.reads.append(query)
        done: Deferred[list[Event]] = Deferred()
        self._reading.append((query, done))
        if not self.hold_reads:
            self.release_reads()
        return done

    def release_reads(self) -> None:
        """Let the readings that wait be done."""
        reading, self._reading = self._reading, []
        for query, done in reading:
            if self.unreadable:
                done.errback(StoreError("bad blocks"))
            else:
                ensureDeferred(super().read(query)).chainDeferred(done)


class World:
    """Chat, delivery, the line protocol and IRC (see C{irc_support}), on a clock and a store in memory."""

    def __init__(
        self,
        store: Held | None = None,
        motd: str = "",
        limits: Limits = UNLIMITED,
        guests: bool = True,
        gather: float = 0.0,
    ) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.store = store or Held()
        self.store.open()
        self.fanout = Fanout(self.store)
        self.turn = Turn(self.store, self.fanout, self.clock.callLater, self.clock.seconds, gather)
        self.passwords = Trusting(self.clock.callLater)
        self.chat = Chat(self.turn, self.clock.seconds, self.passwords, "test", motd, guests)
        self.chat.restore(self.store.topics(), self.store.records())
        # What is seen of an address; "del" brings the real one back.
        self.chat.cloak = lambda address: "chat"  # type: ignore[method-assign]
        self.gate = Gate(self.clock, limits)
        self.factory = ChatFactory(self.chat, self.turn, self.clock, self.gate)
        self.irc = IRCFactory(self.chat, self.turn, self.clock, self.gate)

    def account(self, name: str, **values: Any) -> None:
        """There is an account of this name, and has been for a day."""
        put = make_account(self.chat, name, **values)
        self.store._records[put.kind, put.key] = put.value or {}

    def connect(self, host: str = "192.0.2.1") -> Client:
        """Someone who has not said a name yet."""
        client = Client(self, IPv4Address("TCP", host, 4711))
        client.protocol.makeConnection(client.wire)
        return client

    def enter(self, name: str, *rooms: str, host: str = "192.0.2.1") -> Client:
        """Someone who is in the lobby, and then in these rooms, and has read everything so far."""
        client = self.connect(host)
        client.send(name)
        if self.chat.accounts.get(parse_name(name).key) is not None:
            client.send(PASSWORD)
        client.send(*(f"/join {room}" for room in rooms))
        self.settle()
        self.all_read()
        return client

    def all_read(self) -> None:
        """Everyone has read everything so far."""
        for everyone in self.clients():
            everyone.wire.clear()

    def clients(self) -> list[Client]:
        """All that are connected."""
        connections = [*self.factory.connections, *self.irc.connections]
        return [protocol.client for protocol in connections]  # type: ignore[attr-defined]

    def settle(self) -> None:
        """Let the reactor's turn end, and all that follow at once."""
        self.clock.advance(0)

    def one_turn(self) -> None:
        """Let the reactor's turn end, and not what comes in the next."""
        due = [call for call in self.clock.getDelayedCalls() if call.getTime() <= self.clock.seconds()]
        for call in sorted(due, key=lambda call: call.getTime()):
            if call.active():
                self.clock.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)

    def check(self) -> None:
        """That the chat's own tables and delivery's agree. For a world at rest."""
        chat, fanout = self.chat, self.fanout
        for key, user in chat.users.items():
            assert user.name.key == key
            assert user.sessions and all(session.user is user for session in user.sessions)
            assert len(user.sessions) == 1 or user.registered
            assert len(set(user.rooms)) == len(user.rooms)
            for room in user.rooms:
                assert chat.rooms[room.name] is room and user in room.members
            for session in user.sessions:
                assert session.room is None or session.room in user.rooms
                assert session.current == (session.room.name if session.room else None)
                assert set(session.formats) == {room.name for room in user.rooms}
        for name, room in chat.rooms.items():
            assert room.name == name
            assert room.members or room.topic or room.lasting or name == "#lobby", f"{name} is left over"
            for user in room.members:
                assert chat.users[user.name.key] is user and room in user.rooms
        looks = {user.name.skeleton: key for key, user in chat.users.items()}
        looks |= {room.skeleton: name for name, room in chat.rooms.items()}
        assert looks == chat.looks
        audiences = {
            name: {session for group in formats.values() for session in group}
            for name, formats in fanout._audiences.items()
        }
        members = {
            name: {s for user in room.members for s in user.sessions}
            for name, room in chat.rooms.items()
            if room.members
        }
        assert audiences == members
        assert set(fanout._recent) == set(audiences)
        for formats in fanout._audiences.values():
            for format, group in formats.items():
                assert group, "an empty group is left over"
                for session in group:
                    assert format in (session.dialect.here, session.dialect.elsewhere)
        for name, formats in fanout._audiences.items():
            for format, group in formats.items():
                for session in group:
                    assert session.formats[name] is format is session.format_for(name)


def make_account(chat: Chat, name: str, **values: Any) -> Put:
    """An account, without a word to anyone."""
    values = {"password": f"hash of {PASSWORD}", "created": START - 86400, "seen": START - 3600, **values}
    put, _ = chat.accounts.put(Account(name, **values))
    return put


class Client:
    """One connection as its other end sees it."""

    def __init__(self, world: World, address: object = None, factory: IntakeFactory | None = None) -> None:
        """
        @param factory: which protocol it speaks, by default the line protocol.
        """
        self.world = world
        self.wire = Wire(address)
        self.protocol: BoundedLines = (factory or world.factory).buildProtocol(self.wire.getPeer())  # type: ignore[assignment]
        self.protocol.client = self  # type: ignore[attr-defined]

    @property
    def session(self) -> Any:
        return self.protocol.session

    @property
    def user(self) -> Any:
        return self.protocol.session.user

    def bytes(self, data: bytes) -> None:
        """Send these bytes."""
        self.protocol.dataReceived(data)

    def send(self, *lines: str) -> None:
        """Send lines, in one chunk."""
        self.bytes("".join(line + "\n" for line in lines).encode())

    def say(self, *lines: str) -> list[str]:
        """Send lines, wait for the turn's end. @return: all that came since the last look."""
        self.send(*lines)
        self.world.settle()
        return self.read()

    def read(self) -> list[str]:
        """All lines that came since the last look; a prompt without a line end counts as one."""
        data = self.wire.value()
        self.wire.clear()
        return data.decode().removesuffix("\n").split("\n") if data else []

    def objects(self) -> list[dict[str, Any]]:
        """The same, in JSON."""
        return [json.loads(line) for line in self.read()]

    def drop(self) -> None:
        """The connection breaks."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Box:
    """An outbox that only keeps, for tests of the chat alone."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    position = 0

    def add(self, act: Act) -> None:
        self.acts.append(act)

    def take(self) -> list[Any]:
        """All steps of what was added since the last look."""
        steps = [step for act in self.acts for step in act.steps]
        self.acts = []
        return steps

    def undo(self) -> None:
        """What delivery does when nothing could be committed."""
        for act in reversed(self.acts):
            if act.undo is not None and not act.fact:
                act.undo()
        for act in self.acts:
            if act.amend is not None:
                act.amend()
        self.acts = []


class Seat:
    """A session as the chat alone knows it."""

    user: Any = None
    room: Any = None
    busy = closing = pulls = marks = False
    arrival = waiting_label = None
    renames = False
    address = "192.0.2.1"
    certificate: str | None = None
    secure = False
    alive = True
    behind = False
    forms: Sequence[str] = ("text", "json")

    def ready(self) -> None:
        self.busy = False


class Trusting:
    """Whoever checks passwords in tests: what is stored of one can be read. It answers when it is told to.

    @ivar asked: how many passwords were checked.
    """

    outside = False

    def __init__(self, later: Callable[[float, Callable[[], None]], object] | None = None) -> None:
        self.asked = 0
        self._later = later or (lambda seconds, function: function())

    def hash(self, address: str, password: str, done: Callable[[Any], None]) -> None:
        self._later(0, lambda: done(Secret("hash of " + password, scram.make(password, b"salt", 1).record())))

    def complete(self, hashed: str, password: str, done: Callable[[Any], None]) -> None:
        self.hash("", password, done)

    def attempt(self, address: str, name: Any, right: Callable[[], bool], done: Callable[[Any], None]) -> None:
        self.asked += 1
        self._later(0, lambda: done(right()))

    def random(self, size: int) -> bytes:
        return b"r" * size

    def check(self, address: str, name: Any, hashed: str, password: str, done: Callable[[bool], None]) -> None:
        self.asked += 1
        self._later(0, lambda: done(hashed == "hash of " + password))


class WorldCase(SynchronousTestCase):
    """A test with a world, in which everything has to be in order at its end. As with every test of Twisted's, an error
    that was logged, and not flushed, makes it fail."""

    def setUp(self) -> None:
        self.world = World()

    def tearDown(self) -> None:
        self.world.settle()
        self.world.check()
