"""The options in a file: the command line goes before it, and what it says is checked."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.daemon.options import Options


class ConfigurationCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twisted-chat-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.patch(sys, "__stderr__", io.StringIO())
        self.file = self.folder / "chat.toml"

    def parse(self, text: str | bytes, *arguments: str) -> Options:
        self.file.write_bytes(text if isinstance(text, bytes) else text.encode())
        options = Options()
        options.parseOptions(["--config", str(self.file), *arguments])
        return options

    def refused(self, text: str | bytes) -> str:
        error = self.assertRaises(SystemExit, self.parse, text)
        line = str(error.code)
        self.assertNotIn("\n", line)
        self.assertTrue(line.startswith(f"twisted-chat: {self.file}: "), line)
        return line


class FileTests(ConfigurationCase):
    def test_every_option_can_be_in_the_file(self) -> None:
        said = {
            "line": ["tcp:1", "unix:/x"], "irc": ["tcp:2"], "database": "d", "motd": "m", "name": "n", "keep": "90d",
            "guests": "no", "send-queue": 99, "log-format": "text",
        }  # fmt: skip
        options = self.parse("".join(f"{key} = {value!r}\n" for key, value in said.items()))
        for key, value in said.items():
            self.assertEqual(options[key], value, key)

    def test_there_is_no_option_that_the_file_does_not_know(self) -> None:
        """So that whoever adds one thinks of the file: those that are no texts need a default that says so."""
        options = Options()
        for name in options:
            if name == "config":
                continue
            text = self.refused(f"{name} = {{}}\n")
            self.assertIn(f"{name!r}: should be ", text)

    def test_the_command_line_goes_before_the_file(self) -> None:
        options = self.parse('name = "file"\nline = ["tcp:1"]\nkeep = 5\n', "--name", "mine", "-l", "tcp:2")
        self.assertEqual((options["name"], options["line"], options["keep"]), ("mine", ["tcp:2"], "5"))
        options = self.parse('database = "file"\n', "-d", "mine")
        self.assertEqual(options["database"], "mine")
        options = self.parse("send-queue = 5\n", "--send-queue=7")
        self.assertEqual(options["send-queue"], 7)

    def test_said_on_the_command_line_as_the_default_it_still_goes_before(self) -> None:
        self.assertEqual(self.parse('name = "file"\n', "--name", "chat")["name"], "chat")

    def test_other_ways_to_say_the_same(self) -> None:
        options = self.parse('line = "tcp:1"\nguests = false\nkeep = "90d"\n')
        self.assertEqual((options["line"], options["guests"], options["keep"]), (["tcp:1"], "no", "90d"))
        self.assertEqual(self.parse("guests = true\n")["guests"], "yes")

    def test_other_places_that_know_passwords(self) -> None:
        passwords = self.folder / "passwd"
        passwords.write_text("kim:secret\n")
        options = self.parse(f'auth = ["file:{passwords}"]\n')
        self.assertEqual(len(options["credCheckers"]), 1)
        self.assertIn("cannot be read", str(self.assertRaises(SystemExit, self.parse, 'auth = ["file:/none"]').code))

    def test_a_name_that_is_no_option_is_refused_by_name(self) -> None:
        self.assertIn("'colour': there is no such option", self.refused('colour = "red"\n'))
        self.assertIn("'config': there is no such option", self.refused('config = "other"\n'))
        self.assertIn("'help': there is no such option", self.refused("help = true\n"))

    def test_a_value_of_the_wrong_kind_is_refused_and_the_key_is_named(self) -> None:
        for text, wanted in (
            ("name = 5", "'name': should be a text in quotes, not 5"),
            ("name = true", "'name': should be a text in quotes, not True"),
            ('send-queue = "much"', "'send-queue': should be a whole number, not 'much'"),
            ("send-queue = 1.5", "'send-queue': should be a whole number, not 1.5"),
            ("send-queue = true", "'send-queue': should be a whole number, not True"),
            ("line = 9009", "'line': should be a list of texts in quotes, not 9009"),
            ("line = [9009]", "'line': should be a list of texts in quotes, not [9009]"),
            ("keep = 1.5", "'keep': should be a text in quotes, not 1.5"),
            ("[motd]\nfile = 1", "'motd': should be a text in quotes, not a table"),
        ):
            self.assertIn(wanted, self.refused(text))

    def test_what_is_no_toml_is_refused_with_its_place(self) -> None:
        self.assertIn("line 2", self.refused('name = "a"\nname\n'))
        self.refused(b'name = "\xff"\n')

    def test_a_file_that_cannot_be_read(self) -> None:
        options = Options()
        error = self.assertRaises(SystemExit, options.parseOptions, ["--config", "/none.toml"])
        self.assertEqual(
            str(error.code), "twisted-chat: cannot read the configuration: /none.toml: No such file or directory"
        )


class RereadTests(ConfigurationCase):
    def test_what_has_changed_is_told_and_nothing_is_changed_yet(self) -> None:
        options = self.parse('name = "a"\nsend-queue = 5\nkeep = "1d"\n', "--guests", "no")
        self.assertEqual(options.reread(), {})
        self.file.write_text('name = "b"\nsend-queue = 5\nguests = "yes"\nline = ["tcp:1"]\n')
        self.assertEqual(options.reread(), {"name": "b", "keep": None, "line": ["tcp:1"]})
        self.assertEqual(options["name"], "a")

    def test_a_bad_file_is_told(self) -> None:
        options = self.parse("")
        self.file.write_text("name = 5\n")
        self.assertIn("'name'", str(self.assertRaises(ValueError, options.reread)))

    def test_without_a_file_nothing_changes(self) -> None:
        options = Options()
        options.parseOptions(["--name", "x"])
        self.assertEqual(options.reread(), {})
