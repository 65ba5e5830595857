"""Anything at all from IRC clients and netcat, together: nothing breaks, and nobody else suffers."""

from __future__ import annotations

import os
from base64 import b64encode

from chat_support import PASSWORD, Client, Held, World
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from irc_support import IRCClient, irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.commands import COMMANDS
from twisted_chat.protocols.irc import VERBS
from twisted_chat.protocols.irc.capabilities import CAPABILITIES

# A few thousand find what is rare; so many find what was broken lately.
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "40"))

NAMES = st.sampled_from(
    ["kim", "bob", "eve", "ann", "lin", "KIM", "zoe", "nobody", "k!m@x", "*", "a,b", "x" * 40, "ünal"]
)
ROOMS = st.sampled_from(["#lobby", "#dev", "#DEV", "#ops", "#", "##", "&a", "@#dev", "#" + "ä" * 40, "0"])
WORDS = NAMES | ROOMS | st.sampled_from(
    ["+", "-", "+i", "-i+k", "+ov", "+b", "*", "*!*@*", "LS", "302", "REQ", "END", "PLAIN", "1", "99999999999999999999",
     "LATEST", "BEFORE", "msgid=1", "timestamp=2026-11-22T10:00:00.000Z", "+1", "-1", "draft/multiline", "a.b.*"]
)  # fmt: skip
TEXTS = (
    st.sampled_from(
        ["hello", "", ":", " ", "a b", "\x01ACTION waves\x01", "\x01PING 1\x01", "\x01", "\x02\x0304,5x\x0f"]
    )
    | st.sampled_from(["x" * 400, "ä" * 240, "👍" * 120, "x" * 600, "\x1b[2J\u202e\u2028", "=" * 60, PASSWORD])
    | st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=12)
)
TAGS = st.sampled_from(
    ["", "", "@label=x ", "@label=y;+a=b ", "@batch=1 ", "@batch=1;draft/multiline-concat ", "@+draft/reply=1 ",
     "@+draft/reply=1;+draft/react=👍 ", "@+typing=active;label=z ", "@;;=;+=; ", "@+a=" + "x" * 4080 + " ", "@a\\=\\ "]
)  # fmt: skip
COMMANDS_OF_IRC = st.sampled_from([*sorted(VERBS), *map(str.upper, sorted(COMMANDS)), "NOSUCH", "123", "join"])


def plain(name: str) -> str:
    """RFC 4616."""
    return b64encode(f"\0{name}\0{PASSWORD}".encode()).decode()


def spell(tags: str, command: str, words: list[str], last: str | None) -> str:
    return tags + " ".join([command, *words, *([] if last is None else [":" + last])])


ANY = st.builds(spell, TAGS, COMMANDS_OF_IRC, st.lists(WORDS | TEXTS, max_size=4), st.none() | TEXTS | WORDS)
LIKELY = st.one_of(
    st.builds("{}JOIN {}".format, TAGS, ROOMS),
    st.builds(
        "MODE {} {} {}".format, ROOMS, st.sampled_from(["+o", "-o", "+v", "+k", "+l", "+b", "+im", "+s-t"]), WORDS
    ),
    st.builds("CAP REQ :{}{}".format, st.sampled_from(["", "-"]), st.sampled_from(sorted(CAPABILITIES))),
    st.sampled_from(["BATCH +1 draft/multiline #lobby", "BATCH -1", "@label=b BATCH +1 draft/multiline kim"]),
    st.sampled_from([f"REGISTER {PASSWORD}", "LOGOUT", "QUIT :bye", "PART #lobby", "JOIN #lobby,#dev", "CAP LS 302"]),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["NS IDENTIFY", "NS GHOST", "NS DROP", "LOGIN", "GHOST"]),
        st.sampled_from(["kim", "bob", "eve"]),
        st.just(PASSWORD),
    ),
    st.sampled_from([f"NS REGISTER {PASSWORD}", "NS LOGOUT", f"NS DROP {PASSWORD}", f"REGISTER * * {PASSWORD}"]),
    st.builds("CS {} {} {}".format, st.sampled_from(["REGISTER", "DROP", "TRANSFER", "OP", "ACCESS"]), ROOMS, NAMES),
    st.sampled_from(
        ["AUTHENTICATE PLAIN"]
        + [
            f"AUTHENTICATE {b64encode(f'{chr(0)}{n}{chr(0)}{PASSWORD}'.encode()).decode()}"
            for n in ("kim", "bob", "eve")
        ]
    ),
    st.builds("NICK {}".format, NAMES),
    st.builds("KICK {} {} :{}".format, ROOMS, NAMES, TEXTS),
    st.builds("INVITE {} {}".format, NAMES, ROOMS),
    st.builds("WHO {} {}".format, ROOMS | NAMES, WORDS),
    st.builds("TOPIC {} :{}".format, ROOMS, TEXTS),
)
TALK = st.builds(
    "{}{} {} :{}".format,
    TAGS,
    st.sampled_from(["PRIVMSG", "NOTICE", "TAGMSG"]),
    st.sampled_from(["#lobby", "#dev", "kim", "bob", "eve"]),
    TEXTS,
)
SLASHES = st.builds(
    lambda name, rest: f"/{name} {rest}",
    st.sampled_from(sorted(COMMANDS)),
    st.lists(WORDS | TEXTS, max_size=3).map(" ".join),
)


class Machine(RuleBasedStateMachine):
    """Two on IRC and one on the line protocol do anything; two more are only there."""

    case: SynchronousTestCase

    @initialize(caps=st.sets(st.sampled_from(sorted(CAPABILITIES))))
    def begin(self, caps: set[str]) -> None:
        self.store = Held()
        self.world = World(self.store)
        self.lin = self.world.enter("lin")
        self.ann = irc_enter(self.world, "ann", "#lobby", caps=sorted(CAPABILITIES.keys() - {"sasl"}))
        self.caps = sorted(caps)
        self.people: list[Client] = [self.connect(i) for i in range(3)]

    def connect(self, number: int) -> Client:
        if number == 2:
            return self.world.enter("eve")
        client = irc_connect(self.world)
        if self.caps and number == 1:
            client.send("CAP REQ :" + " ".join(self.caps))
        client.send(f"NICK {('kim', 'bob')[number]}", "USER u 0 * :A name", "CAP END", "JOIN #lobby")
        return client

    def alive(self, client: Client) -> bool:
        connections = self.world.irc.connections if isinstance(client, IRCClient) else self.world.factory.connections
        return client.protocol in connections and not client.wire.disconnecting

    def person(self, number: int) -> Client:
        """One of those who do anything; a new one in place of one who has gone."""
        client = self.people[number]
        if not self.alive(client):
            client.read()
            if not client.wire.disconnected:
                client.drop()
                client.wire.disconnected = True
            client = self.people[number] = self.connect(number)
        return client

    @rule(number=st.integers(0, 1), lines=st.lists(LIKELY, min_size=3, max_size=12))
    def say_what_is_likely(self, number: int, lines: list[str]) -> None:
        self.person(number).send(*lines)

    @rule(number=st.integers(0, 1), lines=st.lists(TALK, min_size=3, max_size=12))
    def talk(self, number: int, lines: list[str]) -> None:
        self.person(number).send(*lines)

    @rule(number=st.integers(0, 1), lines=st.lists(ANY, min_size=3, max_size=12))
    def say_anything(self, number: int, lines: list[str]) -> None:
        self.person(number).send(*lines)

    @rule(lines=st.lists(TEXTS | SLASHES | st.just("/join #dev"), min_size=3, max_size=12))
    def say_line(self, lines: list[str]) -> None:
        self.person(2).send(*lines)

    @rule(
        number=st.integers(0, 2), data=st.binary(max_size=40) | st.sampled_from([b"x" * 9000, b"\n" * 300, b"\r\n\0\r"])
    )
    def say_bytes(self, number: int, data: bytes) -> None:
        self.person(number).bytes(data)

    @rule(number=st.integers(0, 2))
    def drop(self, number: int) -> None:
        client = self.person(number)
        client.drop()
        client.wire.disconnected = True
        self.people[number] = self.connect(number)

    @rule(seconds=st.sampled_from([0.0, 0.0, 1.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        for client in (*self.people, self.lin):
            client.read()
        self.ann.heard()

    @rule(full=st.booleans())
    def disk_is_full(self, full: bool) -> None:
        self.store.full = full

    @rule(hold=st.booleans())
    def disk_is_slow(self, hold: bool) -> None:
        self.store.hold_reads = hold
        if not hold:
            self.store.release_reads()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.store.full = self.store.hold_reads = False
        for _ in range(5):
            self.store.release_reads()
            self.world.clock.advance(1.0)
        for client in self.people:
            if isinstance(client, IRCClient):
                client.heard()
        errors = self.case.flushLoggedErrors()
        assert not errors, errors
        self.world.check()
        for client in (self.lin, self.ann):
            assert self.alive(client), "an innocent client was dropped"
            client.read()
        assert self.lin.say("still there")[-1:] == ["[lin] still there"]
        assert self.ann.heard()[-1].text == "still there"


class MachineTests(SynchronousTestCase):
    """Two on IRC and one on the line protocol do anything."""

    def test_anything(self) -> None:
        """No traceback, no line over its limits, and those who did nothing are still there."""
        Machine.case = self
        run_state_machine_as_test(Machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=20))
