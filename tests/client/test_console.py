"""Tests for L{twisted_chat.client.console}: keys in, and what a terminal emulator shows of the frames."""

from __future__ import annotations

import datetime

from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from twisted_chat.client.config import Options, Server
from twisted_chat.client.console import Console
from twisted_chat.client.events import Event
from twisted_chat.client.history import History
from twisted_chat.client.question import WAIT
from twisted_chat.client.rooms import Rooms

try:
    import pyte
except ImportError:
    MISSING = "pyte is not installed"
else:
    MISSING = ""


class FakeSession:
    """What a console uses of a session, and what it was told."""

    def __init__(self) -> None:
        self.rooms = Rooms()
        self.rooms.note(Event("join", room="#lobby", sender="kim"), "kim", False)
        self.rooms.focus("#lobby")
        self.name, self.state, self.lag, self.retry_at, self.pasting = "kim", "online", 0.012, 0.0, False
        self.listed: tuple[str, ...] = ()
        self.said: list[str] = []
        self.pasted: list[str] = []
        self.answers: list[str] = []
        self.ended: list[int] = []
        self.left = False

    def say(self, line: str) -> None:
        self.said.append(line)

    def paste(self, lines: list[str]) -> None:
        self.pasted += lines

    def answer(self, text: str) -> None:
        self.answers.append(text)

    def leave(self) -> None:
        self.left = True

    def end(self, status: int) -> None:
        self.ended.append(status)


class ConsoleTests(TestCase):
    skip = MISSING or None

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(100)
        self.output = bytearray()
        self.history = History(["first line", "second line"])
        self.size = (8, 50)
        self.console = Console(
            self.clock,
            Options(Server("chat.example")),
            self.output.extend,
            lambda: self.size,
            self.history,
            lambda: None,
            now=lambda: 36000.0,
            zone=datetime.UTC,
        )
        self.session = FakeSession()
        self.console.session = self.session
        self.screen = pyte.Screen(self.size[1], self.size[0])
        self.stream = pyte.ByteStream(self.screen)

    def lines(self) -> list[str]:
        """What the terminal shows once every frame is drawn."""
        self.clock.advance(1)
        self.stream.feed(bytes(self.output))
        self.output.clear()
        return [line.rstrip() for line in self.screen.display]

    def press(self, keys: str) -> str:
        """The input line after some keys."""
        self.console.input_received(keys.encode())
        return self.lines()[-1]

    def test_typing_editing_and_sending(self) -> None:
        self.assertEqual(self.press("h\u00e9llo 漢字"), "[#lobby] h\u00e9llo 漢字")
        # The emulator counts columns: two for each of the wide characters.
        self.assertEqual(self.screen.cursor.x, len("[#lobby] hello ") + 4)
        self.assertEqual(self.press("\x1b[D\x7fx\x01>"), "[#lobby] >h\u00e9llo x字")
        self.assertEqual(self.press("\r"), "[#lobby]")
        self.assertEqual(self.session.said, [">h\u00e9llo x字"])

    def test_what_is_said_stands_above(self) -> None:
        self.press("typed")
        self.console.show(Event("message", "hello there", 1, 36000.0, "#lobby", "bob"))
        self.assertEqual(
            self.lines()[-3:],
            ["10:00 [bob] hello there", " online, 12 ms | #lobby (1) | kim | chat.example:9", "[#lobby] typed"],
        )

    def test_each_room_has_its_lines(self) -> None:
        self.session.rooms.note(Event("join", room="#dev", sender="kim"), "kim", False)
        self.console.show(Event("message", "in dev", 1, 36000.0, "#dev", "bob"))
        self.console.show(Event("message", "in lobby", 2, 36000.0, "#lobby", "bob"))
        self.assertEqual([line for line in self.lines() if "in " in line], ["10:00 [bob] in lobby"])
        self.session.rooms.focus("#dev")
        self.console.changed()
        self.assertEqual([line for line in self.lines() if "in " in line], ["10:00 [bob] in dev"])

    def test_what_was_deleted_is_seen_no_more(self) -> None:
        for number in (1, 2):
            self.console.show(Event("message", f"text {number}", number, 36000.0, "#lobby", "bob"))
        self.lines()
        self.console.show(Event("delete", "1", 3, 36000.0, "#lobby", "kim", "bob"))
        self.assertEqual(
            self.lines()[-5:-2],
            [
                *("10:00 [bob] (deleted)", "10:00 [bob] text 2"),
                "10:00 -- user [kim] deleted message 1 of [bob]",
            ],
        )

    def test_rooms_that_were_listed_are_completed(self) -> None:
        self.session.listed = ("#lobby", "#ops")
        self.assertEqual(self.press("/join \t\t"), "[#lobby] /join #ops")
        self.assertEqual(self.press("\x15/join o\t"), "[#lobby] /join #ops")
        self.assertEqual(self.press("\x15see #o\t"), "[#lobby] see #ops")

    def test_what_was_asked_for_is_shown_where_one_is(self) -> None:
        self.console.show(Event("message", "found", 1, 36000.0, "#dev", "bob", replay=True), asked=True)
        self.assertIn("10:00 #dev [bob] found", self.lines())

    def test_history_and_its_search(self) -> None:
        self.assertEqual(self.press("draft\x1b[A"), "[#lobby] second line")
        self.assertEqual(self.press("\x1b[A"), "[#lobby] first line")
        self.assertEqual(self.press("\x1b[B\x1b[B"), "[#lobby] draft")
        self.assertEqual(self.press("\x12LINE"), "(search) LINE: second line")
        self.assertEqual(self.press("\x12"), "(search) LINE: first line")
        self.assertEqual(self.press("\x1b"), "(search) LINE: first line")
        self.assertEqual(self.lines()[-1], "[#lobby] draft")
        self.press("\x12fir\r")
        self.assertEqual(self.session.said, ["first line"])
        self.assertEqual(self.history.lines[-1], "first line")

    def test_ctrl_c_clears_and_ctrl_d_leaves_when_empty(self) -> None:
        self.assertEqual(self.press("draft\x03"), "[#lobby]")
        self.assertFalse([line for line in self.lines() if "Ctrl-D" in line])
        self.press("\x03")
        self.assertTrue([line for line in self.lines() if "Ctrl-D or /quit leaves." in line])
        self.press("x\x01\x04")
        self.assertFalse(self.session.left)
        self.press("\x04")
        self.assertTrue(self.session.left)

    def test_a_question_puts_the_line_aside(self) -> None:
        self.press("half a line")
        self.console.ask("Password: ", True)
        self.assertEqual(self.lines()[-1], "Password:")
        self.assertEqual(self.press("s\u00e9same"), "Password: ******")
        self.assertEqual(self.press("\x1b[A"), "Password: ******")
        self.assertEqual(self.press("\r"), "[#lobby] half a line")
        self.assertEqual(self.session.answers, ["s\u00e9same"])
        self.assertNotIn("s\u00e9same", self.history.lines)
        self.console.ask("Login Id: ", False)
        self.press("x")
        self.console.unask()
        self.assertEqual(self.lines()[-1], "[#lobby] half a line")
        self.console.ask("Login Id: ", False)
        self.press("\x03")
        self.assertEqual(self.session.ended, [130])

    def test_what_is_typed_during_the_login_is_no_line(self) -> None:
        self.press("half a line")
        self.session.state = "login"
        self.console.ask("Password: ", True)
        self.assertEqual(self.press("wrong\r"), "(logging in, wait)")
        self.assertEqual(self.press("right"), "(logging in, wait) *****")
        self.assertEqual(self.press("\r"), "(logging in, wait)")
        self.press("righ")
        self.console.ask("Password: ", True)
        self.assertEqual(self.lines()[-1], "Password:")
        self.press("right\rtoo early")
        self.assertEqual(self.session.answers, ["wrong", "right"])
        self.session.state = "online"
        self.console.changed()
        self.assertEqual(self.lines()[-1], "[#lobby] half a line")
        self.assertEqual((self.session.said, self.history.lines), ([], ["first line", "second line"]))

    def test_a_password_that_was_being_typed_when_the_connection_broke(self) -> None:
        self.press("half a line")
        self.session.state = "login"
        self.console.ask("Password: ", True)
        self.press("ses")
        self.session.state = "offline"
        self.console.unask()
        self.console.changed()
        self.assertEqual(self.press("ame"), "(logging in, wait) ***")
        self.press("\r")
        self.session.state = "online"
        self.console.changed()
        self.assertEqual(self.lines()[-1], "[#lobby] half a line")
        self.assertEqual((self.session.said, self.history.lines), ([], ["first line", "second line"]))

    def test_a_line_begun_during_the_login_stays(self) -> None:
        self.session.state = "login"
        self.assertEqual(self.press("hello\r"), "(logging in, wait) hello")
        self.session.state = "online"
        self.console.changed()
        self.assertEqual(self.press("\r"), "[#lobby]")
        self.assertEqual(self.session.said, ["hello"])

    def test_a_paste_of_one_line_is_typed_and_of_more_asks(self) -> None:
        self.assertEqual(self.press("\x1b[200~one\n\x1b[201~"), "[#lobby] one")
        self.press("\x1b[200~two\n\nthr\x1bee\n\x1b[201~")
        self.assertIn("Send 2 lines pasted? y/n", self.lines()[-2])
        self.assertEqual(self.press("x\r"), "[#lobby] one")
        self.press("y")
        self.assertEqual(self.session.pasted, ["two", "thr\N{REPLACEMENT CHARACTER}ee"])
        self.assertEqual(self.session.said, [])

    def test_many_lines_at_once_go_out_as_a_paste(self) -> None:
        self.press("1\r2\r3\r4\r5\r")
        self.assertEqual((self.session.said, self.session.pasted), (["1", "2", "3"], ["4", "5"]))

    def test_an_offer_does_not_take_a_letter_of_what_is_typed(self) -> None:
        self.console.offer(["unsent"])
        self.assertEqual(self.session.pasted, [])
        self.console.input_received(b"y")
        self.assertEqual(self.session.pasted, [])
        self.assertEqual(self.press("es"), "[#lobby] yes")
        self.assertIn("Send 1 line not sent while there was no connec", self.lines()[-2])
        self.press("\x1by")
        self.assertEqual(self.session.pasted, ["unsent"])

    def test_an_offer_is_answered_on_an_empty_line_after_a_while(self) -> None:
        self.console.offer(["unsent"])
        self.clock.advance(WAIT)
        self.press("n")
        self.assertNotIn("Send", self.lines()[-2])
        self.assertEqual((self.session.pasted, self.lines()[-1]), ([], "[#lobby]"))

    def test_the_bell_rings_for_mentions_and_can_be_off(self) -> None:
        for text, replay, rings in (("hello", False, 0), ("hello kim", True, 0), ("kim?", False, 1)):
            self.console.show(Event("message", text, 1, 36000.0, "#lobby", "bob", replay=replay))
            self.clock.advance(1)
            self.assertEqual(self.output.count(b"\x07"), rings, text)
        self.output.clear()
        self.press("/set bell off\r")
        self.console.show(Event("message", "kim?", 2, 36000.0, "#lobby", "bob"))
        self.clock.advance(1)
        self.assertEqual(self.output.count(b"\x07"), 0)

    def test_colours_can_be_off(self) -> None:
        self.press("/set colours off\r")
        self.output.clear()
        self.console.show(Event("message", "hello kim", 1, 36000.0, "#lobby", "bob"))
        self.clock.advance(1)
        self.assertNotIn(b"38;5;", self.output)

    def test_scrolling(self) -> None:
        for number in range(20):
            self.console.show(Event("message", f"text {number}", number + 1, 36000.0, "#lobby", "bob"))
        self.press("\x1b[5~")
        self.assertIn("text 14", self.lines()[-3])
        self.assertIn("more below", self.lines()[-2])
        self.console.show(Event("message", "new", 99, 36000.0, "#lobby", "bob"))
        self.assertIn("text 14", self.lines()[-3])
        self.press("\x1b[6~\x1b[6~")
        self.assertIn("new", self.lines()[-3])

    def test_rooms_are_switched_by_keys(self) -> None:
        self.session.rooms.note(Event("join", room="#dev", sender="kim"), "kim", False)
        self.session.rooms.note(Event("message", room="#dev", sender="bob"), "kim", False)
        self.press("\x0e\x10\x1ba")
        self.assertEqual(self.session.said, ["/join #dev", "/join #dev", "/join #dev"])

    def test_frames_wait_for_a_slow_terminal_and_for_each_other(self) -> None:
        self.lines()
        for number in range(1000):
            self.console.show(Event("message", f"text {number}", number + 1, 36000.0, "#lobby", "bob"))
        self.assertEqual(self.output, b"")
        self.console.output_flow(False)
        self.clock.advance(10)
        self.assertEqual(self.output, b"")
        self.console.output_flow(True)
        self.assertIn("text 999", self.lines()[-3])

    def test_any_size_of_terminal(self) -> None:
        self.console.show(Event("message", "漢字 " * 20, 1, 36000.0, "#lobby", "bob"))
        for rows, columns in ((1, 1), (2, 3), (3, 10), (50, 300)):
            self.size = rows, columns
            self.console.resized()
            self.press("é漢")
            self.clock.advance(1)
