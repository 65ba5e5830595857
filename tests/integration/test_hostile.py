"""Whoever does not read, floods, or speaks another protocol harms nobody else, and not the daemon's memory."""

import resource
import time

from abuse import FLOODS, TRUSTED, drops, half_open, in_process, send_flood
from crowd import Talker, run, said
from daemon import LOCAL, Client, Daemon, DaemonCase, connect
from people import connect_from
from tls_support import client_context, make

MIB = 1 << 20
KINDS = ("line", "line with TLS", "socket", "IRC", "IRC with TLS")
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

    def assert_unharmed_as(self, daemon: Daemon, client: Client, name: str) -> None:
        client.send("all is well")
        client.until(f"[{name}] all is well\n")
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

    def everywhere(self, *options: str) -> Daemon:
        """A daemon with every kind of listener: in the order of L{KINDS}."""
        made = make(self.folder, "server")
        secure = f"tls:0:cert={made.cert_file}:key={made.key_file}:interface=127.0.0.1"
        lines = (LOCAL, secure, f"unix:{self.folder}/socket")
        return self.daemon("--irc", LOCAL, "--irc", secure, *options, lines=lines)

    def reach(self, daemon: Daemon, kind: int, name: str | None = None) -> Client:
        """Someone on one of these listeners, who has logged in with this name."""
        client = self.client(daemon.addresses[kind])
        if "TLS" in KINDS[kind]:
            client.socket = client_context().wrap_socket(client.socket)
        if name is not None and "IRC" in KINDS[kind]:
            client.send(f"NICK {name}", f"USER {name} 0 * :{name}", "JOIN #lobby")
            client.until(" 366 ")
        elif name is not None:
            client.login(name)
        return client

    def test_no_line_end(self) -> None:
        daemon = self.everywhere()
        kim = self.client(daemon, "kim")
        before = daemon.memory_from_here()
        for kind in range(len(KINDS)):
            for name in (None, f"flood{kind}"):
                flood = self.reach(daemon, kind, name)
                sent, chunk = 0, b"x" * (1 << 16)
                with self.assertRaises(OSError, msg=KINDS[kind]):
                    while sent < 50 * MIB:
                        sent += flood.socket.send(chunk)
                # What the system takes before anyone sees it counts too.
                self.assertLess(sent, 16 * MIB)
                self.assertGreater(sent, MIB)
            kim.until(f"user [flood{kind}] left the room")
        self.assert_unharmed(daemon, kim)
        self.assert_bounded(daemon, before, 16 * MIB)

    def test_other_protocols(self) -> None:
        daemon = self.everywhere()
        kim = self.client(daemon, "kim")
        kim.read()
        hellos = (CLIENT_HELLO, POST, POST.replace(b"POST", b"OPTIONS"), b"SSH-2.0-OpenSSH_9.2p1\r\n", b"\x05\x01\x00")
        for kind in range(len(KINDS)):
            for hello in hellos:
                other = self.reach(daemon, kind)
                if "IRC" not in KINDS[kind]:
                    other.until("Login Id: ")
                other.socket.sendall(hello)
                self.assertEqual(other.rest(), "", (KINDS[kind], hello))
        self.assertEqual(kim.read(), [])
        self.assert_unharmed(daemon, kim)

    def test_many_short_connections(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        left = drops(daemon, 3000)
        self.assertLess(left.memory, 4 * MIB)
        kim.read()
        kim.send("/who")
        kim.until("-- In #lobby (1):\n")
        self.assert_unharmed(daemon, kim)

    def test_connections_that_never_log_in(self) -> None:
        daemon = self.daemon("--login-timeout", "3", *TRUSTED)
        kim = self.client(daemon, "kim")
        times = half_open(daemon, 500, 5)
        self.assertLess(max(times), 1)
        self.assert_unharmed(daemon, kim)
        idle = self.client(daemon)
        self.assertEqual(idle.rest(), "Login Id: -- You have not logged in within 3 seconds: connect again.\n")

    def test_one_who_sends_as_fast_as_they_can(self) -> None:
        daemon = self.daemon("--flood", "30/10")
        kim = self.client(daemon, "kim")
        for lines in FLOODS.values():
            began = time.monotonic()
            with in_process(send_flood, daemon.address, lines):
                kim.until("user [attacker] has entered the room")
                for _ in range(3):
                    self.assert_unharmed(daemon, kim)
                    time.sleep(0.2)
            heard = kim.until("user [attacker] left the room")
            self.assertLessEqual(heard.count("[attacker] x"), 40 + 10 * (time.monotonic() - began))

    def test_connections_of_one_address(self) -> None:
        daemon = self.daemon("--trusted", "127.0.0.2", "--max-per-address", "2")
        first, second = self.client(daemon, "first"), self.client(daemon, "second")
        told = "!! Your address has 2 connections already: close one, or ask the operator.\n"
        self.assertEqual(self.client(daemon).rest(), told)
        for source in ("127.0.0.3", "127.0.0.2", "127.0.0.2", "127.0.0.2"):
            self.client(connect_from(source, daemon.address)).until("Login Id: ")
        first.close()
        second.until("user [first] left the room")
        self.client(daemon, "third")

    def test_new_connections_of_one_address(self) -> None:
        daemon = self.daemon("--trusted", "127.0.0.2", "--max-new", "3")
        kim = self.client(daemon, "kim")
        for _ in range(2):
            self.client(daemon).until("Login Id: ")
        told = "!! Too many new connections from your address: try again in a minute.\n"
        self.assertEqual(self.client(daemon).rest(), told)
        self.client(connect_from("127.0.0.3", daemon.address)).until("Login Id: ")
        self.assert_unharmed(daemon, kim)

    def test_no_more_open_files(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        kim.read()
        _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (daemon.descriptors() + 3, hard))
        crowd = [self.client(daemon) for _ in range(20)]
        self.assert_unharmed(daemon, kim)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (hard, hard))
        for client in crowd:
            client.close()
        self.client(daemon, "bob")
        kim.until("user [bob] has entered the room")

    def test_full(self) -> None:
        daemon = self.daemon("--max-connections", "3")
        people = [self.client(daemon, f"p{i}") for i in range(3)]
        self.assertEqual(self.client(daemon).rest(), "!! The server is full: try again later.\n")
        people[0].close()
        people[1].until("user [p0] left the room")
        self.client(daemon, "next")

    def test_behind_a_proxy(self) -> None:
        daemon = self.everywhere("--proxy-from", "127.0.0.1")
        for kind in (0, 1):
            client = self.client(daemon.addresses[kind])
            client.socket.sendall(b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 9009\r\n")
            if "TLS" in KINDS[kind]:
                client.socket = client_context().wrap_socket(client.socket)
            client.login("kim")
            client.send("/whois kim")
            client.until("-- Connected from 203.0.113.9.\n")
            client.send("/quit")
            client.rest()
        local = self.reach(daemon, KINDS.index("socket"), "bob")
        self.assert_unharmed_as(daemon, local, "bob")
        plain = self.client(daemon)
        plain.send("kim")
        self.assertEqual(plain.rest(), "")
