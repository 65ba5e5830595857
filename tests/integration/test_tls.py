"""TLS as clients meet it: with the original tools, renewed under them, and as a way to log in."""

import os
import shutil
import signal
import ssl
import subprocess
import sys

from daemon import LOCAL, PATIENCE, Client, Daemon, DaemonCase, connect, wait_for
from tls_support import Made, client_context, make


class TLSCase(DaemonCase):
    def setUp(self) -> None:
        super().setUp()
        self.made = make(self.folder, "server")

    def tls_daemon(self, more: str = "", *options: str) -> Daemon:
        line = f"tls:0:cert={self.made.cert_file}:key={self.made.key_file}:interface=127.0.0.1{more}"
        return self.daemon(*options, lines=(line, LOCAL))

    def secure(self, daemon: Daemon, shown: Made | None = None) -> Client:
        client = self.client(daemon.address)
        client.socket = client_context(shown).wrap_socket(client.socket)
        return client

    def proven(self, client: Client) -> bytes:
        """The certificate with which the daemon has proven itself."""
        assert isinstance(client.socket, ssl.SSLSocket)
        return client.socket.getpeercert(True) or b""


class ClientTests(TLSCase):
    def test_openssl_and_our_client_talk(self) -> None:
        if shutil.which("openssl") is None:
            self.skipTest("openssl is not installed")
        daemon = self.tls_daemon()
        assert not isinstance(daemon.address, str)
        host, port = daemon.address
        self.assertRegex(
            daemon.log(), rf"openssl s_client -quiet -connect {host}:{port}   or: twisted-chat --tls {host}"
        )
        bob = self.client(daemon.addresses[1], "bob")
        openssl = self.program("openssl", "s_client", "-quiet", "-connect", f"{host}:{port}")
        openssl.until("Login Id: ")
        openssl.type("kim")
        openssl.type("hello from openssl")
        bob.until("[kim] hello from openssl\n")
        bob.send("hello from netcat")
        openssl.until("[bob] hello from netcat")
        openssl.type("/quit")
        openssl.until("-- Goodbye.")
        self.assertEqual(openssl.process.wait(PATIENCE), 0)
        command = ["twisted_chat.client", "--ca", str(self.made.cert_file), "--nick", "ann"]
        result = subprocess.run(
            [sys.executable, "-m", *command, "--send", "hello from ours", f"{host}:{port}"],
            cwd=self.folder, env=daemon.environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stderr)
        bob.until("[ann] hello from ours\n")

    def test_whoever_speaks_no_tls_there_is_closed_and_harms_nobody(self) -> None:
        daemon = self.tls_daemon()
        kim = self.secure(daemon)
        kim.login("kim")
        for hello in (b"kim\nhello\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 20000):
            with connect(daemon.address) as other:
                other.sendall(hello)
                received = b""
                try:
                    while data := other.recv(4096):
                        received += data
                except ConnectionError:
                    pass
                self.assertNotIn(b"Login", received)
        kim.send("all is well")
        kim.until("[kim] all is well\n")
        self.assertNotIn("Traceback", daemon.log())

    def test_one_who_does_not_read_is_cut_off(self) -> None:
        daemon = self.tls_daemon("", "--send-queue", "100000")
        deaf = self.client(connect(daemon.address, receive_buffer=4096))
        deaf.socket = client_context().wrap_socket(deaf.socket)
        deaf.until("Login Id: ")
        deaf.send("deaf")
        kim = self.secure(daemon)
        kim.login("kim")
        line = "x" * 4000
        for _ in range(60):
            kim.send(*[line] * 50)
            kim.read()
            if "cut off: it does not read" in daemon.log():
                break
        kim.until("user [deaf] left the room\n")
        self.assertIn("cut off: it does not read", daemon.log())

    def test_many_short_connections_leave_nothing(self) -> None:
        daemon = self.tls_daemon()
        kim = self.secure(daemon)
        kim.login("kim")

        def drop(number: int) -> None:
            for i in range(number):
                with connect(daemon.address) as connection:
                    if i % 2:
                        with client_context().wrap_socket(connection) as secure:
                            if i % 4 == 1:
                                secure.sendall(b"guest\n")
                    elif i % 3:
                        connection.sendall(b"\x16\x03\x01")

        drop(300)
        kim.read()
        descriptors, memory = daemon.descriptors(), daemon.memory()
        drop(600)
        wait_for(lambda: daemon.descriptors() <= descriptors, "as many descriptors as before")
        kim.read()
        # A connection takes about 50 KiB; as many as are open at once may have grown what the process holds.
        self.assertLess(daemon.memory() - memory, 16 << 20)
        self.assertNotIn("Traceback", daemon.log())


class RenewalTests(TLSCase):
    def test_renewed_while_people_are_connected(self) -> None:
        daemon = self.tls_daemon()
        kim = self.secure(daemon)
        kim.login("kim")
        old = self.proven(kim)
        # A broken file, half way through a renewal: nobody notices.
        self.made.cert_file.write_text("half a certificate")
        os.kill(daemon.pid, signal.SIGHUP)
        wait_for(lambda: "the old certificate stays in use" in daemon.log(), "a complaint in the log")
        bob = self.secure(daemon)
        bob.login("bob")
        self.assertEqual(self.proven(bob), old)
        # The real one, while data flows.
        make(self.folder, "server")
        for i in range(100):
            kim.send(f"line {i}")
            if i == 50:
                os.kill(daemon.pid, signal.SIGHUP)
        wait_for(lambda: f"{self.made.cert_file} is loaded" in daemon.log(), "the certificate loaded")
        for i in range(100):
            bob.until(f"[kim] line {i}\n")
        ann = self.secure(daemon)
        ann.login("ann")
        self.assertNotEqual(self.proven(ann), old)
        for client in (kim, bob, ann):
            client.send("still here")
            client.until("] still here\n")
        self.assertNotIn("Traceback", daemon.log())

    def test_renewed_files_are_found_without_a_signal(self) -> None:
        daemon = self.tls_daemon()
        old = self.proven(self.secure(daemon))
        make(self.folder, "server")
        wait_for(lambda: "certificates have changed" in daemon.log(), "the renewed certificate noticed")
        self.assertNotEqual(self.proven(self.secure(daemon)), old)


class IRCTests(TLSCase):
    def test_whois_tells_who_is_connected_securely(self) -> None:
        secure = f"tls:0:cert={self.made.cert_file}:key={self.made.key_file}:interface=127.0.0.1"
        daemon = self.daemon("--irc", secure, lines=(LOCAL,))
        kim = self.client(daemon.addresses[1])
        kim.socket = client_context(None).wrap_socket(kim.socket)
        bob = self.client(daemon.address, "bob")
        kim.send("NICK kim\r\nUSER kim 0 * :Kim")
        kim.until(" 001 kim ")
        kim.send("WHOIS bob")
        self.assertNotIn(" 671 ", kim.until(" 318 kim bob "))
        kim.send("WHOIS kim")
        kim.until(" 671 kim kim :is using a secure connection")
        bob.send("/quit")


class CertificateLoginTests(TLSCase):
    def test_an_account_is_opened_by_a_certificate_over_a_restart(self) -> None:
        daemon = self.tls_daemon()
        shown, other = make(self.folder, "kim"), make(self.folder, "other")
        kim = self.secure(daemon, shown)
        kim.login("kim")
        kim.send("/register long-enough-1")
        kim.until("is yours now")
        kim.send("/cert add")
        kim.until(f"The certificate {shown.fingerprint} opens your account now.\n")
        daemon.terminate()
        self.assertEqual(daemon.wait(), 0)
        daemon.start()
        again = self.secure(daemon, shown)
        again.login("kim")
        again.send("/whois kim")
        again.until("account")
        # Our client shows it from one file, and is asked for nothing.
        both = self.folder / "both.pem"
        both.write_bytes(shown.cert_file.read_bytes() + shown.key_file.read_bytes())
        assert not isinstance(daemon.address, str)
        address = f"localhost:{daemon.address[1]}"
        command = ["--ca", str(self.made.cert_file), "--cert", str(both), "--nick", "kim", "--send", "by certificate"]
        result = subprocess.run(
            [sys.executable, "-m", "twisted_chat.client", *command, address],
            cwd=self.folder, env=daemon.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        again.until("[kim] by certificate\n")
        for one in (self.secure(daemon, other), self.secure(daemon), self.client(daemon.addresses[1])):
            one.until("Login Id: ")
            one.send("kim")
            one.until("Password: ")

    def test_irc_by_sasl_external(self) -> None:
        files = f"cert={self.made.cert_file}:key={self.made.key_file}:interface=127.0.0.1"
        daemon = self.daemon("--irc", f"tls:0:{files}", lines=(f"tls:0:{files}",))
        shown = make(self.folder, "kim")
        kim = self.secure(daemon, shown)
        kim.login("kim")
        kim.send("/register long-enough-1", "/cert add")
        kim.until("opens your account now.\n")
        irc = Client(client_context(shown).wrap_socket(connect(daemon.addresses[1])))
        self.addCleanup(irc.close)
        irc.send("CAP LS 302", "NICK kim", "USER kim 0 * :Kim", "CAP REQ :sasl", "AUTHENTICATE EXTERNAL")
        irc.until("AUTHENTICATE +")
        irc.send("AUTHENTICATE +")
        irc.until(" 903 ")
        irc.send("CAP END")
        irc.until(" 001 kim ")
        irc.send("PRIVMSG #lobby :hello from IRC")
        kim.until("[kim] hello from IRC\n")

    def test_only_clients_of_an_authority(self) -> None:
        authority = make(self.folder, "authority", ca=True)
        daemon = self.tls_daemon(f":clients={authority.cert_file}")
        member = self.secure(daemon, make(self.folder, "member", authority))
        member.login("member")
        for shown in (None, make(self.folder, "stranger"), make(self.folder, "late", authority, days=-1)):
            with connect(daemon.address) as plain, self.assertRaises((ssl.SSLError, ConnectionError)):
                stranger = client_context(shown).wrap_socket(plain)
                while stranger.recv(1000):
                    pass
                raise ConnectionError("closed")
        member.send("/who")
        member.until("In #lobby (1):\n")

    def test_what_is_wrong_at_the_start_is_said_in_one_line(self) -> None:
        self.made.key_file.unlink()
        with self.assertRaises(AssertionError) as raised:
            self.tls_daemon()
        self.assertIn("twisted-chat: cannot use the certificate: ", str(raised.exception))
        self.assertIn("No such file or directory", str(raised.exception))
