"""Wherever it listens, it is the same chat."""

import socket
import ssl

from daemon import LOCAL, Client, DaemonCase
from tls_support import make


class EndpointTests(DaemonCase):
    def assert_chat(self, *clients: Client) -> None:
        for i, client in enumerate(clients):
            client.send(f"it is {i} who speaks")
            for other in clients:
                other.until(f"] it is {i} who speaks\n")

    def test_several_at_once(self) -> None:
        daemon = self.daemon(lines=(LOCAL, f"unix:{self.folder}/socket", LOCAL))
        one, two, three = daemon.addresses
        self.assertEqual(two, f"{self.folder}/socket")
        self.assert_chat(self.client(one, "kim"), self.client(two, "bob"), self.client(three, "ann"))
        daemon.terminate()
        self.assertEqual(daemon.wait(), 0)
        self.assertNotIn("Traceback", daemon.log())

    def test_unix_after_kill(self) -> None:
        daemon = self.daemon(lines=(f"unix:{self.folder}/socket",))
        daemon.kill()
        daemon.start()
        self.assert_chat(self.client(daemon, "kim"), self.client(daemon, "bob"))

    def test_ipv6(self) -> None:
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            self.skipTest(f"there is no IPv6 here: {error}")
        daemon = self.daemon(lines=(r"tcp:0:interface=\:\:1",))
        self.assertEqual(daemon.address[0], "::1")
        self.assertRegex(daemon.log(), r"join with: nc ::1 \d+   or: twisted-chat \[::1\]:\d+")
        self.assert_chat(self.client(daemon, "kim"), self.client(daemon, "bob"))

    def test_tls(self) -> None:
        made = make(self.folder, "localhost")
        files = f"privateKey={made.key_file}:certKey={made.cert_file}"
        daemon = self.daemon(lines=(f"ssl:0:interface=127.0.0.1:{files}", LOCAL))
        context = ssl.create_default_context(cafile=made.cert_file)
        secure = self.client(daemon.address)
        secure.socket = context.wrap_socket(secure.socket, server_hostname="localhost")
        secure.login("kim")
        self.assert_chat(secure, self.client(daemon.addresses[1], "bob"))
        secure.send("/quit")
        self.assertEqual(secure.rest(), "-- Goodbye.\n")

    def test_memory_keeps_nothing(self) -> None:
        daemon = self.daemon("--database", ":memory:")
        kim = self.client(daemon, "kim")
        kim.send("soon forgotten")
        kim.until("[kim] soon forgotten\n")
        self.assertEqual(kim.history(), ["user [kim] has entered the room", "[kim] soon forgotten"])
        daemon.terminate()
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["output"])
        daemon.start()
        self.assertEqual(self.client(daemon, "bob").history(), ["user [bob] has entered the room"])
