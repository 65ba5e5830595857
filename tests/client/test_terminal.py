"""The client on a terminal, as a process on a pseudo terminal whose output a terminal emulator draws."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from client_support import PATIENCE, ScriptServer, read_line
from daemon_support import NO_DAEMON, Daemon, Talker
from terminal_support import MISSING, Terminal
from twisted.trial.unittest import TestCase

#: What the client itself writes besides text.
OWN_SEQUENCES = re.compile(rb"\x1b\[(?:\d+;\d+H|H|2K|2J|[\d;]*m|\?25[hl]|\?7[hl]|\?1049[hl]|\?2004[hl])|\x07")


def json_daemon(connection: socket.socket, name: bytes = b"kim") -> None:
    """Lead a client through the login and the switch to JSON, up to the end of the first history."""
    connection.sendall(b"Login Id: ")
    read_line(connection)
    connection.sendall(b"user [%s] has entered the room\n" % name)
    while line := read_line(connection):
        if line == b"/format json\n":
            answer = {"type": "format", "format": "json", "name": "kim", "room": "#lobby", "rooms": ["#lobby"]}
        elif line.startswith(b"/history"):
            answer = {"type": "history", "room": "#lobby", "lines": 0}
        elif line.startswith(b"/who"):
            answer = {"type": "who", "room": "#lobby", "members": [{"name": "kim", "away": None}]}
        elif line.startswith(b"/ping"):
            answer = {"type": "pong", "token": line.split()[1].decode()}
            connection.sendall(json.dumps(answer).encode() + b"\n")
            return
        connection.sendall(json.dumps(answer).encode() + b"\n")


def message(number: int, text: str) -> bytes:
    event = {"type": "message", "id": number, "time": "2026-11-22T10:00:00.000Z", "room": "#lobby"}
    return json.dumps({**event, "from": "bob", "text": text}, ensure_ascii=False).encode() + b"\n"


class DaemonTests(TestCase):
    """With the real daemon."""

    skip = MISSING or NO_DAEMON or None

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.daemon = Daemon(Path(folder.name)).start()
        self.addCleanup(self.daemon.kill)

    def talker(self, name: str) -> Talker:
        talker = Talker(self.daemon, name)
        self.addCleanup(talker.close)
        return talker

    def test_the_line_being_typed_is_never_disturbed(self) -> None:
        bob = self.talker("bob")
        with Terminal("--nick", "kim", self.daemon.address) as terminal:
            terminal.wait_for("online,")
            threading.Thread(
                target=lambda: [(bob.say(f"message {n}"), time.sleep(0.005)) for n in range(200)], daemon=True
            ).start()
            text, shown = "", "[#lobby]"
            left, home, end = "\x1b[D", "\x1b[H", "\x1b[F"
            steps = [(c, text := text + c) for c in "café 漢字 👍 fine"]
            steps += [(left * 4 + "very ", "café 漢字 👍 very fine"), ("\x17", "café 漢字 👍 fine")]
            steps += [(home + "\x1b[3~C", "Café 漢字 👍 fine"), (end + "\x7f", "Café 漢字 👍 fin")]
            steps += [
                (left * 4 + "\x7f", "Café 漢字  fin"),
                ("😀", "Café 漢字 😀 fin"),
                (end + "é", "Café 漢字 😀 finé"),
            ]
            for keys, expected in steps:
                before, shown = shown, f"[#lobby] {expected}".rstrip()
                terminal.send(keys)

                def intact(before: str = before, shown: str = shown, single: bool = len(keys) == 1) -> bool:
                    line = terminal.input_line()
                    # Only while several keys are taken one by one may something between be seen.
                    if line not in (before, shown) and single:
                        self.fail(f"disturbed: {line!r}")
                    return line == shown

                terminal.wait(intact, shown)
            terminal.wait_for("message 199")
            self.assertEqual(terminal.input_line(), "[#lobby] Café 漢字 😀 finé")
            terminal.send("\r")
            bob.wait_for("[kim] Café 漢字 😀 finé")
            said = [line for line in bob.lines if line.startswith("[kim]")]
            self.assertEqual(said, ["[kim] Café 漢字 😀 finé"])
            terminal.send("\x04")
            self.assertEqual(terminal.wait_end(), 0)

    def test_what_an_account_was_sent_while_away(self) -> None:
        bob, kim = self.talker("bob"), self.talker("kim")
        kim.say("/register sesame-sesame")
        kim.wait_for("-- The name kim is yours now: it will be asked for its password.")
        kim.say("/quit")
        bob.wait_for("user [kim] left the room")
        bob.say("/msg kim psst")
        bob.wait_for("[bob -> kim] psst")
        with Terminal("--nick", "kim", self.daemon.address) as terminal:
            terminal.wait_for("Password:")
            terminal.send("sesame-sesame\r")
            terminal.wait_for("online,")
            terminal.send("/history 5 ids\r")
            terminal.wait_for("-- End of the history of #lobby")
            self.assertEqual(len([line for line in terminal.lines() if "[bob -> kim] psst" in line]), 1)
            self.assertTrue([line for line in terminal.lines() if re.search(r" \d+ <- kim left the room", line)])
            with Terminal("--nick", "kim", self.daemon.address) as second:
                second.wait_for("Password:")
                second.send("sesame-sesame\r")
                second.wait_for("online,")
                second.wait_for("bob has entered the room")
                self.assertEqual([line for line in second.lines() if "psst" in line], [])
                entered = [line for line in second.lines() if "bob has entered the room" in line]
                self.assertEqual(len(entered), 1)

    def test_a_wrong_password_is_asked_for_again_without_drawing_too(self) -> None:
        kim = self.talker("kim")
        kim.say("/register sesame-sesame")
        kim.wait_for("-- The name kim is yours now: it will be asked for its password.")
        with Terminal("--plain", "--nick", "kim", self.daemon.address) as terminal:
            terminal.wait_for("Password:")
            terminal.send("wrong-password\r")
            terminal.wait(lambda: [line.split()[-1:] for line in terminal.lines()].count(["Password:"]) == 2)
            terminal.send("sesame-sesame\r")
            terminal.wait_for("-- Welcome to chat.")
            self.assertNotIn(b"sesame", terminal.raw)
            self.assertNotIn(b"wrong-", terminal.raw)

    def test_a_killed_daemon_costs_nothing(self) -> None:
        with Terminal("--nick", "kim", self.daemon.address, rows=40) as terminal:
            terminal.wait_for("online,")
            bob = self.talker("bob")
            bob.say("before 1", "before 2")
            terminal.wait_for("before 2")
            terminal.send("half a li")
            terminal.wait(lambda: terminal.input_line() == "[#lobby] half a li")
            self.daemon.kill()
            terminal.wait_for("offline")
            terminal.send("\x15written meanwhile\r\x19")
            terminal.wait_for("The line is kept")
            self.daemon.start()
            other = self.talker("eve")
            other.say("missed 1", "missed 2")
            other.wait_for("[eve] missed 2")
            terminal.wait_for("Send 1 line not sent")
            self.assertEqual(terminal.input_line(), "[#lobby] half a li")
            terminal.send("\x1by")
            other.wait_for("[kim] written meanwhile")
            other.say("after 1")
            terminal.wait_for("after 1")
            shown = "\n".join(terminal.lines())
            for text in (
                "before 1",
                "before 2",
                "[eve] missed 1",
                "[eve] missed 2",
                "[kim] written meanwhile",
                "after 1",
            ):
                self.assertEqual(shown.count(text), 1, f"{text!r} in\n{shown}")
            self.assertEqual(
                sorted(re.findall(r"(?:missed|before|after) \d", shown)),
                sorted(["before 1", "before 2", "missed 1", "missed 2", "after 1"]),
            )
            self.assertEqual(terminal.input_line(), "[#lobby] half a li")

    def test_replayed_lines_are_shown_once_and_dim(self) -> None:
        bob = self.talker("bob")
        bob.say("said earlier")
        bob.wait_for("[bob] said earlier")
        with Terminal("--nick", "kim", self.daemon.address) as terminal:
            terminal.wait_for("online,")
            terminal.wait_for("said earlier")
            bob.say("said now")
            terminal.wait_for("said now")
            self.assertEqual("\n".join(terminal.lines()).count("said earlier"), 1)
        self.assertIn(b"\x1b[0;2msaid earlier", re.sub(rb"\x1b\[0;2m\d\d:\d\d \[bob\] ", b"\x1b[0;2m", terminal.raw))
        self.assertNotIn(b"\x1b[0;2msaid now", terminal.raw)

    def test_rooms_unread_completion_and_mentions(self) -> None:
        bob = self.talker("bob")
        bob.say("/join #dev", "hello dev")
        bob.wait_for("[bob] hello dev")
        with Terminal("--nick", "kim", "--room", "dev", self.daemon.address) as terminal:
            terminal.wait_for("#dev (2)")
            terminal.wait_for("hello dev")
            terminal.send("/jo\t#lo\t\r")
            terminal.wait(lambda: terminal.input_line() == "[#lobby]")
            bob.say("anyone", "KIM: here?")
            terminal.wait_for("unread: #dev 2!")
            self.assertIn(b"\x07", terminal.raw)
            terminal.send("\x1ba")
            terminal.wait(lambda: terminal.input_line() == "[#dev]")
            terminal.wait_for("KIM: here?")
            terminal.send("b\tyes\r")
            bob.wait_for("[kim] bob: yes")

    def test_resizing_redraws(self) -> None:
        bob = self.talker("bob")
        words = " ".join(f"word{n}" for n in range(20))
        with Terminal("--nick", "kim", self.daemon.address, rows=24, columns=200) as terminal:
            terminal.wait_for("online,")
            bob.say(words)
            terminal.send("typed")
            terminal.wait_for("word19")
            terminal.wait(lambda: terminal.input_line() == "[#lobby] typed")
            terminal.screen.resize(12, 40)
            terminal.screen.reset()
            terminal.process.setwinsize(12, 40)
            terminal.wait(lambda: terminal.input_line() == "[#lobby] typed")
            terminal.wait_for("word19")
            first = next(n for n, line in enumerate(terminal.lines()) if "[bob] word0" in line)
            follow = terminal.lines()[first + 1]
            self.assertTrue(follow.startswith(" " * len("10:00 [bob] ") + "word"), follow)

    def test_a_paste_of_several_lines_asks_and_goes_out_in_order(self) -> None:
        bob = self.talker("bob")
        with Terminal("--nick", "kim", self.daemon.address) as terminal:
            terminal.wait_for("online,")
            terminal.send("\x1b[200~one\ntwo\nthree\n\x1b[201~")
            terminal.wait_for("Send 3 lines pasted? y/n")
            terminal.send("n\x1b[200~four\nfive\n\x1b[201~")
            terminal.wait_for("Send 2 lines pasted? y/n")
            terminal.send("y")
            bob.wait_for("[kim] five")
            self.assertEqual(
                [line for line in bob.lines if "[kim]" in line and "user" not in line], ["[kim] four", "[kim] five"]
            )


class HostileServerTests(TestCase):
    skip = MISSING or None

    def test_nothing_the_server_sends_controls_the_terminal(self) -> None:
        nasty = [
            *(chr(code) + "x" for code in (*range(0x20), *range(0x7F, 0xA0))),
            *(f"\x1b[{final}" for final in map(chr, range(0x40, 0x7F))),
            *(f"\x1b[999;1;2{final}" for final in map(chr, range(0x40, 0x7F))),
            *(f"\x1b]{number};owned\x07" for number in (0, 1, 2, 4, 8, 10, 52, 104, 777, 1337)),
            "\x1bP+q544e\x1b\\", "\x1b_owned\x1b\\", "\x1b^owned\x1b\\", "\x1bXowned\x1b\\", "\x1bc", "\x1b#8",
            "\x9b2J", "\x9d0;owned\x9c", "\u202eevil", "\u2028next", "\ud800",
        ]  # fmt: skip
        done = threading.Event()
        self.addCleanup(done.set)

        def script(connection: socket.socket) -> None:
            json_daemon(connection)
            for number, text in enumerate(nasty, 1):
                event = {"type": "message", "id": number, "room": "#lobby", "from": text, "text": text}
                connection.sendall(json.dumps(event).encode() + b"\n")
                raw = text.encode("utf-8", "replace").replace(b"\n", b"")
                connection.sendall(raw + b"\n" + b'{"type":"info","text":"' + raw + b'"}\n')
                connection.sendall(json.dumps({"type": text, "text": text, "room": text}).encode() + b"\n")
            connection.sendall(bytes(range(256)).replace(b"\n", b"") + b"\xff\xfe\xc3\n")
            connection.sendall(b'{"type":"topic","id":99990,"room":"#lobby","from":"bob","text":"\\u001b[2J"}\n')
            connection.sendall(b"[" * 100000 + b"\n" + b'{"type":"info","id":' + b"9" * 5000 + b"}\n")
            connection.sendall(message(100000, "the end"))
            done.wait(PATIENCE)

        with ScriptServer(script) as server, Terminal("--nick", "kim", server.address) as terminal:
            terminal.wait_for("the end")
            terminal.send("fine")
            terminal.wait(lambda: terminal.input_line() == "[#lobby] fine")
            self.assertEqual(terminal.screen.title, "")
            left = OWN_SEQUENCES.sub(b"", bytes(terminal.raw))
            text = left.decode("utf-8")
            self.assertEqual([c for c in text if c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u2028"], [])
            # A bell rings for mentions, and there were none.
            self.assertNotIn(b"\x07", terminal.raw)

    def test_a_huge_line_costs_little_memory(self) -> None:
        done = threading.Event()
        self.addCleanup(done.set)

        def script(connection: socket.socket) -> None:
            json_daemon(connection)
            for _ in range(10):
                connection.sendall(b"x" * 1_000_000)
            connection.sendall(b"\n" + message(1, "y" * 200_000) + message(2, "the end"))
            done.wait(PATIENCE)

        with ScriptServer(script) as server, Terminal("--nick", "kim", server.address) as terminal:
            terminal.wait_for("the end")
            status = Path(f"/proc/{terminal.process.pid}/status")
            if status.exists():
                peak = int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1])
                self.assertLess(peak, 120_000)

    def test_a_terminal_that_takes_nothing_gets_few_frames(self) -> None:
        said, over = threading.Event(), threading.Event()
        self.addCleanup(over.set)

        def script(connection: socket.socket) -> None:
            json_daemon(connection)
            for number in range(1, 3001):
                connection.sendall(message(number, f"{number} " * 30))
                if number % 100 == 0:
                    time.sleep(0.05)  # long enough for a frame
            connection.sendall(message(3001, "the end"))
            said.set()
            over.wait(PATIENCE)

        with (
            ScriptServer(script) as server,
            Terminal("--nick", "kim", server.address, rows=150, columns=160) as terminal,
        ):
            terminal.wait_for("online,")
            before = len(terminal.raw)
            self.assertTrue(said.wait(PATIENCE))
            terminal.wait_for("the end")
            # A frame has about 20 KB; thirty would have been drawn in that time.
            self.assertLess(len(terminal.raw) - before, 250_000)

    def test_a_flood_leaves_the_keys_answered(self) -> None:
        done = threading.Event()
        self.addCleanup(done.set)

        def script(connection: socket.socket) -> None:
            json_daemon(connection)
            number, began = 0, time.monotonic()
            while not done.is_set():
                # 10,000 a second, in hundreds.
                connection.sendall(b"".join(message(number + n, f"flood {number + n}") for n in range(1, 101)))
                number += 100
                time.sleep(max(0, began + number / 10_000 - time.monotonic()))

        with ScriptServer(script) as server, Terminal("--nick", "kim", server.address) as terminal:
            terminal.wait_for("flood")
            delays, text = [], ""
            for key in "keys are answered":
                text += key
                pressed = time.monotonic()
                terminal.send(key)
                shown = f"[#lobby] {text}".rstrip()
                terminal.wait(lambda shown=shown: terminal.input_line() == shown, text)
                delays.append(time.monotonic() - pressed)
            delays.sort()
            self.assertLess(delays[len(delays) // 2], 0.1, delays)


class EndTests(TestCase):
    """However the client ends, the terminal is as before."""

    skip = MISSING or None

    def check(self, terminal: Terminal, before: object) -> None:
        self.assertEqual(terminal.modes(), before)
        for last in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?7h", b"\x1b[?2004l"):
            self.assertIn(last, terminal.raw[terminal.raw.rindex(b"\x1b[?2004l") :])

    def end(self, how, program: list[str] | None = None, **changes: str) -> tuple[int, Terminal]:
        def script(connection: socket.socket) -> None:
            json_daemon(connection)
            while read_line(connection) not in (b"", b"/quit\n"):
                pass

        with ScriptServer(script) as server:
            program = program and [*program, "--nick", "kim", server.address]
            with Terminal("--nick", "kim", server.address, program=program, **changes) as terminal:
                before = terminal.before
                terminal.wait_for("online,")
                self.assertNotEqual(terminal.modes(), before)
                how(terminal)
                status = terminal.wait_end()
                self.check(terminal, before)
        return status, terminal

    def test_signals(self) -> None:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            status, _ = self.end(lambda terminal, number=number: os.kill(terminal.process.pid, number))
            self.assertEqual(status, 128 + number)

    def test_an_error_of_its_own(self) -> None:
        broken = (
            "import sys; from twisted_chat.client import console, __main__ as program\n"
            "def fail(*args): raise RuntimeError('broken on purpose')\n"
            "console.Console._scroll = fail\n"
            "program.main()"
        )
        status, terminal = self.end(lambda terminal: terminal.send("\x1b[5~"), program=[sys.executable, "-c", broken])
        self.assertEqual(status, 4)
        self.assertIn(b"broken on purpose", terminal.raw)

    def test_ctrl_z_gives_the_terminal_back_for_a_while(self) -> None:
        def suspended(terminal: Terminal) -> None:
            terminal.send("typed\x1a")
            stat = Path(f"/proc/{terminal.process.pid}/stat")
            terminal.wait(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "a stopped process")
            terminal.wait(lambda: b"\x1b[?1049l" in terminal.raw, "the end of the last frame")
            self.check(terminal, terminal.before)
            terminal.screen.reset()
            os.kill(terminal.process.pid, signal.SIGCONT)
            terminal.wait(lambda: terminal.input_line() == "[#lobby] typed")
            terminal.send("\x03\x04")

        self.assertEqual(self.end(suspended)[0], 0)

    test_ctrl_z_gives_the_terminal_back_for_a_while.skip = (  # type: ignore[attr-defined]
        None if Path("/proc/self/stat").exists() else "there is no /proc"
    )

    def test_what_was_typed_is_there_the_next_time(self) -> None:
        with tempfile.TemporaryDirectory() as folder:

            def typed(terminal: Terminal) -> None:
                terminal.send("a line to keep\r")
                terminal.wait(lambda: terminal.input_line() == "[#lobby]")
                os.kill(terminal.process.pid, signal.SIGTERM)

            def recalled(terminal: Terminal) -> None:
                terminal.send("\x1b[A")
                terminal.wait(lambda: terminal.input_line() == "[#lobby] a line to keep")
                terminal.send("\x03\x04")

            self.end(typed, XDG_STATE_HOME=folder)
            self.end(recalled, XDG_STATE_HOME=folder)

    def test_ctrl_d(self) -> None:
        status, _ = self.end(lambda terminal: terminal.send("\x03\x04"))
        self.assertEqual(status, 0)
