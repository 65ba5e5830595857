"""Tests for L{twisted_chat.client.history}, L{completion}, L{highlight} and L{local}: what helps with typing."""

import stat
import tempfile
from pathlib import Path

from twisted.trial.unittest import TestCase

from twisted_chat.chat.commands import COMMANDS
from twisted_chat.client import history, local
from twisted_chat.client.completion import Completer
from twisted_chat.client.highlight import mentions
from twisted_chat.client.history import History


class CommandsTests(TestCase):
    def test_all_commands_of_the_server_are_completed(self) -> None:
        self.assertEqual({name[1:] for name in local.SERVER_COMMANDS}, set(COMMANDS) - {"format"})


class HistoryTests(TestCase):
    def test_back_and_forward_to_the_line_being_typed(self) -> None:
        lines = History(["one", "two"])
        self.assertEqual(lines.back("draft"), "two")
        self.assertEqual(lines.back("two"), "one")
        self.assertIsNone(lines.back("one"))
        self.assertEqual(lines.forward(), "two")
        self.assertEqual(lines.forward(), "draft")
        self.assertIsNone(lines.forward())

    def test_blanks_repetitions_and_passwords_are_left_out(self) -> None:
        lines = History()
        for line in (
            "one",
            "one",
            "  ",
            "/login kim sesame",
            "/REGISTER sesame",
            "/ghost kim sesame",
            "/unregister sesame",
            "/regsiter sesame",
            "/lgoin kim sesame",
            "/join #a key",
            "/mode key x",
            "two",
            "one",
        ):
            lines.add(line)
        self.assertEqual(lines.lines, ["one", "two", "one"])

    def test_search(self) -> None:
        lines = History(["Hello World", "other", "hello again"])
        self.assertEqual(lines.search("HELLO"), 2)
        self.assertEqual(lines.search("hello", before=2), 0)
        self.assertIsNone(lines.search("nothing"))
        self.assertIsNone(lines.search(""))

    def test_kept_between_runs_for_its_owner_only(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "new" / "history"
            lines = history.load(path)
            for number in range(history.MAX_LINES + 5):
                lines.add(f"é {number}")
            history.save(path, lines)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            again = history.load(path)
            self.assertEqual(again.lines, [f"é {n}" for n in range(5, history.MAX_LINES + 5)])
            self.assertEqual([entry.name for entry in path.parent.iterdir()], ["history"])

    def test_a_place_that_cannot_be_written_is_no_error(self) -> None:
        history.save(Path("/proc/nowhere/history"), History(["one"]))


class CompleterTests(TestCase):
    def complete(self, text: str, **changes: object) -> str:
        completer = Completer()
        given = {"commands": ["/join", "/me", "/msg"], "rooms": ["#dev", "#lobby"], "names": ["bob", "Bert", "eve"]}
        line, cursor = completer.complete(text, len(text), **{**given, **changes})
        self.assertEqual(cursor, len(line))
        return line

    def test_words(self) -> None:
        for text, completed in {
            "/j": "/join ",
            "/JO": "/join ",
            "say /j": "say /j",
            "/join #d": "/join #dev ",
            "e": "eve: ",
            "hello E": "hello eve ",
            "hello @e": "hello @eve ",
            "/msg ": "/msg bob ",
            "/msg B": "/msg bob ",
            "": "",
            "x": "x",
        }.items():
            self.assertEqual(self.complete(text), completed)

    def test_the_most_recent_speaker_comes_first_and_tab_goes_on(self) -> None:
        completer, line, cursor = Completer(), "b", 1
        seen = []
        for _ in range(3):
            line, cursor = completer.complete(line, cursor, [], [], ["bert", "Bob"])
            seen.append(line)
        self.assertEqual(seen, ["bert: ", "Bob: ", "bert: "])
        line, cursor = completer.complete(line, cursor, [], [], ["bert", "Bob"], backwards=True)
        self.assertEqual(line, "Bob: ")

    def test_in_the_middle_of_a_line(self) -> None:
        self.assertEqual(Completer().complete("hi ev there", 5, [], [], ["eve"]), ("hi eve there", 7))


class MentionTests(TestCase):
    def test_mentions(self) -> None:
        for text, mentioned in {
            "kim: hello": True, "hello KIM!": True, "kimchi, kim?": True, "@kim": True,
            "kimchi": False, "skim": False, "kim-2": False, "": False,
        }.items():  # fmt: skip
            self.assertIs(mentions(text, "kim"), mentioned, text)
        self.assertFalse(mentions("anything", ""))


class LocalTests(TestCase):
    def setUp(self) -> None:
        self.settings = local.Settings()
        self.cleared: list[bool] = []

    def run_line(self, line: str) -> str | None:
        return local.run(line, self.settings, lambda: self.cleared.append(True))

    def test_set(self) -> None:
        self.assertEqual(self.run_line("/set"), "timestamps on\ncolours on\nbell on")
        self.assertEqual(self.run_line("/set bell off"), "bell off")
        self.assertFalse(self.settings.bell)
        for line in ("/set x", "/set bell maybe", "/set bell on on"):
            with self.assertRaises(local.Refused):
                self.run_line(line)

    def test_what_is_for_the_server(self) -> None:
        for line in ("hello", "/join #a", "/help", "/help join", "//set", "/settle"):
            self.assertIsNone(self.run_line(line))

    def test_the_others(self) -> None:
        self.assertIn("Ctrl-R", self.run_line("/keys") or "")
        self.assertIn("/set", self.run_line("/help set") or "")
        self.run_line("/clear")
        self.assertEqual(self.cleared, [True])
        with self.assertRaises(local.Refused):
            self.run_line("/format text")
