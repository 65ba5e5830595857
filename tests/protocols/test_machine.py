"""The whole core under random people: whatever they do, each receives what a far simpler delivery would send.

The simpler one, L{Reference}, takes one step after the other and writes to one session after the other.
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from typing import Any

from chat_support import Client, Held, World
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import globalLogPublisher, textFileLogObserver
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.acts import Act, Answer, Close, Enter, Exit, Focus, Private, Recall, Switch, Tally
from twisted_chat.chat.chat import REPLAY
from twisted_chat.chat.commands import COMMANDS
from twisted_chat.chat.events import KEPT, TALK, Event, Kind, Move
from twisted_chat.delivery.turn import GATHER, NOT_SENT
from twisted_chat.protocols.formats import DIALECTS
from twisted_chat.protocols.limits import UNLIMITED
from twisted_chat.store.interface import Query
from twisted_chat.store.memory import MemoryStore

CAP = 40_000
# A few thousand find what is rare; so many find what was broken lately.
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "100"))
HARMFUL = [chr(n) for n in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), 0x2066, 0x2069)]

NAMES = st.sampled_from(["kim", "Kim", "bob", "b0b", "alice", "а1ice", "modem", "modern", "ünal", "x" * 33, "[x]", "-"])
ROOMS = st.sampled_from(["#lobby", "lobby", "#dev", "#DEV", "#modem", "#modern", "#ops", "#1obby", "#", "##", "#a b"])
TEXTS = (
    st.sampled_from(
        ["hello", "[kim] forged", "~ 2026", "a b", "1", "20", "5 before 3", "3 after 2", "-", "json", "text"]
    )
    | st.text(st.sampled_from(HARMFUL) | st.characters(codec="utf-8"), max_size=12)
    | st.sampled_from([301, 4000, 5000]).map("x".__mul__)
    | st.sampled_from(["\x1b[2J\x1b]0;t\x07", "a\rb", "c\x85d\u2028e\u202ef"])
)
ARGUMENTS = st.lists(NAMES | ROOMS | TEXTS, max_size=3).map(" ".join)
COMMAND_LINES = st.builds(
    lambda name, rest: f"/{name} {rest}", st.sampled_from([*COMMANDS, "QUIT2", "", "Help"]), ARGUMENTS
)
LIKELY = st.one_of(
    NAMES,
    ROOMS.map("/join ".__add__),
    ROOMS.map("/leave ".__add__),
    NAMES.map("/nick ".__add__),
    st.builds("/msg {} {}".format, NAMES, TEXTS),
    TEXTS.map("/topic ".__add__),
    st.sampled_from(
        ["/join #dev", "/join #ops", "/leave", "/format json", "/format text", "hello", "/me waves", "/topic -"]
    ),
    st.sampled_from(["/history", "/history 3", "/search hello", "/rooms", "/who", "/ping", "/away x"]),
)
# Never a name, so that it is nowhere but where it belongs; and never said, so that nobody may ever see it.
PASSWORD = "xyzzy!secret"
MASKS = NAMES | st.sampled_from(["b*", "192.0.2.0/24", "*", "198.51.100.7"])
SPANS = st.sampled_from(["", " 1s", " 1m", " 1m be kind", " be kind"])
IDS = st.integers(1, 40).map(str)
MODERATION = st.one_of(
    st.sampled_from(
        [
            *(f"/register {PASSWORD}", f"/password {PASSWORD} {PASSWORD}", f"/password wrong {PASSWORD}", "/logout"),
            *("/unread", "/bans", "/mode", "/pin", "/audit", "/history ids", "/announce hear", "/join #dev key"),
        ]
    ),
    st.builds(f"/login {{}} {PASSWORD}".format, NAMES),
    st.builds("/{} {}".format, st.sampled_from(["op", "deop", "voice", "devoice", "invite", "seen", "whois"]), NAMES),
    st.builds("/{} {}".format, st.sampled_from(["kick", "unmute", "shun", "kill"]), NAMES),
    st.builds("/{} {}{}".format, st.sampled_from(["ban", "gban"]), MASKS, SPANS),
    st.builds("/{} {}".format, st.sampled_from(["unban", "ungban"]), MASKS),
    st.builds("/mute {}{}".format, NAMES, st.sampled_from(["", " 1s"])),
    st.builds("/{} {}".format, st.sampled_from(["delete", "pin", "unpin"]), IDS),
    st.builds(
        "/mode {} {}".format,
        st.sampled_from(["invite-only", "moderated", "secret", "topic-ops", "members-only", "key", "slow", "limit"]),
        st.sampled_from(["on", "off", "1", "3"]),
    ),
)
LINES = st.lists(LIKELY | MODERATION | TEXTS | COMMAND_LINES | st.just("/quit bye"), min_size=1, max_size=4)


class Replayed:
    """A replayed event. It may be deleted until it is sent."""

    def __init__(self, event: Event, format: Any, ids: bool) -> None:
        self._now = lambda: format.replay(event, ids)
        self._before = self._now()

    def as_sent(self, rest: bytes) -> bytes:
        return self._before if rest.startswith(self._before) else self._now()


class Reference:
    """A delivery that is easy to believe in. It sees what the chat does and which commits succeed."""

    def __init__(self, world: World) -> None:
        self.log: list[Event] = []
        self.sent: dict[Any, list[bytes]] = {}
        self._queue: list[Act] = []
        self._rooms: dict[Any, set[str]] = {}
        self._current: dict[Any, str | None] = {}
        self._dialects: dict[Any, str] = {}
        self._names: dict[int, str] = {}
        self._who: dict[Any, str] = {}
        self._members: dict[str, set[str]] = {}
        self._turn = world.turn
        self._add = world.turn.add
        world.turn.add = self.add  # type: ignore[method-assign]
        self._take_back = world.turn._failed
        world.turn._failed = self.take_back  # type: ignore[method-assign]
        self._end = world.turn._end
        world.turn._end = self.end  # type: ignore[method-assign]

    def add(self, act: Act) -> None:
        for step in act.steps:
            if isinstance(step, Enter):
                self._names[id(step)] = step.session.user.name.shown  # type: ignore[union-attr]
        self._queue.append(act)
        self._add(act)

    def end(self) -> None:
        """A turn of the reactor is over. What there is nothing to be written of has been delivered then."""
        self._end()
        if self._turn._committing is None:
            self.apply_all_but([*self._turn._facts, *self._turn._gathered])

    def committed(self) -> None:
        self.apply_all_but(self._turn._gathered)

    def apply_all_but(self, waiting: list[Act]) -> None:
        later = {id(act) for act in waiting}
        done = [act for act in self._queue if id(act) not in later]
        self._queue = [act for act in self._queue if id(act) in later]
        for act in done:
            self._apply(act)

    def take_back(self, error: Exception) -> None:
        self._take_back(error)
        self.failed()

    def failed(self) -> None:
        acts, self._queue = self._queue, []
        for act in acts:
            if act.fact:
                self._queue.append(act)
            elif act.undo is None and not any(type(step) in KEPT for step in act.steps):
                self._apply(act)
            elif act.session is not None:
                self.sorry(act.session)
        # What was taken back is as if it had never been: everyone is where the chat now says.
        for session in list(self._rooms):
            self._current[session] = session.room.name if session.room else None
            self._rooms[session] = {room.name for room in session.user.rooms} if session.user else set()
            if session.user is not None:
                self._who[session] = session.user.name.shown

    def finish(self) -> None:
        """What is left has no events: it was delivered at the end of its turn."""
        for act in self._queue:
            assert not any(type(step) in KEPT for step in act.steps)
            self._apply(act)
        self._queue = []

    def sorry(self, session: Any) -> None:
        self.write(session, ("sorry", session))

    def write(self, session: Any, what: Any) -> None:
        self.sent.setdefault(session, []).append(what)

    def here(self, session: Any) -> Any:
        return DIALECTS[self._dialects.get(session, "text")].here

    def format(self, session: Any, room: str | None) -> Any:
        dialect = DIALECTS[self._dialects.get(session, "text")]
        return dialect.here if room == self._current.get(session) else dialect.elsewhere

    def _apply(self, act: Act) -> None:
        for step in act.steps:
            match step:
                case Event():
                    self.log.append(step)
                    members = self._members.setdefault(step.room or "", set())
                    if step.kind is Kind.JOIN:
                        members.add(step.actor)
                    for session, rooms in self._rooms.items():
                        if step.room in rooms:
                            assert self._who[session] in members, f"{self._who[session]} is not in {step.room}"
                            self.write(session, self.format(session, step.room).event(step))
                    self._happened(step, members)
                case Move():
                    for event in self.log:
                        if event.stream == step.to is not None:
                            event.stream = None
                        elif event.stream == step.room:
                            event.stream = step.to
                case Enter():
                    self._rooms.setdefault(step.session, set()).add(step.room)
                    self._who[step.session] = self._names.pop(id(step))
                case Exit():
                    rooms = self._rooms.setdefault(step.session, set())
                    rooms.difference_update(set(rooms) if step.room is None else {step.room})
                case Focus():
                    self._current[step.session] = step.room
                case Switch():
                    self._dialects[step.session] = step.format
                case Answer():
                    self.write(step.session, self.here(step.session).answer(step))
                case Private():
                    for session in step.sessions:
                        inside = step.event.room in self._rooms.get(session, ())
                        format = self.format(session, step.event.room) if inside else self.here(session)
                        self.write(session, format.event(step.event))
                case Tally():
                    since = step.since.items()
                    counts = {
                        room: sum(e.room == room and e.id > after and e.kind in TALK for e in self.log)
                        for room, after in since
                    }
                    answer = step.answer(counts)
                    if answer is not None:
                        self.write(step.session, self.here(step.session).answer(answer))
                case Recall():
                    self._replay(step)
                case Close():
                    self.write(step.session, None)

    def _happened(self, event: Event, members: set[str]) -> None:
        """Who is where, by the log alone; and what can no longer be read."""
        match event.kind:
            case Kind.LEAVE:
                members.discard(event.actor)
            case Kind.KICK:
                members.discard(event.target)
            case Kind.RENAME:
                # Each of the rooms is told, one after the other; but it is one name.
                for those in self._members.values():
                    if event.actor in those:
                        those.remove(event.actor)
                        those.add(event.target)
                for session, name in self._who.items():
                    if name == event.actor:
                        self._who[session] = event.target
            case Kind.ROOM_RENAME:
                self._members[event.target] = self._members.pop(event.room or "")
            case Kind.DELETE:
                for old in self.log:
                    if old.id == int(event.text) and old.room == event.room:
                        old.text, old.wire = "", None

    def _replay(self, recall: Recall) -> None:
        found = self.search(recall)
        session, own = recall.session, self._rooms.get(recall.session, set())
        for event in found:
            elsewhere = DIALECTS[self._dialects.get(session, "text")].elsewhere
            inside = event.room in own or not recall.words
            format = self.format(session, event.room) if inside else elsewhere
            if not recall.words and event.room is None:
                format = self.here(session)
            self.write(session, Replayed(event, format, recall.ids))
        if recall.end is not None:
            # What it does to the chat, it does when the real one is sent.
            caught_up = session.user and session.user.caught_up
            dialect = DIALECTS[self._dialects.get(session, "text")]
            answer = recall.end(len(found))
            if session.user:
                session.user.caught_up = caught_up
            if answer is not None:
                self.write(session, dialect.elsewhere.answer(answer))

    def search(self, recall: Recall) -> list[Event]:
        if recall.words:
            store = MemoryStore()
            store._events.extend(self.log)
            query = Query(recall.rooms, recall.limit, None, None, recall.talk, recall.words)
            found: list[list[Event]] = []
            ensureDeferred(store.read(query)).addCallback(found.append)
            return found[0]
        events = [
            event
            for event in self.log
            if event.stream in recall.rooms
            and (event.kind in TALK or not recall.talk)
            and event.id < (recall.before or 1 << 62)
            and event.id > (recall.after or 0)
        ]
        return events[-recall.limit :] if recall.after is None else events[: recall.limit]


class Watched(Held):
    """A store that tells the reference what became of each commit."""

    reference: Reference

    def release(self) -> None:
        assert self._appending is not None
        records = self._appending[0]
        if self.full:
            super().release()
            return
        events = [record for record in records if isinstance(record, Event)]
        for number, event in enumerate(events, self._last_id + 1):
            event.id = number
        self.reference.committed()
        super().release()


class Machine(RuleBasedStateMachine):
    """People come, do anything, and go; the disk is slow, or full; connections are slow, or break."""

    case: SynchronousTestCase
    people = Bundle("people")

    @initialize(gather=st.sampled_from([0.0, GATHER]))
    def begin(self, gather: float) -> None:
        store = Watched()
        self.world = World(store, "Welcome.", replace(UNLIMITED, send_queue=CAP), gather=gather)
        self.store = store
        self.reference = store.reference = Reference(self.world)
        self.clients: list[Client] = []

    @rule(target=people, name=NAMES, more=st.sampled_from(["", "/format json\n", "/join #dev\n"]))
    def connect(self, name: str, more: str) -> Client:
        client = self.world.connect()
        self.clients.append(client)
        client.bytes(f"{name}\n".encode())
        if client.protocol._name is not None:
            client.send(PASSWORD)
        client.bytes(more.encode())
        return client

    @rule(client=people, lines=LINES)
    def send(self, client: Client, lines: list[str]) -> None:
        if self.alive(client):
            if PASSWORD in "".join(lines):
                # Not as the end of a line that was begun before: that would be said.
                client.bytes(b"\n\n\n")
            client.send(*lines)

    @rule(client=people, data=st.binary(max_size=30))
    def send_bytes(self, client: Client, data: bytes) -> None:
        if self.alive(client):
            client.bytes(data)

    @rule(client=people, count=st.integers(1, 30))
    def chatter(self, client: Client, count: int) -> None:
        if self.alive(client):
            client.send(*(f"line {i}" for i in range(count)))

    @rule()
    def turn_ends(self) -> None:
        self.world.one_turn()

    @rule(seconds=st.sampled_from([0, 0.3, 1.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @rule(client=consumes(people))
    def connection_breaks(self, client: Client) -> None:
        if client.protocol in self.world.factory.connections:
            client.drop()

    @rule(client=people, slow=st.booleans())
    def connection_is_slow(self, client: Client, slow: bool) -> None:
        if self.alive(client) and client.wire.producer is not None:
            if slow:
                client.wire.producer.pauseProducing()
            else:
                client.wire.producer.resumeProducing()

    @rule(hold=st.booleans(), hold_reads=st.booleans())
    def disk_is_slow(self, hold: bool, hold_reads: bool) -> None:
        self.store.hold, self.store.hold_reads = hold, hold_reads

    @rule(full=st.booleans())
    def disk_is_full(self, full: bool) -> None:
        self.store.full = full

    @precondition(lambda self: self.store.waiting)
    @rule()
    def commit_ends(self) -> None:
        self.store.release()

    @rule()
    def reading_ends(self) -> None:
        self.store.release_reads()

    def alive(self, client: Client) -> bool:
        return client.protocol in self.world.factory.connections and not client.wire.disconnecting

    def check_wires(self) -> None:
        for client in self.clients:
            got = client.wire.value()
            expected = bytearray(b"Login Id: ")
            for what in self.reference.sent.get(client.session, []):
                if what is None:
                    break
                if isinstance(what, Replayed):
                    expected += what.as_sent(got[len(expected) :])
                else:
                    expected += self.sorry(client, expected, got) if isinstance(what, tuple) else what
            complete = client.protocol in self.world.factory.connections and not client.wire.disconnected
            if complete:
                assert got == expected, f"\n{got.decode()}\n--- instead of\n{expected.decode()}"
            else:
                assert expected.startswith(got), f"\n{got.decode()}\n--- instead of\n{expected.decode()}"
            assert not set(got.decode()) & (set(HARMFUL) - {"\n"})
            assert PASSWORD not in got.decode()

    def sorry(self, client: Client, expected: bytes, got: bytes) -> bytes:
        """The refusal as it was sent: its form depends on whether the session was logged in when the commit failed."""
        rest = got[len(expected) :]
        for data in (
            f"!! {NOT_SENT}\nLogin Id: ".encode(),
            f"!! {NOT_SENT}\n".encode(),
            DIALECTS["json"].here.answer(Answer(client.session, "error", NOT_SENT, {"code": "not-stored"})),
            DIALECTS["json"].here.answer(Answer(client.session, "login", f"!! {NOT_SENT}")),
        ):
            if rest.startswith(data):
                return data
        return f"!! {NOT_SENT}\n".encode()

    def teardown(self) -> None:
        """Everything comes to rest; then all accounts must balance."""
        if not hasattr(self, "world"):
            return
        self.store.hold = self.store.hold_reads = self.store.full = False
        for _ in range(10):
            if self.store.waiting:
                self.store.release()
            self.store.release_reads()
            for client in self.clients:
                if self.alive(client) and client.wire.producer is not None:
                    client.wire.producer.resumeProducing()
                elif client.wire.disconnecting and client.protocol in self.world.factory.connections:
                    client.drop()
            self.world.clock.advance(1.0)
        finished: list[None] = []
        done: Deferred[None] = self.world.turn.finished()
        done.addCallback(finished.append)
        assert finished, "something was never delivered"
        self.reference.finish()
        assert [event.id for event in self.store.log] == list(range(1, len(self.store.log) + 1))
        self.world.check()
        self.check_wires()
        errors = self.case.flushLoggedErrors()
        assert not errors, errors


class MachineTests(SynchronousTestCase):
    def test_whatever_people_do_each_receives_what_one_step_after_the_other_would_send(self) -> None:
        Machine.case = self
        log = io.StringIO()
        observer = textFileLogObserver(log)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        run_state_machine_as_test(
            Machine,
            settings=settings(max_examples=EXAMPLES, stateful_step_count=40),
        )
        self.assertNotIn(PASSWORD, log.getvalue())

    def test_the_reference_replays_as_many_lines_as_the_chat_asks_for(self) -> None:
        self.assertEqual(REPLAY, 20)
