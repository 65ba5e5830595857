"""Tests for L{twisted_chat.client.session}, L{outbox} and L{keepalive}, with a clock and a connection of their own."""

from __future__ import annotations

import json

from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from twisted_chat.client.config import Options, Server
from twisted_chat.client.conversation import PAUSE_BEFORE_LOGIN, SETTLE
from twisted_chat.client.events import Event
from twisted_chat.client.keepalive import DEAD, SILENT
from twisted_chat.client.outbox import Outbox
from twisted_chat.client.session import LONGEST_PAUSE, PASTE_INTERVAL, SWEEP, SWITCH_WAIT, Session


class FakeLink:
    def __init__(self, owner: Session) -> None:
        self.owner = owner
        self.attempts = 0
        self.open = False
        self.written = b""

    def connect(self) -> None:
        self.attempts += 1

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        if self.open:
            self.open = False
            self.owner.link_down("the connection broke")

    close = abort


class FakeView:
    def __init__(self) -> None:
        self.session: Session
        self.events: list[Event] = []
        self.where: list[tuple[str, str]] = []
        self.questions: list[tuple[str, bool]] = []
        self.unasked = 0
        self.offers: list[list[str]] = []
        self.ended: list[tuple[int, str]] = []

    def show(self, event: Event, asked: bool = False) -> None:
        self.events.append(event)
        self.where.append((self.session.rooms.current, event.text))

    def ask(self, prompt: str, hidden: bool) -> None:
        self.questions.append((prompt, hidden))

    def unask(self) -> None:
        self.unasked += 1

    def offer(self, lines: list[str]) -> None:
        self.offers.append(lines)

    def changed(self) -> None:
        pass

    def over(self, status: int, complaint: str) -> None:
        self.ended.append((status, complaint))

    def texts(self) -> list[str]:
        return [event.text for event in self.events if event.type == "message"]


class SessionTestCase(TestCase):
    def start(self, **options: object) -> None:
        self.clock, self.view = Clock(), FakeView()
        self.session = Session(self.clock, Options(nick="kim", **options), FakeLink, self.view, lambda: 0.5)
        self.view.session = self.session
        self.link: FakeLink = self.session._link
        self.session.start()
        self.connect()

    def setUp(self) -> None:
        self.start()

    def connect(self) -> None:
        self.link.open = True
        self.session.link_up()
        self.link.written = b""

    def get(self, *items: dict[str, object] | str) -> None:
        for item in items:
            line = item if isinstance(item, str) else json.dumps(item)
            self.session.link_data(line.encode() + b"\n")

    def sent(self) -> list[str]:
        """What the client sent since the last call."""
        lines, self.link.written = self.link.written.decode().split("\n"), b""
        return lines[:-1]

    def login(self, *text_lines: str, rooms: tuple[str, ...] = ("#lobby",)) -> None:
        """Up to JSON."""
        self.session.link_data(b"Login Id: ")
        self.get("user [kim] has entered the room", *text_lines)
        self.get({"type": "format", "format": "json", "name": "kim", "room": "#lobby", "rooms": list(rooms)})

    def message(self, number: int, text: str, room: str = "#lobby", sender: str = "bob", **more: object) -> dict:
        time = f"2026-11-22T10:{number // 60:02}:{number % 60:02}.000Z"
        return {
            "type": "message", "id": number, "time": time, "room": room, "from": sender, "text": text, **more
        }  # fmt: skip

    def online(self) -> None:
        self.login()
        self.get({"type": "history", "room": "#lobby", "lines": 0})
        self.sent()

    def drop(self) -> None:
        self.link.open = False
        self.session.link_down("the connection broke")


class EnteringTests(SessionTestCase):
    def test_logs_in_switches_and_fetches(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.get("user [kim] has entered the room")
        self.assertEqual(self.sent(), ["kim", "/format json"])
        self.get({"type": "format", "name": "kim", "room": "#lobby", "rooms": ["#lobby"]})
        self.assertEqual(self.sent(), ["/history 50", "/who #lobby", "/ping keep-alive-1"])
        self.assertEqual(self.session.state, "online")

    def test_lines_before_the_switch_are_not_shown_twice(self) -> None:
        self.login("-- Welcome.", "~ 2026-11-22 10:00:01 [bob] earlier", "[eve] now")
        history = [self.message(1, "earlier", replay=True), self.message(2, "now", sender="eve", replay=True)]
        self.get(*history, {"type": "history", "room": "#lobby", "lines": 2}, self.message(3, "then"))
        self.assertEqual(self.view.texts(), ["earlier", "now", "then"])
        self.assertIn(Event("info", "Welcome."), self.view.events)

    def test_neither_are_they_when_the_login_shows_late(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.get("-- Welcome back.", "~ 2026-11-22 10:00:01 [bob] earlier")
        self.clock.advance(SETTLE)
        self.get({"type": "format", "name": "kim", "room": "#lobby", "rooms": ["#lobby"]})
        self.get(self.message(1, "earlier", replay=True), {"type": "history", "room": "#lobby", "lines": 1})
        self.assertEqual(self.view.texts(), ["earlier"])
        self.assertIn(Event("info", "Welcome back."), self.view.events)

    def test_why_a_name_was_refused_is_shown(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"!! Too like kim.\nLogin Id: ")
        self.assertEqual(self.view.events, [Event("error", "Too like kim.")])

    def test_a_room_to_enter(self) -> None:
        self.start(room="#dev")
        self.login()
        self.assertIn("/join #dev", self.sent())

    def test_a_server_without_json_stays_in_text(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.get("user [kim] has entered the room", "[bob] hello", "!! There is no command /format.", "[bob] more")
        self.assertEqual(self.view.texts(), ["hello", "more"])
        self.assertEqual(self.session.state, "online")

    def test_a_server_that_does_not_know_commands_stays_in_text(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.get("user [kim] has entered the room", "[kim] /format json")
        self.clock.advance(SWITCH_WAIT)
        self.assertEqual(self.view.texts(), ["/format json"])

    def test_the_original_server(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"user [kim] has entered the room")
        self.clock.advance(PAUSE_BEFORE_LOGIN)
        self.assertEqual(self.sent(), ["kim"])
        self.assertEqual((self.session.state, self.session.modern), ("online", False))
        self.session.say("hello")
        self.assertEqual(self.link.written, b"hello")
        self.clock.pump([SWEEP] * 10)
        self.assertEqual(self.link.written, b"hello")

    def test_a_name_in_use_and_a_password_are_asked_for(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"Registered username.\nLogin Id: ")
        self.assertEqual(self.view.questions, [("Login Id: ", False)])
        self.session.answer("kim2")
        self.session.link_data(b"Password: ")
        self.assertEqual(self.view.questions[1:], [("Password: ", True)])
        self.session.answer("sesame")
        self.assertEqual(self.sent(), ["kim", "kim2", "sesame"])

    def test_a_known_password_is_given_once(self) -> None:
        self.start(password="sesame")
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"Password: ")
        self.assertEqual(self.sent(), ["kim", "sesame"])
        self.session.link_data(b"!! Wrong.\nPassword: ")
        self.assertEqual(self.view.questions, [("Password: ", True)])

    def test_a_wrong_password_is_forgotten_and_the_same_name_asked_again(self) -> None:
        self.start(password="wrong")
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"Password: ")
        for _ in range(2):
            self.session.link_data(b"!! Wrong name or password.\nLogin Id: ")
            self.session.link_data(b"Password: ")
            self.session.answer("wrong too")
        self.assertEqual(self.sent(), ["kim", "wrong", "kim", "wrong too", "kim", "wrong too"])
        self.assertEqual(self.view.questions, [("Password: ", True)] * 2)
        self.assertIn(Event("error", "Wrong name or password."), self.view.events)

    def test_a_right_password_is_kept_for_coming_back(self) -> None:
        self.session.link_data(b"Login Id: ")
        for password in ("wrong", "right"):
            self.session.link_data(b"Password: ")
            self.session.answer(password)
            if password == "wrong":
                self.session.link_data(b"!! Wrong name or password.\nLogin Id: ")
        self.get("user [kim] has entered the room")
        self.get({"type": "format", "name": "kim", "room": "#lobby", "rooms": ["#lobby"]})
        self.sent()
        self.drop()
        self.connect()
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"Password: ")
        self.assertEqual(self.sent(), ["kim", "right"])
        # It was changed meanwhile, by another connection.
        self.session.link_data(b"!! Wrong name or password.\nLogin Id: ")
        self.session.link_data(b"Password: ")
        self.assertEqual((self.sent(), self.view.questions[1:]), (["kim"], [("Password: ", True)] * 2))

    def test_so_is_one_that_a_command_has_made_valid(self) -> None:
        made = {"type": "account", "account": "kim", "text": "The name kim is yours now."}
        changed = {"type": "info", "text": "Your password is changed."}
        refused = {"type": "error", "code": "bad-password", "text": "Wrong name or password."}
        for told, answers, known in (
            ("/register sesame", [made], "sesame"),
            ("/login kim sesame", [made], "sesame"),
            ("/password old sesame", [changed], "sesame"),
            ("/password old sesame", [refused], "old"),
            (
                "/password wrong sesame",
                [refused, {"type": "info", "text": "kim is away: Your password is changed."}],
                "old",
            ),
        ):
            self.start(password="old")
            self.online()
            self.session.say(told)
            self.get(*answers)
            self.sent()
            self.drop()
            self.connect()
            self.session.link_data(b"Login Id: ")
            self.session.link_data(b"Password: ")
            self.assertEqual(self.sent(), ["kim", known], told)

    def test_a_password_is_for_its_name_only(self) -> None:
        self.start(password="sesame")
        self.login()
        self.drop()
        self.connect()
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"!! You are banned.\nLogin Id: ")
        self.session.answer("eve")
        self.session.link_data(b"Password: ")
        self.assertNotIn("sesame", self.sent())

    def test_no_line_is_taken_during_the_login(self) -> None:
        self.online()
        self.drop()
        self.connect()
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"Password: ")
        self.session.answer("wrong")
        self.session.say("right")
        self.session.paste(["pasted before"])
        self.assertNotIn("right", self.sent())
        self.session.link_data(b"!! Wrong name or password.\nLogin Id: ")
        self.session.link_data(b"Password: ")
        self.session.answer("right")
        self.get("user [kim] has entered the room")
        self.get({"type": "format", "name": "kim", "room": "#lobby", "rooms": ["#lobby"]})
        self.get({"type": "history", "room": "#lobby"})
        self.assertEqual(self.view.offers, [["pasted before"]])

    def test_another_connection_of_an_account_is_logged_in_at_once(self) -> None:
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"Password: ")
        self.session.answer("sesame")
        self.get("-- Welcome to chat.", "~ 2026-11-22 10:00:01 [bob] earlier")
        self.assertEqual(self.sent(), ["kim", "sesame", "/format json"])
        self.get({"type": "format", "name": "kim", "room": "#lobby", "rooms": ["#lobby"]})
        self.get(self.message(1, "earlier", replay=True), {"type": "history", "room": "#lobby", "lines": 1})
        self.assertEqual(self.view.texts(), ["earlier"])
        self.assertEqual(self.view.events.count(Event("info", "Welcome to chat.")), 1)

    def test_a_password_in_the_open_is_warned_of(self) -> None:
        for server, warned in (
            (Server("chat.example"), True),
            (Server("chat.example", tls=True), False),
            (Server(), False),
        ):
            self.start(server=server, password="sesame")
            self.session.link_data(b"Login Id: ")
            self.session.link_data(b"Password: ")
            self.assertIs(any("not encrypted" in event.text for event in self.view.events), warned, server)

    def test_no_connection_at_first_is_the_end(self) -> None:
        self.start()
        self.link.open = False
        session = Session(Clock(), Options(nick="kim"), FakeLink, self.view, lambda: 0.5)
        session.start()
        session.link_down("nobody listens there")
        self.assertEqual(self.view.ended, [(1, "cannot connect to localhost:9009: nobody listens there")])


class StayingTests(SessionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.online()

    def test_asks_for_a_sign_of_life_and_measures_the_lag(self) -> None:
        self.get({"type": "pong", "token": "keep-alive-1"})
        self.clock.pump([SWEEP] * int(SILENT / SWEEP))
        self.assertEqual(self.sent(), ["/ping keep-alive-2"])
        self.clock.advance(0.25)
        self.get({"type": "pong", "token": "keep-alive-2"})
        self.assertEqual(self.session.lag, 0.25)
        self.assertEqual([event for event in self.view.events if event.type == "pong"], [])

    def test_a_dead_link_is_noticed_within_a_minute(self) -> None:
        began = self.clock.seconds()
        for _ in range(120):
            if self.session.state == "online":
                self.clock.advance(1)
        self.assertLess(self.clock.seconds() - began, 60)
        self.assertGreaterEqual(self.clock.seconds() - began, DEAD)

    def test_pauses_grow_and_vary(self) -> None:
        self.drop()
        pauses = []
        for _ in range(10):
            before = self.link.attempts
            began = self.clock.seconds()
            for _ in range(200):
                if self.link.attempts == before:
                    self.clock.advance(0.5)
            pauses.append(self.clock.seconds() - began)
            self.session.link_down("nobody listens there")
        self.assertEqual(pauses[:5], [1, 2, 4, 8, 16])
        self.assertEqual(pauses[-1], LONGEST_PAUSE)
        self.session._random = lambda: 0.0
        self.session.link_down("nobody listens there")
        self.assertEqual(self.session.retry_at - self.clock.seconds(), LONGEST_PAUSE / 2)

    def test_what_was_missed_is_shown_once_and_in_order(self) -> None:
        self.get(self.message(5, "five"))
        self.drop()
        self.connect()
        self.login("~ 2026-11-22 10:00:05 [bob] five", "~ 2026-11-22 10:00:06 [bob] six")
        self.assertIn("/history 1000000 after 5", self.sent())
        self.get(self.message(8, "eight"), self.message(6, "six", replay=True), self.message(7, "seven", replay=True))
        self.assertEqual(self.view.texts(), ["five"])
        self.get({"type": "history", "room": "#lobby", "lines": 2}, self.message(9, "nine"))
        self.assertEqual(self.view.texts(), ["five", "six", "seven", "eight", "nine"])

    def test_returns_to_every_room_the_current_one_last(self) -> None:
        for room in ("#b", "#c"):
            self.get({"type": "join", "id": 10, "room": room, "from": "kim"}, {"type": "room", "room": room})
        self.get({"type": "room", "room": "#b"}, self.message(20, "in c", "#c"))
        self.session.say("/away lunch")
        self.drop()
        self.connect()
        self.login()
        sent = [line for line in self.sent() if not line.startswith(("/who", "/ping keep"))]
        self.assertEqual(
            sent,
            [
                *("kim", "/format json", "/history 50", "/join #c", "/history 1000000 after 20"),
                *("/join #b", "/history 1000000 after 10", "/away lunch", "/ping returned-to-rooms"),
            ],
        )
        self.assertEqual(self.session.rooms["#c"].unread, 1)

    def test_a_key_opens_the_room_again(self) -> None:
        self.session.say("/join #B the key")
        self.get({"type": "join", "id": 10, "room": "#b", "from": "kim"}, {"type": "room", "room": "#b"})
        self.drop()
        self.connect()
        self.login()
        self.assertIn("/join #b the key", self.sent())

    def test_direct_messages_that_came_meanwhile_are_shown(self) -> None:
        self.drop()
        self.connect()
        self.login("~ 2026-11-22 10:00:01 [bob -> kim] psst", "~ 2026-11-22 10:00:01 [bob] in the room")
        self.assertIn("psst", [event.text for event in self.view.events if event.type == "direct"])
        self.assertEqual(self.view.texts(), [])

    def test_a_room_that_cannot_be_entered_again_holds_nothing_up(self) -> None:
        self.get({"type": "join", "id": 10, "room": "#b", "from": "kim"}, {"type": "room", "room": "#b"})
        self.drop()
        self.session.say("typed meanwhile")
        self.connect()
        self.login()
        self.get({"type": "history", "room": "#lobby"}, {"type": "error", "text": "banned"})
        self.assertEqual(self.view.offers, [])
        self.get({"type": "pong", "token": "returned-to-rooms"})
        self.assertEqual(self.view.offers, [["typed meanwhile"]])

    def test_the_name_of_a_ghost_is_tried_again(self) -> None:
        self.drop()
        self.connect()
        self.session.link_data(b"Login Id: ")
        self.session.link_data(b"Registered username.\nLogin Id: ")
        self.assertEqual(self.view.questions, [])
        self.clock.advance(2)
        self.assertEqual(self.sent(), ["kim", "kim"])

    def test_lines_without_echo_and_lines_typed_offline_are_offered(self) -> None:
        for line in ("arrived", "lost on the way"):
            self.session.say(line)
        self.get(self.message(5, "arrived", sender="kim"))
        self.drop()
        self.session.say("typed offline")
        self.connect()
        self.login()
        self.assertEqual(self.view.offers, [])
        self.get({"type": "history", "room": "#lobby"})
        self.assertEqual(self.view.offers, [["lost on the way", "typed offline"]])

    def test_a_line_that_arrived_before_the_connection_broke_is_not_offered(self) -> None:
        self.session.say("arrived without echo")
        self.drop()
        self.connect()
        self.login()
        self.get(self.message(5, "arrived without echo", sender="kim", replay=True))
        self.get({"type": "history", "room": "#lobby", "lines": 1})
        self.assertEqual(self.view.offers, [])

    def test_pasted_lines_go_out_slowly_and_in_order(self) -> None:
        self.session.paste(["one", "two", "three"])
        self.assertEqual(self.sent(), ["one"])
        self.clock.advance(PASTE_INTERVAL)
        self.assertEqual(self.sent(), ["two"])
        self.drop()
        self.clock.advance(0.1)
        self.connect()
        self.login()
        self.get({"type": "history", "room": "#lobby"})
        self.assertEqual(self.view.offers, [["one", "two", "three"]])

    def test_quit_ends_with_the_connection(self) -> None:
        self.session.say("/quit lunch")
        self.assertEqual(self.sent(), ["/quit lunch"])
        self.assertEqual(self.view.ended, [])
        self.drop()
        self.assertEqual(self.view.ended, [(0, "")])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_quit_without_connection_tells_what_was_not_sent(self) -> None:
        self.drop()
        self.session.say("typed offline")
        self.session.say("/quit")
        self.assertEqual(self.view.ended, [(1, "1 line was not sent, for want of a connection")])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_may_hold_a_password_is_not_kept(self) -> None:
        self.drop()
        self.session.say("/login kim sesame")
        self.connect()
        self.login()
        self.get({"type": "history", "room": "#lobby"})
        self.assertEqual(self.view.offers, [])
        self.assertFalse([event for event in self.view.events if "sesame" in event.text])

    def test_being_kicked_is_told_in_the_room_one_lands_in(self) -> None:
        self.get({"type": "join", "id": 3, "room": "#x", "from": "kim"}, {"type": "room", "room": "#x"})
        self.view.where.clear()
        self.get({"type": "kick", "id": 4, "room": "#x", "from": "bob", "to": "kim", "text": "rude"})
        self.get({"type": "info", "text": "You were kicked from #x: rude"})
        self.get({"type": "room", "room": "#lobby", "text": "You are now in #lobby."})
        self.assertIn(("#lobby", "You were kicked from #x: rude"), self.view.where)
        self.assertEqual(self.session.rooms.joined(), ["#lobby"])

    def test_a_room_that_one_left_is_not_returned_to(self) -> None:
        self.get({"type": "join", "id": 3, "room": "#x", "from": "kim"}, {"type": "room", "room": "#x"})
        self.get({"type": "info", "text": "You left #x."}, {"type": "room", "room": "#lobby"})
        self.assertEqual((self.session.rooms.joined(), self.session.rooms.current), (["#lobby"], "#lobby"))
        self.get({"type": "join", "id": 5, "room": "#y", "from": "kim"}, {"type": "room", "room": "#y"})
        self.get({"type": "info", "text": "You left #lobby."})
        self.assertEqual((self.session.rooms.joined(), self.session.rooms.current), (["#y"], "#y"))

    def test_the_count_after_a_kick(self) -> None:
        self.get({"type": "who", "room": "#lobby", "members": [{"name": "kim"}, {"name": "bob"}], "text": "x"})
        self.get({"type": "kick", "id": 4, "room": "#lobby", "from": "kim", "to": "bob"})
        self.assertEqual(self.session.rooms["#lobby"].count, 1)

    def test_history_that_was_asked_for_is_shown_again_with_its_numbers(self) -> None:
        self.get(self.message(5, "five"))
        for line, numbered in (("/history 5 ids", True), ("/history 5", False)):
            self.session.say(line)
            self.get(self.message(5, "five", replay=True), {"type": "history", "room": "#lobby", "text": "End."})
            shown = [event for event in self.view.events if event.type == "message"][-1]
            self.assertEqual((shown.replay, shown.numbered), (True, numbered))
        self.assertEqual(self.view.texts(), ["five"] * 3)

    def test_rooms_that_are_listed_are_known(self) -> None:
        self.get({"type": "rooms", "rooms": [{"room": "#lobby"}, {"room": "#ops"}], "text": "#lobby (2)"})
        self.assertEqual(self.session.listed, ("#lobby", "#ops"))

    def test_an_answer_to_who_is_shown_when_it_was_asked_for(self) -> None:
        who = {"type": "who", "room": "#lobby", "members": [{"name": "kim"}, {"name": "bob"}], "text": "In #lobby:"}
        self.get(who)
        self.assertEqual([event for event in self.view.events if event.type == "who"], [])
        self.assertEqual(self.session.rooms["#lobby"].count, 2)
        self.get(who)
        self.assertEqual(len([event for event in self.view.events if event.type == "who"]), 1)

    def test_ones_own_new_name_is_kept(self) -> None:
        self.get({"type": "rename", "id": 9, "room": "#lobby", "from": "kim", "to": "kimchi"})
        self.drop()
        self.connect()
        self.session.link_data(b"Login Id: ")
        self.assertEqual(self.sent(), ["kimchi"])


class OutboxTests(TestCase):
    def test_an_echo_confirms_what_was_said_before_it(self) -> None:
        outbox = Outbox()
        for line in ("one", "/who", "//slash", "/me waves", "two"):
            outbox.sent(line)
        outbox.heard(Event("action", "waves"))
        outbox.keep("three")
        self.assertEqual(outbox.unsent(), ["two", "three"])
        self.assertEqual(outbox.unsent(), [])

    def test_an_escaped_slash_is_recognised(self) -> None:
        outbox = Outbox()
        outbox.sent("//etc  is full ")
        outbox.heard(Event("message", "/etc is full"))
        self.assertEqual(outbox.unsent(), [])
