"""Tests for L{twisted_chat.client.send}, C{--json}, C{--room} and TLS, as processes."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
import tempfile
import threading
from pathlib import Path

from client_support import PATIENCE, OriginalServer, ScriptServer, read_line, run_client
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from daemon_support import NO_DAEMON, Daemon, Talker
from twisted.trial.unittest import TestCase


class DaemonTests(TestCase):
    skip = NO_DAEMON or None

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.daemon = Daemon(Path(folder.name)).start()
        cls.addClassCleanup(cls.daemon.kill)
        cls.bob = Talker(cls.daemon, "bob")
        cls.addClassCleanup(cls.bob.close)
        cls.bob.say("/join #ops")
        cls.bob.wait_for("-- You are now in #ops, alone.")

    def test_one_message_from_a_script(self) -> None:
        done = run_client("--nick", "cron", "--room", "ops", "--send", "/etc is full\nsecond é", self.daemon.address)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        said = [line for line in self.bob.lines if line.startswith("[cron]")]
        self.assertEqual(said, ["[cron] /etc is full", "[cron] second é"])

    def test_a_password_that_is_missing(self) -> None:
        ann = Talker(self.daemon, "ann")
        ann.say("/register sesame-sesame")
        ann.wait_for("-- The name ann is yours now: it will be asked for its password.")
        ann.close()
        done = run_client("--nick", "ann", "--send", "hello", self.daemon.address)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"wants a password for 'ann' (--password-file)", done.stderr)
        done = run_client("--nick", "ann", "--send", "hello", self.daemon.address, TWISTED_CHAT_PASSWORD="wrong-sesame")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"refused the password for 'ann': Wrong name or password.\n", done.stderr)

    def test_a_name_of_its_own_is_found(self) -> None:
        other = Talker(self.daemon, "visitor")
        self.addCleanup(other.close)
        done = run_client("--room", "ops", "--send", "hello", self.daemon.address, LOGNAME="visitor")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.bob.wait_for("[visitor-2] hello")

    def test_what_is_refused_is_not_said_elsewhere(self) -> None:
        done = run_client("--nick", "cron", "--room", "no!room", "--send", "secret", self.daemon.address)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"twisted-chat: not sent: ", done.stderr)
        done = run_client("--nick", "cron", "--room", "no!room", self.daemon.address, input=b"secret\n")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot enter #no!room: ", done.stderr)
        self.assertNotIn(b"[cron] secret", done.stdout)
        for more in (("--send", "secret"), ()):
            done = run_client("--nick", "cron", "--room", "no room", *more, self.daemon.address, input=b"secret\n")
            self.assertEqual(done.returncode, 3)
            self.assertIn(b"a room's name has no blanks in it", done.stderr)
        done = run_client("--nick", "bob", "--send", "hello", self.daemon.address)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"refused the name 'bob': it is in use\n", done.stderr)
        done = run_client("--nick", "b b", "--send", "hello", self.daemon.address)
        self.assertIn(b"refused the name 'b b': A name has letters", done.stderr)

    def test_json_is_one_object_a_line(self) -> None:
        done = run_client(
            *("--nick", "kim", "--json", "--room", "ops", self.daemon.address), input="h\u00e9llo\n/who\n".encode()
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        events = [json.loads(line) for line in done.stdout.decode().splitlines()]
        own = [e for e in events if e["type"] == "message" and not e.get("replay")]
        self.assertEqual([(e["from"], e["text"], e["room"]) for e in own], [("kim", "h\u00e9llo", "#ops")])
        self.assertEqual([e["type"] for e in events][-2:], ["who", "closing"])


class OtherServerTests(TestCase):
    def test_a_socket_that_is_not_there(self) -> None:
        for more in (("--send", "hello"), ()):
            done = run_client("--nick", "cron", *more, "/nowhere/chat.sock")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"cannot connect to /nowhere/chat.sock: there is no such file\n", done.stderr)

    def test_to_the_original_server(self) -> None:
        with OriginalServer() as server:
            done = run_client("--nick", "cron", "--send", "one\ntwo", server.address)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(server.messages, ["one", "two", "/quit"])

    def test_json_from_the_original_server(self) -> None:
        with OriginalServer() as server:
            done = run_client("--nick", "kim", "--json", server.address, input=b"hello\n")
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(events, [{"type": "join", "from": "kim"}, {"type": "message", "from": "kim", "text": "hello"}])

    def test_hostile_json_is_harmless_and_keeps_its_meaning(self) -> None:
        text = "\x1b[2J\x9b\u202e\ud800é"

        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"user [kim] has entered the room\n")
            self.assertEqual(read_line(connection), b"/format json\n")
            raw = json.dumps({"type": "x", "text": text, "new": [1]}, ensure_ascii=False)
            connection.sendall(raw.encode("utf-8", "surrogatepass") + b"\n{broken\n")
            connection.sendall(json.dumps({"type": "x", "text": text}).encode() + b"\n")
            read_line(connection)

        with ScriptServer(script) as server:
            done = run_client("--nick", "kim", "--json", server.address)
        out = done.stdout.decode("utf-8")
        self.assertEqual([c for c in out if c in "\x1b\x9b\u202e"], [])
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(events[1]["new"], [1])
        self.assertEqual(events[2]["type"], "error")
        self.assertEqual(events[3]["text"], text)

    def test_without_input_it_still_switches_and_enters(self) -> None:
        received: list[bytes] = []

        def script(connection: socket.socket) -> None:
            connection.sendall(b"Login Id: ")
            read_line(connection)
            connection.sendall(b"user [kim] has entered the room\n")
            while line := read_line(connection):
                received.append(line)
                if line.startswith(b"/ping"):
                    connection.sendall(b"-- pong " + line.split()[1] + b"\n")
                if line == b"/quit\n":
                    break

        with ScriptServer(script) as server:
            done = run_client("--nick", "kim", "--room", "ops", "--json", server.address)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(received[:2] + received[-1:], [b"/format json\n", b"/join #ops\n", b"/quit\n"])


class TLSTests(TestCase):
    """A server with a certificate for localhost that nobody else has signed."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pem = Path(folder.name) / "server.pem"
        self.certificate(self.pem, "localhost")

    def certificate(self, path: Path, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))

    def serve(self, pem: Path) -> ScriptServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)

        def script(plain: socket.socket) -> None:
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.sendall(b"Login Id: ")
                    name = read_line(connection).strip()
                    connection.sendall(b"user [%s] has entered the room\n" % name)
                    while read_line(connection) not in (b"", b"/quit\n"):
                        pass
                    connection.unwrap()
            except OSError:
                pass

        return ScriptServer(script)

    def test_a_certificate_that_can_be_verified(self) -> None:
        with self.serve(self.pem) as server:
            for address in (f"chats://localhost:{server.port}", server.address):
                done = run_client("--nick", "kim", "--tls", "--ca", str(self.pem), address)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout, b"user [kim] has entered the room\n")

    def test_one_that_cannot(self) -> None:
        with self.serve(self.pem) as server:
            done = run_client("--nick", "kim", f"chats://localhost:{server.port}")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"the server's certificate cannot be trusted", done.stderr)

    def test_one_for_another_name(self) -> None:
        other = self.pem.with_name("other.pem")
        self.certificate(other, "other.example")
        with self.serve(other) as server:
            done = run_client("--nick", "kim", "--ca", str(other), f"chats://localhost:{server.port}")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"certificate", done.stderr)

    def test_no_tls_there(self) -> None:
        with OriginalServer() as server:
            done = run_client("--nick", "kim", "--tls", server.address)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"the server does not speak TLS there", done.stderr)

    def test_a_handshake_that_never_ends(self) -> None:
        over = threading.Event()
        self.addCleanup(over.set)
        with ScriptServer(lambda connection: over.wait(PATIENCE)) as server:
            done = run_client("--nick", "kim", "--tls", "--timeout", "0.2", server.address)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no answer from", done.stderr)

    def test_a_certificate_to_show_that_is_none(self) -> None:
        for path, wanted in (("/dev/null", b"no certificate with its key in /dev/null"), ("/none", b"No such file")):
            done = run_client("--cert", path, "localhost")
            self.assertEqual(done.returncode, 2)
            self.assertIn(wanted, done.stderr)

    def test_a_file_that_has_no_certificates(self) -> None:
        done = run_client("--ca", "/dev/null", "localhost")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"there are no certificates in /dev/null", done.stderr)
