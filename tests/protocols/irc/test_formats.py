"""Every happening and every answer, as IRC lines: whatever anybody wrote, none ends early or is too long."""

from __future__ import annotations

from typing import Any

from chat_support import START, Seat
from hypothesis import given
from hypothesis import strategies as st
from irc_support import read_line
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.acts import Answer
from twisted_chat.chat.events import SPOKEN, Card, Event, Kind
from twisted_chat.protocols.irc.capabilities import WIRE
from twisted_chat.protocols.irc.formats import Dialects, IRCFormat
from twisted_chat.protocols.irc.message import Written

TIME = int(START * 1000)
# Far worse than what the chat lets through: what is hostile must do no harm even so.
HOSTILE = st.text(
    st.sampled_from("\r\n\0 :;@\\\x01\x02\x03") | st.characters(codec="utf-8"), max_size=40
) | st.sampled_from(
    ["x" * 5000, "ä" * 3000, "👍" * 1500, "a b " * 1000, "\n" * 40, "a\r\nQUIT :b", "-op", "topic", "1" * 400]
)
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "M", "Nd"]), min_size=1, max_size=32)
ROOMS = NAMES.map("#".__add__)
CARDS = st.builds(
    Card,
    st.from_regex("~?[a-z0-9]{1,10}", fullmatch=True),
    st.from_regex("[a-z0-9.:]{1,63}", fullmatch=True),
    st.booleans(),
    HOSTILE,
    st.booleans(),
)
TAGS = st.sampled_from(["", "+a", "+a=b;+typing=active", "+a=" + "x" * 4090])
CAPABILITIES = st.frozensets(st.sampled_from(sorted(WIRE)))
FORMS = st.none() | st.lists(st.tuples(HOSTILE, st.booleans()), min_size=1, max_size=4).map(Written)
IDS = st.integers(1, 10**18)
CODES = st.sampled_from(["away", "invited", "not-here", "gone", "bad-name", "other"])
# Texts that nobody writes freely.
CHECKED = {
    Kind.MODE: st.sampled_from(["op", "-op", "key secret", "-key", "limit 3", "slow 5", "moderated", "pin 7", "x"]),
    Kind.DELETE: IDS.map(str),
    Kind.ACCOUNT: NAMES | st.just(""),
    Kind.INVITE: ROOMS,
}


@st.composite
def events(draw: Any) -> Event:
    kind = draw(st.sampled_from(Kind))
    room = draw(ROOMS) if kind not in (Kind.DIRECT, Kind.DIRECT_NOTICE, Kind.DIRECT_ACTION) else None
    target = draw(NAMES | IDS.map(str) | (st.just("") if kind in SPOKEN else NAMES))
    text = draw(CHECKED.get(kind, HOSTILE))
    event = Event(kind, TIME + draw(st.integers(0, 10**9)), room, draw(NAMES), target, text, draw(IDS))
    event.card, event.tags, event.whole = draw(CARDS), draw(TAGS), draw(st.none() | st.just("whole"))
    event.form = draw(FORMS) if kind in (Kind.MESSAGE, Kind.NOTICE, Kind.DIRECT) else None
    if kind is Kind.PROGRAM:
        event.form = draw(st.sampled_from(["PRIVMSG", "NOTICE"]))
    elif kind is Kind.TAGS:
        event.form = "1-2"
    return event


class LineTests(SynchronousTestCase):
    """No user text smuggles a second line."""

    def check(self, data: bytes) -> list[Any]:
        """That these are lines within their limits. @return: taken apart."""
        self.assertTrue(not data or data.endswith(b"\r\n"))
        said = []
        for line in data.split(b"\r\n")[:-1]:
            self.assertFalse(set(line) & set(b"\r\n\0"), line)
            tags, _, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
            self.assertLess(len(tags), 8191)
            self.assertTrue(0 < len(rest) <= 510)
            said.append(read_line(line.decode()))
        return said

    @given(events(), CAPABILITIES)
    def test_events(self, event: Event, capabilities: frozenset[str]) -> None:
        """Every kind, every field, every set of capabilities; as it happens and in replay."""
        format = IRCFormat("chat.local", capabilities)
        said = self.check(format.event(event))
        for line in said:
            if line.command != "BATCH" and line.source != "chat.local":
                self.assertEqual(line.nick, event.actor)
        self.assertLessEqual(sum("msgid" in line.tags for line in said), 1)
        self.check(format.replay(event))
        self.check(format.replay(event, ids=True))
        self.check(format.enclose("x" * 64, format.event(event)))
        self.assertIs(format.event(event), format.event(event))

    @given(HOSTILE, st.sampled_from(["info", "error", "closing", "irc", "history", "x"]), CODES, HOSTILE, CAPABILITIES)
    def test_answers(self, text: str, kind: str, code: str, other: str, capabilities: frozenset[str]) -> None:
        """Every answer."""
        if kind == "irc":
            text = f":chat.local NOTICE kim :{text}".replace("\n", "")
        data = {"code": code, "name": "bob", "room": "#lobby", "away": other, "from": "bob"}
        answer = Answer(Seat(), kind, text, data)
        self.check(IRCFormat("chat.local", capabilities).answer(answer))

    @given(st.lists(st.text(st.sampled_from("ab ä👍"), min_size=1, max_size=900), min_size=1, max_size=5))
    def test_nothing_is_lost(self, lines: list[str]) -> None:
        """A message of several lines is all there, and in those of IRCv3 multiline, exactly."""
        event = Event(Kind.MESSAGE, TIME, "#lobby", "kim", "", "\n".join(lines), 7)
        said = self.check(IRCFormat("chat.local", frozenset({"batch", "draft/multiline"})).event(event))
        if said[0].command == "BATCH":
            text = "".join(("" if "draft/multiline-concat" in s.tags else "\n") + s.text for s in said[1:-1])
            self.assertEqual(text[1:], event.text)
        plain = self.check(IRCFormat("chat.local", frozenset()).event(event))
        bare = event.text.replace("\n", "").replace(" ", "")
        self.assertEqual("".join(s.text for s in plain).replace(" ", ""), bare)


class DialectTests(SynchronousTestCase):
    def test_what_nobody_is_written_to_in_does_not_stay(self) -> None:
        """There are more sets of capabilities than there is memory for."""
        dialects = Dialects("chat.local")
        used = dialects["batch server-time"]
        for i in range(1000):
            dialects[f"account-tag service:{i}"]
        self.assertEqual(list(dialects), ["batch server-time"])
        self.assertIs(dialects["batch server-time"].here, used.here)

    @given(HOSTILE)
    def test_long_reactions(self, sign: str) -> None:
        """With all the tags that there may be, too."""
        event = Event(Kind.UNREACTION, TIME, "#lobby", "kim", "7", sign, 8)
        event.tags = "+a=" + "x" * 4090
        tags = IRCFormat("chat.local", WIRE).event(event).partition(b" ")[0]
        self.assertLess(len(tags), 8191)
