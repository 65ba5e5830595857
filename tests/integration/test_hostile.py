"""Whoever does not read, floods, or speaks another protocol harms nobody else, and not the daemon's memory."""

import socket
import time

from crowd import Talker, run, said
from daemon import Client, Daemon, DaemonCase, connect, wait_for

MIB = 1 << 20
CLIENT_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(range(1, 190)) + b"\n" + b"\x13\x01" * 20
POST = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1:9009\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n"
    b"mallory\nlet me in\n"
)


class HostileTests(DaemonCase):
    def assert_unharmed(self, daemon: Daemon, kim: Client) -> None:
        began = time.monotonic()
        kim.send("all is well")
        kim.until("[kim] all is well\n")
        self.assertLess(time.monotonic() - began, 1)
        self.assertNotIn("Traceback", daemon.log())

    def assert_bounded(self, daemon: Daemon, before: int, growth: int) -> None:
        """@param before: its memory then; the most that it had since may be so much more."""
        self.assertLess(daemon.memory("VmHWM") - before, growth)

    def test_one_who_does_not_read(self) -> None:
        daemon = self.daemon()
        before = daemon.memory_from_here()
        deaf = self.client(connect(daemon.address, receive_buffer=4096), None)
        deaf.until("Login Id: ")
        deaf.send("deaf")
        deaf.until("user [deaf] has entered the room\n")
        talkers = [Talker(daemon.address, f"c{i}", "x" * 1000, limit=1000) for i in range(10)]
        for talker in talkers:
            self.addCleanup(talker.socket.close)
        run(talkers, lambda: all(t.back == 1000 for t in talkers))
        kim = self.client(daemon, "kim")
        kim.send("the end")
        run(talkers, lambda: all(t.last_heard("[kim] the end") for t in talkers))
        self.assertIn("cut off: it does not read", daemon.log())
        # Everyone got everything, the same, from where they came in.
        everything = max((said(t.lines()) for t in talkers), key=len)
        for talker in talkers:
            self.assertIn("user [deaf] left the room", talker.lines())
            heard = said(talker.lines())
            self.assertEqual(heard, everything[-len(heard) :])
        self.assertEqual(len(everything), 10 * 1000 + 1)
        self.assert_bounded(daemon, before, 48 * MIB)

    def test_one_who_asks_and_does_not_read(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        for start in range(0, 3000, 100):
            kim.send(*(f"{i} {'x' * 1000}" for i in range(start, start + 100)))
            kim.until(f"[kim] {start + 99} x")
        kim.read()
        before = daemon.memory_from_here()
        deaf = self.client(connect(daemon.address, receive_buffer=4096))
        deaf.until("Login Id: ")
        try:
            deaf.send("deaf")
            for _ in range(300):
                deaf.socket.sendall(b"/history 100000\n" * 1000)
        except ConnectionError:
            pass
        kim.until("user [deaf] left the room\n")
        self.assert_bounded(daemon, before, 32 * MIB)
        self.assert_unharmed(daemon, kim)

    def test_no_line_end(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        before = daemon.memory_from_here()
        for name in (None, "flood"):
            flood = self.client(daemon, name)
            sent, chunk = 0, b"x" * (1 << 16)
            with self.assertRaises(ConnectionError):
                while sent < 50 * MIB:
                    sent += flood.socket.send(chunk)
            # What the system takes before anyone sees it counts too.
            self.assertLess(sent, 16 * MIB)
            self.assertGreater(sent, MIB)
        kim.until("user [flood] left the room\n")
        self.assert_unharmed(daemon, kim)
        self.assert_bounded(daemon, before, 16 * MIB)

    def test_other_protocols(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        kim.read()
        for hello in (CLIENT_HELLO, POST, POST.replace(b"POST", b"OPTIONS")):
            other = self.client(daemon)
            other.until("Login Id: ")
            other.socket.sendall(hello)
            self.assertEqual(other.rest(), "")
        self.assertEqual(kim.read(), [])
        self.assert_unharmed(daemon, kim)

    def test_many_short_connections(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        assert not isinstance(daemon.address, str)

        def drop(number: int, first: int = 0) -> None:
            for i in range(first, first + number):
                with socket.create_connection(daemon.address) as connection:
                    if i % 5 == 0:
                        connection.sendall(b"x" * 100)
                    elif i % 50 == 1:
                        connection.sendall(f"guest{i}\nhello\n".encode())

        drop(500)
        kim.read()
        descriptors = daemon.descriptors()
        memory = daemon.memory()
        drop(5000, 500)
        wait_for(lambda: daemon.descriptors() <= descriptors, "as many descriptors as before")
        kim.read()
        self.assertLess(daemon.memory() - memory, 6 * MIB)
        kim.send("/who")
        kim.until("-- In #lobby (1):\n")
        self.assert_unharmed(daemon, kim)
