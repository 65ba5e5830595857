"""Tests for the client in pipes, as a process: L{twisted_chat.client.pipe} and L{twisted_chat.client.__main__}."""

import fcntl
import os
import pty
import select
import signal
import socket
import subprocess
import termios
import threading
from concurrent.futures import ThreadPoolExecutor

from client_support import (
    PATIENCE,
    ROOT,
    OriginalServer,
    ScriptServer,
    command,
    environment,
    read_line,
    run_client,
)
from twisted.trial.unittest import TestCase


def daemon(received: list[bytes]):
    """A script like the daemon's lobby with one person in it."""

    def script(connection: socket.socket) -> None:
        connection.sendall(b"Login Id: ")
        name = read_line(connection).strip()
        received.append(name)
        connection.sendall(b"user [%s] has entered the room\n-- Welcome.\n" % name)
        while line := read_line(connection):
            received.append(line)
            if line == b"/quit\n":
                connection.sendall(b"-- Goodbye.\n")
                return
            connection.sendall(b"[%s] %s" % (name, line))

    return script


class DaemonTests(TestCase):
    def test_everything_is_delivered_and_the_status_is_0(self) -> None:
        received: list[bytes] = []
        with ScriptServer(daemon(received)) as server:
            done = run_client(server.address, input=b"kim\nhello\nh\xc3\xa9\n/quit\n")
        self.assertEqual(received, [b"kim", b"hello\n", b"h\xc3\xa9\n", b"/quit\n"])
        self.assertEqual(
            done.stdout.decode(),
            "Login Id: \nuser [kim] has entered the room\n-- Welcome.\n[kim] hello\n[kim] hé\n-- Goodbye.\n",
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_the_end_of_the_input_says_quit_and_waits(self) -> None:
        received: list[bytes] = []
        with ScriptServer(daemon(received)) as server:
            done = run_client("--nick", "kim", server.address, input=b"no line end")
        self.assertEqual(received, [b"kim", b"no line end\n", b"/quit\n"])
        self.assertTrue(done.stdout.endswith(b"[kim] no line end\n-- Goodbye.\n"), done.stdout)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_much_input_arrives_whole_and_in_order(self) -> None:
        received: list[bytes] = []
        lines = [b"line %d\n" % number for number in range(20000)]
        with ScriptServer(daemon(received)) as server:
            done = run_client("--nick", "kim", server.address, input=b"".join(lines))
        self.assertEqual(received[1:-1], lines)
        self.assertEqual(done.stdout.count(b"\n"), 2 + len(lines) + 1)

    def test_a_file_and_nothing_at_all_as_input(self) -> None:
        received: list[bytes] = []
        with ScriptServer(daemon(received)) as server, open(ROOT / "LICENSE", "rb") as file:
            arguments = command("--nick", "kim", server.address)
            status = subprocess.call(arguments, stdin=file, stdout=subprocess.DEVNULL, env=environment())
            self.assertEqual(status, 0)
            self.assertIn(b"MIT License\n", received)
            closed = ["sh", "-c", 'exec "$@" <&-', "sh", *arguments]
            self.assertEqual(subprocess.call(closed, stdout=subprocess.DEVNULL, env=environment()), 0)

    def test_a_refused_name_from_an_option_is_an_error(self) -> None:
        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            while read_line(connection):
                connection.sendall(b"Registered username.\nLogin Id: ")

        with ScriptServer(script) as server:
            done = run_client("--nick", "kim", server.address, input=b"hello\n")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"refused the name 'kim'", done.stderr)

    def test_a_password_comes_from_the_environment_and_is_not_shown(self) -> None:
        received: list[bytes] = []

        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            received.append(read_line(connection))
            connection.sendall(b"Password: ")
            received.append(read_line(connection))
            connection.sendall(b"user [kim] has entered the room\n")
            read_line(connection)

        with ScriptServer(script) as server:
            done = run_client("--nick", "kim", server.address, TWISTED_CHAT_PASSWORD="open sesame")
        self.assertEqual(received, [b"kim\n", b"open sesame\n"])
        self.assertNotIn(b"sesame", done.stdout + done.stderr)

    def test_a_line_of_the_input_is_not_taken_for_a_password(self) -> None:
        received: list[bytes] = []

        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"Password: ")
            received.append(read_line(connection))

        with ScriptServer(script) as server:
            done = run_client("--nick", "kim", server.address, input=b"hello\n")
        self.assertEqual(done.returncode, 3)
        self.assertNotIn(b"hello\n", received)
        self.assertIn(b"wants a password for 'kim'", done.stderr)

    def test_what_the_server_says_cannot_control_the_terminal(self) -> None:
        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"user [kim] has entered the room\n\x1b]0;owned\x07\x9b2J\xc2\x9b2J\xff\r\b\n")
            read_line(connection)

        with ScriptServer(script) as server:
            done = run_client("--nick", "kim", server.address)
        text = done.stdout.decode("utf-8")
        self.assertEqual([c for c in text if c != "\n" and (c < " " or "\x7f" <= c < "\xa0")], [])
        self.assertIn("]0;owned", text)


class FlowTests(TestCase):
    """Whoever does not read slows down who writes; nothing piles up in the client."""

    AMOUNT = 40 << 20

    def start(self, server: ScriptServer) -> subprocess.Popen[bytes]:
        client = subprocess.Popen(
            command("--nick", "kim", server.address),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        for close in (client.wait, client.stdout.close, client.stdin.close, client.kill):
            self.addCleanup(close)
        self.assertEqual(client.stdout.readline(), b"user [kim] has entered the room\n")
        return client

    def test_a_server_that_does_not_read(self) -> None:
        over = threading.Event()
        self.addCleanup(over.set)

        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"user [kim] has entered the room\n")
            over.wait(PATIENCE)

        with ScriptServer(script) as server:
            fd = self.start(server).stdin.fileno()
            os.set_blocking(fd, False)
            written = 0
            while written < self.AMOUNT and select.select([], [fd], [], 0.5)[1]:
                written += os.write(fd, (b"x" * 99 + b"\n") * 40)
            self.assertLess(written, self.AMOUNT)

    def test_an_output_that_nobody_reads(self) -> None:
        sent = 0
        stopped = threading.Event()

        def script(connection: socket.socket) -> None:
            nonlocal sent
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"user [kim] has entered the room\n")
            connection.settimeout(0.5)
            try:
                while sent < self.AMOUNT:
                    connection.sendall(b"[bob] %s\n" % (b"x" * 1000) * 60)
                    sent += 60000
            except OSError:
                pass
            stopped.set()

        with ScriptServer(script) as server:
            self.start(server)
            self.assertTrue(stopped.wait(PATIENCE))
            self.assertLess(sent, self.AMOUNT)


class FailureTests(TestCase):
    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"
        done = run_client(address)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"twisted-chat: cannot connect to {address}: ".encode(), done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_the_connection_is_lost(self) -> None:
        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"user [kim] has entered the room\n")

        with ScriptServer(script) as server:
            client = subprocess.Popen(
                command("--nick", "kim", server.address),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
            )
            # The input stays open, so only the lost connection can end the client.
            status = client.wait(PATIENCE)
            complaint = client.stderr.read()
            for stream in (client.stdin, client.stdout, client.stderr):
                stream.close()
        self.assertEqual(status, 1)
        self.assertIn(f"lost the connection to {server.address}: ".encode(), complaint)

    def test_a_server_that_never_asks(self) -> None:
        asked = threading.Event()
        self.addCleanup(asked.set)
        with ScriptServer(lambda connection: asked.wait(PATIENCE)) as server:
            done = run_client("--nick", "kim", "--timeout", "0.2", server.address)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no answer from", done.stderr)

    def test_the_input_ends_before_the_login(self) -> None:
        with ScriptServer(daemon([])) as server:
            done = run_client(server.address)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"the input ended before", done.stderr)

    def test_wrong_usage(self) -> None:
        done = run_client("localhost:many")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"twisted-chat: 'localhost:many' is not an address", done.stderr)


class OriginalServerTests(TestCase):
    def test_everything_is_delivered_one_message_at_a_time(self) -> None:
        with OriginalServer() as server:
            done = run_client(server.address, input=b"kim\nhello\n\nhow are you?\n/quit\n")
        self.assertEqual(server.messages, ["hello", "how are you?", "/quit"])
        self.assertEqual(
            done.stdout.decode().splitlines()[-3:],
            ["user [kim] has entered the room", "[kim] hello", "[kim] how are you?"],
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_the_next_client_waits_for_its_turn(self) -> None:
        with OriginalServer() as server:
            with ThreadPoolExecutor() as pool:
                both = [
                    pool.submit(run_client, "--nick", name, server.address, input=b"hello\n") for name in ("kim", "bob")
                ]
            kim, bob = (client.result() for client in both)
        self.assertEqual((kim.returncode, bob.returncode), (0, 0))
        self.assertIn(b"[kim] hello", kim.stdout)
        self.assertIn(b"[bob] hello", bob.stdout)

    def test_two_clients_talk(self) -> None:
        with OriginalServer(one_at_a_time=False) as server:
            first = subprocess.Popen(
                command("--nick", "kim", server.address),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
            )
            self.assertEqual(first.stdout.readline(), b"user [kim] has entered the room\n")
            run_client("--nick", "bob", server.address, input=b"hello kim\n")
            heard, _ = first.communicate(timeout=PATIENCE)
        # Where a message ends is only a pause there, which a busy machine may swallow; what is said is not.
        self.assertIn(
            "user [bob] has entered the room[bob] hello kimuser [bob] left the room", heard.decode().replace("\n", "")
        )


class TerminalTests(TestCase):
    """Whatever ends the client, its terminal has the modes and flags of before."""

    def setUp(self) -> None:
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, self.slave)
        self.before = self.state()

    def state(self) -> tuple[object, ...]:
        return termios.tcgetattr(self.slave), fcntl.fcntl(self.slave, fcntl.F_GETFL)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        client = subprocess.Popen(
            command("--plain", *arguments),
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=environment(),
        )
        self.addCleanup(client.kill)
        return client

    def expect(self, text: bytes) -> bytes:
        got = b""
        while text not in got:
            got += os.read(self.master, 1000)
        return got

    def test_a_conversation_and_its_end(self) -> None:
        with ScriptServer(daemon([])) as server:
            client = self.start(server.address)
            self.expect(b"Login Id: ")
            os.write(self.master, b"kim\n")
            self.expect(b"user [kim] has entered the room\r\n")
            os.write(self.master, b"\x04")
            self.expect(b"-- Goodbye.\r\n")
            self.assertEqual(client.wait(PATIENCE), 0)
        self.assertEqual(self.state(), self.before)

    def test_a_password_is_not_echoed_and_a_signal_brings_the_echo_back(self) -> None:
        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"Password: ")
            read_line(connection)
            connection.sendall(b"!! Wrong.\nPassword: ")
            read_line(connection)

        with ScriptServer(script) as server:
            client = self.start("--nick", "kim", server.address)
            self.expect(b"Password: ")
            os.write(self.master, b"sesame\n")
            self.assertNotIn(b"sesame", self.expect(b"!! Wrong.\r\nPassword: "))
            self.assertNotEqual(self.state(), self.before)
            client.send_signal(signal.SIGTERM)
            self.assertEqual(client.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assertEqual(self.state(), self.before)

    def test_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGQUIT):
            with ScriptServer(daemon([])) as server:
                client = self.start(server.address)
                self.expect(b"Login Id: ")
                client.send_signal(number)
                self.assertEqual(client.wait(PATIENCE), 128 + number)
            self.assertEqual(self.state(), self.before)
