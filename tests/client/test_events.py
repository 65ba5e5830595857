"""Tests for L{twisted_chat.client.events}."""

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from twisted_chat.client.events import MAX_TEXT, Event, as_object, parse_json, parse_text
from twisted_chat.client.text import clean

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
MEMBERS = ("type", "id", "time", "room", "from", "to", "text", "replay", "members", "rooms", "lines", "name", "token")
TYPES = ("message", "who", "rooms", "format", "history", "pong", "room", "info")


class TextTests(TestCase):
    def test_every_line_of_the_protocol(self) -> None:
        for line, event in {
            "[kim] hello": Event("message", "hello", sender="kim"),
            "[kim] [bob] x": Event("message", "[bob] x", sender="kim"),
            "* kim waves": Event("action", "waves", sender="kim"),
            "[kim -> bob] psst": Event("direct", "psst", sender="kim", to="bob"),
            "[k[i]m -> b|ob] psst": Event("direct", "psst", sender="k[i]m", to="b|ob"),
            "[k]m] hello] you": Event("message", "hello] you", sender="k]m"),
            "-kim -> bob- done": Event("direct_notice", "done", sender="kim", to="bob"),
            "-kim- done": Event("notice", "done", sender="kim"),
            "* kim takes back +1 from 812": Event("unreaction", "+1", sender="kim", to="812"),
            "* kim reacts to 812 with +1": Event("reaction", "+1", sender="kim", to="812"),
            "user [kim] has entered the room": Event("join", sender="kim"),
            "user [kim] left the room": Event("leave", sender="kim"),
            "user [kim] left the room (lunch)": Event("leave", "lunch", sender="kim"),
            "user [bob] was kicked by [kim] (spam)": Event("kick", "spam", sender="kim", to="bob"),
            "user [kim] is now [kimchi]": Event("rename", sender="kim", to="kimchi"),
            "user [kim] set the topic: a: b": Event("topic", "a: b", sender="kim"),
            "user [kim] cleared the topic": Event("topic", sender="kim"),
            "user [bob] was kicked by [kim]": Event("kick", sender="kim", to="bob"),
            "user [kim] set -moderated": Event("mode", "-moderated", sender="kim"),
            "user [kim] set slow 10": Event("mode", "slow 10", sender="kim"),
            "user [kim] set ban a!b@c": Event("mode", "ban a!b@c", sender="kim"),
            "user [kim] renamed the room to #new": Event("room_rename", "", sender="kim", to="#new"),
            "user [kim] renamed the room to #new (why)": Event("room_rename", "why", sender="kim", to="#new"),
            "user [kim] set op for [bob]": Event("mode", "op", sender="kim", to="bob"),
            "user [kim] deleted message 204 of [bob]": Event("delete", "204", sender="kim", to="bob"),
            "[kim -> everyone] down at noon": Event("announce", "down at noon", sender="kim"),
            "~ 2026-11-22 10:00:03 [kim] (deleted)": Event("message", time=1795341603.0, sender="kim", replay=True),
            "#dev [kim] hello": Event("message", "hello", room="#dev", sender="kim"),
            "#dev user [kim] left the room": Event("leave", room="#dev", sender="kim"),
            "~ 2026-11-22 10:00:03 [kim] hi": Event("message", "hi", time=1795341603.0, sender="kim", replay=True),
            "~ 2026-11-22 10:00:03 #dev * kim hi": Event(
                "action", "hi", time=1795341603.0, room="#dev", sender="kim", replay=True
            ),
            "-- [kim] text": Event("info", "[kim] text"),
            "!! no": Event("error", "no"),
            "anything else": Event("info", "anything else"),
            "~ 9999-99-99 10:00:03 x": Event("info", "~ 9999-99-99 10:00:03 x"),
        }.items():
            self.assertEqual(parse_text(line), event)

    @given(st.text(st.characters(exclude_categories=())))
    def test_any_text_is_clean_and_bounded(self, line: str) -> None:
        event = parse_text(line)
        self.assertEqual(clean(event.text), event.text)
        self.assertLess(len(parse_text("[kim] " + line * 10000).text), 2 * MAX_TEXT)


class JSONTests(TestCase):
    def test_a_message(self) -> None:
        line = (
            '{"type":"message","id":812,"time":"2026-11-22T10:00:03.120Z","room":"#l","from":"kim","text":"a\\u001bb"}'
        )
        self.assertEqual(parse_json(line), Event("message", "a\ufffdb", 812, 1795341603.12, "#l", "kim"))

    def test_answers_with_data(self) -> None:
        who = {"type": "who", "room": "#l", "members": [{"name": "a", "away": None}, {"name": "b"}]}
        self.assertEqual(parse_json(json.dumps(who)), Event("who", room="#l", names=("a", "b")))
        form = {"type": "format", "format": "json", "name": "kim", "room": None, "rooms": ["#a", "#b"]}
        self.assertEqual(parse_json(json.dumps(form)), Event("format", sender="kim", names=("#a", "#b")))
        self.assertEqual(parse_json('{"type":"history","room":"#l","lines":3}'), Event("history", room="#l", count=3))
        self.assertEqual(parse_json('{"type":"info","text":"a\\nb"}'), Event("info", "a\nb"))
        self.assertEqual(parse_json('{"type":"message","text":"a\\nb\\r"}'), Event("message", "a\nb\ufffd"))
        self.assertEqual(parse_json('{"type":"topic","text":"a\\nb"}'), Event("topic", "a\ufffdb"))

    def test_what_is_no_event(self) -> None:
        for line in ("", "x", "[]", "{}", '{"type":1}', "[" * 100000, '{"type":"x","id":' + "9" * 5000 + "}"):
            self.assertIsNone(parse_json(line), line[:20])

    @given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(MEMBERS[1:]), JSON))
    def test_members_of_any_kind_do_no_harm(self, type_: str, members: dict[str, object]) -> None:
        event = parse_json(json.dumps({**members, "type": type_}))
        assert event is not None
        for text in (event.room, event.sender, event.to, *event.names, *event.text.split("\n")):
            self.assertEqual(clean(text), text)
        self.assertIs(type(event.id), int)

    def test_back_to_an_object(self) -> None:
        event = Event("message", "hi", 7, 1795341603.12, "#l", "kim", replay=True)
        self.assertEqual(parse_json(json.dumps(as_object(event))), event)
