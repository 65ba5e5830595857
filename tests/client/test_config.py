"""Tests for L{twisted_chat.client.config}."""

import contextlib
import io
import tempfile
from pathlib import Path

from twisted.trial.unittest import TestCase

from twisted_chat.client.config import ConfigError, Place, Server, load, parse_place


class PlaceTests(TestCase):
    def test_what_an_address_can_be(self) -> None:
        for text, place in {
            "example.org": Place("example.org"),
            "example.org:99": Place("example.org", 99),
            "[::1]:99": Place("::1", 99),
            "::1": Place("::1"),
            "chat://example.org": Place("example.org", tls=False),
            "chats://kim@example.org:99/ops": Place("example.org", 99, True, "kim", "#ops"),
            "chats://example.org/%23ops": Place("example.org", None, True, None, "#ops"),
            "chats://example.org/#ops": Place("example.org", None, True, None, "#ops"),
            "/run/chat.sock": Place("/run/chat.sock"),
        }.items():
            self.assertEqual(parse_place(text), place, text)

    def test_what_it_cannot_be(self) -> None:
        for text in ("", ":99", "host:0", "host:99999", "host:x", "http://host", "chats://", "[::1"):
            with self.assertRaises(ConfigError, msg=text):
                parse_place(text)

    def test_a_password_in_a_url_is_refused_and_not_repeated(self) -> None:
        with self.assertRaises(ConfigError) as caught:
            parse_place("chats://kim:sesame@example.org/")
        self.assertNotIn("sesame", str(caught.exception))


class LoadTests(TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "twisted-chat").mkdir()
        self.environ = {"XDG_CONFIG_HOME": folder.name, "HOME": folder.name, "TERM": "xterm"}

    def write(self, text: str) -> None:
        (self.folder / "twisted-chat" / "config").write_text(text)

    def test_defaults(self) -> None:
        options = load([], self.environ)
        self.assertEqual(options.server, Server("localhost", 9009))
        self.assertEqual((options.nick, options.room, options.password), (None, None, None))
        self.assertEqual(options.settings, {"timestamps": True, "colours": True, "bell": True})

    def test_a_certificate_to_show_means_tls(self) -> None:
        options = load(["--cert", "~/kim.pem"], self.environ)
        self.assertEqual((options.server.tls, options.server.cert), (True, Path("~/kim.pem").expanduser()))
        self.write("[client]\ncert = /kim.pem\n")
        options = load(["--tls"], self.environ)
        self.assertEqual((options.server.tls, options.server.cert), (True, Path("/kim.pem")))

    def test_the_command_line_counts_before_the_url_and_that_before_the_file(self) -> None:
        self.write("[client]\nserver = chats://file@file.example/file\nnick = other\nbell = off\n")
        options = load([], self.environ)
        self.assertEqual((options.server.host, options.server.tls, options.nick), ("file.example", True, "file"))
        options = load(["chat://url@url.example/url", "--room", "option"], self.environ)
        self.assertEqual((options.server.host, options.server.tls), ("url.example", False))
        self.assertEqual((options.nick, options.room), ("url", "#option"))
        self.assertFalse(options.settings["bell"])

    def test_a_file_with_mistakes(self) -> None:
        for text in (
            "nonsense",
            "[client]\nfrob = 1\n",
            "[client]\nbell = perhaps\n",
            "[client]\nnick = \x07\n",
        ):
            self.write(text)
            with self.assertRaises(ConfigError, msg=text):
                load([], self.environ)

    def test_a_room_with_blanks(self) -> None:
        for arguments in (["--room", "no room"], ["chat://localhost/no%20room"], []):
            self.write("[client]\nroom = #no room\n")
            with self.assertRaises(ConfigError) as raised:
                load(arguments, self.environ)
            self.assertEqual(raised.exception.status, 3)

    def test_passwords(self) -> None:
        secret = self.folder / "secret"
        secret.write_text("from file\nsecond line\n")
        self.assertEqual(load(["--password-file", str(secret)], self.environ).password, "from file")
        environ = {**self.environ, "TWISTED_CHAT_PASSWORD": "from environment"}
        options = load([], environ)
        self.assertEqual(options.password, "from environment")
        self.assertNotIn("from environment", repr(options))
        with self.assertRaises(ConfigError):
            load(["--password-file", str(self.folder / "missing")], self.environ)

    def test_the_version(self) -> None:
        with self.assertRaises(SystemExit) as ended, contextlib.redirect_stdout(io.StringIO()) as out:
            load(["--version"], self.environ)
        self.assertEqual(ended.exception.code, 0)
        self.assertTrue(out.getvalue().startswith("twisted-chat "))

    def test_no_color(self) -> None:
        self.assertFalse(load([], {**self.environ, "NO_COLOR": "1"}).settings["colours"])
