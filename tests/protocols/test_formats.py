"""What events and answers look like, as text and as JSON; docs/protocol.md is held to its word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from chat_support import Seat, World
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.acts import Answer
from twisted_chat.chat.commands import COMMANDS
from twisted_chat.chat.events import PASSING, Event, Kind, Passing
from twisted_chat.protocols.formats import DIALECTS
from twisted_chat.protocols.intake import MAX_DISCARDED
from twisted_chat.protocols.line import PAUSE, ChatProtocol

DOCS = Path(__file__).parents[2] / "docs" / "protocol.md"
TIME = 1_795_341_603_120  # 2026-11-22 10:00:03.120 UTC

EVENTS: list[tuple[Event, str, dict[str, Any]]] = [
    (Event(Kind.MESSAGE, TIME, "#dev", "kim", "", "hello"), "[kim] hello", {"text": "hello"}),
    (Event(Kind.ACTION, TIME, "#dev", "kim", "", "waves"), "* kim waves", {"text": "waves"}),
    (Event(Kind.JOIN, TIME, "#dev", "kim"), "user [kim] has entered the room", {}),
    (Event(Kind.LEAVE, TIME, "#dev", "kim"), "user [kim] left the room", {}),
    (Event(Kind.LEAVE, TIME, "#dev", "kim", "", "lunch"), "user [kim] left the room (lunch)", {"text": "lunch"}),
    (Event(Kind.RENAME, TIME, "#dev", "kim", "kimchi"), "user [kim] is now [kimchi]", {"to": "kimchi"}),
    (
        Event(Kind.ROOM_RENAME, TIME, "#dev", "kim", "#ops", "why"),
        "user [kim] renamed the room to #ops (why)",
        {"to": "#ops", "text": "why"},
    ),
    (Event(Kind.TOPIC, TIME, "#dev", "kim", "", "T"), "user [kim] set the topic: T", {"text": "T"}),
    (Event(Kind.TOPIC, TIME, "#dev", "kim"), "user [kim] cleared the topic", {}),
    (
        Event(Kind.KICK, TIME, "#dev", "kim", "bob", "spam"),
        "user [bob] was kicked by [kim] (spam)",
        {"to": "bob", "text": "spam"},
    ),
    (Event(Kind.MODE, TIME, "#dev", "kim", "", "slow 10"), "user [kim] set slow 10", {"text": "slow 10"}),
    (Event(Kind.MODE, TIME, "#dev", "kim", "bob", "-op"), "user [kim] set -op for [bob]", {"to": "bob", "text": "-op"}),
    (
        Event(Kind.DELETE, TIME, "#dev", "kim", "bob", "9"),
        "user [kim] deleted message 9 of [bob]",
        {"to": "bob", "text": "9"},
    ),
    (Event(Kind.MESSAGE, TIME, "#dev", "kim"), "[kim] (deleted)", {}),
    (Event(Kind.ACTION, TIME, "#dev", "kim"), "* kim (deleted)", {}),
    (Event(Kind.AUDIT, TIME, None, "kim", "bob", "kill"), "[kim] kill [bob]", {"to": "bob", "text": "kill"}),
    (Event(Kind.ANNOUNCE, TIME, None, "kim", "", "tea"), "[kim -> everyone] tea", {"text": "tea"}),
    (Event(Kind.NOTICE, TIME, "#dev", "kim", "812", "done"), "-kim- done", {"to": "812", "text": "done"}),
    (
        Event(Kind.REACTION, TIME, "#dev", "kim", "812", "👍"),
        "* kim reacts to 812 with 👍",
        {"to": "812", "text": "👍"},
    ),
    (
        Event(Kind.UNREACTION, TIME, "#dev", "kim", "812", "👍"),
        "* kim takes back 👍 from 812",
        {"to": "812", "text": "👍"},
    ),
    (
        Event(Kind.DIRECT_NOTICE, TIME, None, "kim", "bob", "done"),
        "-kim -> bob- done",
        {"to": "bob", "text": "done"},
    ),
    (
        Event(Kind.DIRECT_ACTION, TIME, None, "kim", "bob", "waves"),
        "[kim -> bob] * kim waves",
        {"to": "bob", "text": "waves"},
    ),
    (Event(Kind.DIRECT, TIME, None, "kim", "bob", "psst"), "[kim -> bob] psst", {"to": "bob", "text": "psst"}),
]

HERE, ELSEWHERE = DIALECTS["text"]
JSON = DIALECTS["json"].here


class EventTests(SynchronousTestCase):
    def setUp(self) -> None:
        for number, (event, _, _) in enumerate(EVENTS, 812):
            event.id = number

    def test_every_kind_has_its_test(self) -> None:
        self.assertEqual({event.kind for event, _, _ in EVENTS}, set(Kind) - PASSING)

    def test_what_is_not_kept_is_not_told(self) -> None:
        for kind in PASSING:
            for format in (HERE, ELSEWHERE, JSON):
                self.assertEqual(format.event(Passing(kind, TIME, "#dev", "kim", "", "lunch")), b"")

    def test_text_in_the_current_room_reads_as_the_original_server_wrote_it(self) -> None:
        for event, text, _ in EVENTS:
            self.assertEqual(HERE.event(event).decode(), text + "\n")

    def test_text_from_another_room_begins_with_its_name(self) -> None:
        for event, text, _ in EVENTS:
            prefix = "#dev " if event.room else ""
            self.assertEqual(ELSEWHERE.event(event).decode(), f"{prefix}{text}\n")

    def test_replay_is_marked_with_a_tilde_and_the_time(self) -> None:
        for event, text, _ in EVENTS:
            self.assertEqual(HERE.replay(event).decode(), f"~ 2026-11-22 10:00:03 {text}\n")
            prefix = "#dev " if event.room else ""
            self.assertEqual(ELSEWHERE.replay(event).decode(), f"~ 2026-11-22 10:00:03 {prefix}{text}\n")

    def test_json_has_the_documented_members_and_no_other(self) -> None:
        for event, _, more in EVENTS:
            members = {"type": event.kind.name.lower(), "id": event.id, "time": "2026-11-22T10:00:03.120Z"}
            members |= {"from": "kim", **more} | ({"room": "#dev"} if event.room else {})
            self.assertEqual(json.loads(JSON.event(event)), members)
            self.assertEqual(json.loads(JSON.replay(event)), {**members, "replay": True})

    def test_json_is_as_documented_to_the_byte(self) -> None:
        example = re.search(r'^ {4}(\{"type":"message".*\})$', DOCS.read_text(encoding="utf-8"), re.MULTILINE)
        assert example is not None
        event = Event(Kind.MESSAGE, TIME, "#lobby", "kim", "", "hello", 812)
        self.assertEqual(JSON.event(event).decode(), example[1] + "\n")

    def test_an_event_is_encoded_once_for_each_format(self) -> None:
        for format in (HERE, ELSEWHERE, JSON):
            event = Event(Kind.MESSAGE, TIME, "#dev", "kim", "", "hello", 1)
            self.assertIs(format.event(event), format.event(event))
        self.assertNotEqual(HERE.event(event), ELSEWHERE.event(event))

    @given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
    @example("Ünal")
    def test_json_gives_every_text_back_in_one_line_of_utf_8(self, text: str) -> None:
        data = JSON.event(Event(Kind.MESSAGE, TIME, "#dev", "kim", "", text, 1))
        self.assertEqual(json.loads(data)["text"], text)
        self.assertEqual((data.count(b"\n"), data[-1:]), (1, b"\n"))
        if text.isalpha():
            self.assertIn(text.encode(), data)


class AnswerTests(SynchronousTestCase):
    def test_each_line_of_an_answer_is_marked(self) -> None:
        self.assertEqual(HERE.answer(Answer(Seat(), "info", "a\nb")), b"-- a\n-- b\n")
        self.assertEqual(HERE.answer(Answer(Seat(), "error", "a")), b"!! a\n")
        self.assertEqual(HERE.answer(Answer(Seat(), "closing", "bye")), b"-- bye\n")

    def test_questions_for_the_name_have_no_line_end(self) -> None:
        self.assertEqual(HERE.answer(Answer(Seat(), "login", "")), b"Login Id: ")
        self.assertEqual(
            HERE.answer(Answer(Seat(), "login", "Registered username.")), b"Registered username.\nLogin Id: "
        )


class ConversationTests(SynchronousTestCase):
    """Every answer in JSON, as a program gets it."""

    def setUp(self) -> None:
        self.world = World()
        self.bob = self.world.enter("bob")
        self.kim = self.world.enter("kim")
        self.kim.say("/format json")
        self.bob.read()

    def ask(self, *lines: str) -> list[dict[str, Any]]:
        self.kim.send(*lines)
        self.world.settle()
        return self.kim.objects()

    def one(self, line: str) -> dict[str, Any]:
        (answer,) = self.ask(line)
        self.assertIsInstance(answer["text"], str)
        return answer

    def test_format(self) -> None:
        self.kim.say("/format text", "/join #dev")
        (answer,) = self.ask("/format json")
        del answer["text"]
        self.assertEqual(
            answer,
            {
                "type": "format",
                "format": "json",
                "name": "kim",
                "account": None,
                "room": "#dev",
                "rooms": ["#lobby", "#dev"],
            },
        )

    def test_room(self) -> None:
        join, room = self.ask("/join #dev")
        self.assertEqual((join["type"], join["room"]), ("join", "#dev"))
        self.assertEqual((room["type"], room["room"], room["topic"], room["members"]), ("room", "#dev", "", 1))
        self.ask("/topic T", "/join #lobby", "/join #dev")
        info, room = self.ask("/leave")
        self.assertEqual((info["type"], room["type"], room["room"], room["members"]), ("info", "room", "#lobby", 2))
        _, room = self.ask("/leave")
        self.assertEqual((room["type"], room["room"], room["topic"], room["members"]), ("room", None, "", 0))

    def test_who_and_rooms(self) -> None:
        self.bob.say("/away tea", "/topic T")
        self.kim.read()
        who = self.one("/who")
        self.assertEqual((who["type"], who["room"]), ("who", "#lobby"))
        self.assertEqual(
            who["members"],
            [{"name": "bob", "away": "tea", "role": "member"}, {"name": "kim", "away": None, "role": "member"}],
        )
        rooms = self.one("/rooms")
        self.assertEqual((rooms["type"], rooms["rooms"]), ("rooms", [{"room": "#lobby", "members": 2, "topic": "T"}]))

    def test_history_and_search(self) -> None:
        self.ask("one", "two")
        *events, end = self.ask("/history 2")
        self.assertEqual([(e["text"], e["replay"]) for e in events], [("one", True), ("two", True)])
        self.assertEqual((end["type"], end["room"], end["lines"]), ("history", "#lobby", 2))
        *events, end = self.ask("/search two")
        self.assertEqual([e["text"] for e in events], ["two"])
        self.assertEqual((end["type"], end["lines"]), ("search", 1))

    def test_the_ids_of_events_are_what_history_takes(self) -> None:
        first, second, third = self.ask("1", "2", "3")
        self.assertLess(first["id"], second["id"])
        *events, _ = self.ask(f"/history 9 after {first['id']}")
        self.assertEqual([e["id"] for e in events], [second["id"], third["id"]])

    def test_ping_refusals_and_closing(self) -> None:
        self.assertEqual((self.one("/ping x")["type"], self.one("/ping x y")["token"]), ("pong", "x y"))
        self.assertIsNone(self.one("/ping")["token"])
        self.assertEqual(self.one("/nope")["type"], "error")
        self.assertEqual(self.one("/help")["type"], "info")
        self.assertIn("\n", self.one("/help")["text"])
        self.assertEqual(self.one("/quit")["type"], "closing")

    def test_every_answer_to_every_command_is_one_object_a_line(self) -> None:
        self.bob.say("/away tea")
        for name in COMMANDS:
            if name not in ("quit", "format"):
                for arguments in ("", " x", " #dev", " bob", " bob x", " 1", " -", " x" * 400):
                    for answer in self.ask(f"/{name}{arguments}"):
                        self.assertIsInstance(answer["type"], str)

    def test_direct_messages_and_renames(self) -> None:
        (direct,) = self.ask("/msg bob psst")
        self.assertEqual((direct["type"], direct["to"], "room" in direct), ("direct", "bob", False))
        rename, info = self.ask("/nick kimchi")
        self.assertEqual((rename["type"], rename["to"], info["type"]), ("rename", "kimchi", "info"))


class DocumentationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = DOCS.read_text(encoding="utf-8")

    def test_every_command_is_documented_with_its_usage_and_no_other(self) -> None:
        documented = re.findall(r"^\| `/(\w+)", self.text, re.MULTILINE)
        self.assertEqual(sorted(documented), sorted(COMMANDS))

    def test_the_limits_are_the_documented_ones(self) -> None:
        self.assertIn(f"at most {ChatProtocol.MAX_LENGTH:,} bytes", self.text)
        self.assertIn(f"After {MAX_DISCARDED >> 20} MiB without a line end", self.text)
        self.assertIn(f"a pause of {PAUSE} s", self.text)

    def test_every_type_of_event_and_answer_is_documented(self) -> None:
        for kind in set(Kind) - PASSING:
            self.assertIn(f"`{kind.name.lower()}`", self.text)
        for kind in ("room", "who", "rooms", "history", "search", "pong", "format", "unread", "account", "closing"):
            self.assertIn(f"| `{kind}` |", self.text)

    def test_the_dialogue_is_what_happens(self) -> None:
        dialogue = self.text.partition("## A dialogue")[2].split("```")[1].strip("\n").split("\n")
        world = World()
        world.chat.server = "chat"
        client = world.connect()
        for line in dialogue:
            who, said = line[:2], line[3:]
            if who == "C:":
                self.assertEqual(client.wire.value(), b"")
                client.send(said)
                world.settle()
            else:
                got, expected = client.wire.value(), said.encode()
                end = b"" if said == "Login Id: " else b"\n"
                self.assertTrue(got.startswith(expected + end), f"{got!r} is not {said!r}")
                client.wire.io = type(client.wire.io)()
                client.wire.io.write(got[len(expected + end) :])
        self.assertEqual(client.wire.value(), b"")
        self.assertTrue(client.wire.disconnecting)
