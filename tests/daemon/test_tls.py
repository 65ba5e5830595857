"""TLS: certificates that can be renewed, and connections on which nothing is lost, late or left open."""

from __future__ import annotations

import gc
import shutil
import socket
import ssl
import tempfile
import time
from pathlib import Path
from typing import Any
from weakref import ref

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tls_support import Made, client_context, make
from twisted.internet import reactor, task
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from twisted_chat.daemon.listeners import listener
from twisted_chat.daemon.tls import CertificateError, Certificates, EagerTLS, TLSEndpoint
from twisted_chat.delivery.session import Session
from twisted_chat.delivery.transport import EagerReactor
from twisted_chat.protocols.formats import DIALECTS

timed: Any = reactor


class FolderCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twisted-chat-test-"))
        self.addCleanup(shutil.rmtree, self.folder)


class CertificatesTests(FolderCase):
    def certificates(self, made: Made, clients: Path | None = None) -> Certificates:
        return Certificates(str(made.cert_file), str(made.key_file), str(clients) if clients else None)

    def wrong(self, certificate: Path, key: Path, clients: Path | None = None) -> str:
        error = self.assertRaises(
            CertificateError, Certificates, str(certificate), str(key), str(clients) if clients else None
        )
        self.assertNotIn("\n", str(error))
        return str(error)

    def test_until_when_a_certificate_is_good(self) -> None:
        days = (self.certificates(make(self.folder, "a", days=9)).expires - time.time()) / 86400
        self.assertEqual(round(days), 9)

    def test_what_is_wrong_with_a_file_is_said_in_one_line_that_names_it(self) -> None:
        a, b = make(self.folder, "a"), make(self.folder, "b")
        missing, text = self.folder / "missing", self.folder / "text"
        text.write_text("not PEM\n")
        self.assertEqual(self.wrong(missing, a.key_file), f"{missing}: No such file or directory")
        self.assertEqual(self.wrong(a.cert_file, missing), f"{missing}: No such file or directory")
        self.assertEqual(self.wrong(a.cert_file, a.key_file, missing), f"{missing}: No such file or directory")
        self.assertEqual(self.wrong(text, a.key_file), f"{text}: not what it should be, in PEM form")
        self.assertIn(f"{text}: ", self.wrong(a.cert_file, text))
        self.assertIn(f"{text}: ", self.wrong(a.cert_file, a.key_file, text))
        self.assertIn(f"{b.key_file}: ", self.wrong(a.cert_file, b.key_file))

    def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(self) -> None:
        a = make(self.folder, "a")
        secret = a.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        a.key_file.write_bytes(secret)
        self.assertIn(f"{a.key_file}: has a passphrase", self.wrong(a.cert_file, a.key_file))

    def test_files_that_have_changed_are_noticed_and_once(self) -> None:
        certificates = self.certificates(make(self.folder, "a"))
        self.assertFalse(certificates.changed())
        make(self.folder, "a", days=60)
        self.assertTrue(certificates.changed())
        before = certificates.expires
        certificates.reload(time.time())
        self.assertGreater(certificates.expires, before)
        self.assertFalse(certificates.changed())

    def test_a_bad_file_changes_nothing_and_is_read_once(self) -> None:
        a = make(self.folder, "a")
        certificates = self.certificates(a)
        before = certificates._context
        for break_it in (
            lambda: a.cert_file.write_text("half a cert"),
            lambda: make(self.folder, "b").key_file.replace(a.key_file),
            a.cert_file.unlink,
        ):
            break_it()
            self.assertTrue(certificates.changed())
            self.assertRaises(CertificateError, certificates.reload, time.time())
            self.assertIs(certificates._context, before)
            self.assertFalse(certificates.changed())
        make(self.folder, "a")
        certificates.reload(time.time())
        self.assertIsNot(certificates._context, before)

    def test_what_has_expired_does_not_replace_what_is_good(self) -> None:
        certificates = self.certificates(make(self.folder, "a"))
        make(self.folder, "a", days=-1)
        error = self.assertRaises(CertificateError, certificates.reload, time.time())
        self.assertIn("has expired", str(error))
        # But is better than nothing.
        self.certificates(make(self.folder, "b", days=-1)).reload(time.time())


class DescriptionTests(FolderCase):
    def test_what_an_endpoint_of_ours_says(self) -> None:
        made = make(self.folder, "a")
        odd = self.folder / "a:b.pem"
        shutil.copy(made.cert_file, odd)
        written = str(odd).replace(":", "\\:")
        for more in ("", ":interface=127.0.0.1", ":interface=\\:\\:1", f":clients={made.cert_file}"):
            endpoint, certificates = listener(timed, f"tls:0:cert={written}:key={made.key_file}{more}")
            self.assertIsInstance(endpoint, TLSEndpoint)
            assert certificates is not None
            self.assertEqual(certificates.path, str(odd))

    def test_any_other_is_twisteds(self) -> None:
        endpoint, certificates = listener(timed, "tcp:0")
        self.assertNotIsInstance(endpoint, TLSEndpoint)
        self.assertIsNone(certificates)

    def test_what_is_none_is_refused(self) -> None:
        made = make(self.folder, "a")
        good = f"cert={made.cert_file}:key={made.key_file}"
        for description in (
            "tls:", "tls:9", "tls:x:" + good, "tls:9:" + good + ":colour=red", "tls:9:" + good + ":",
            "tls:9:" + good + ":key=k", f"tls:9:cert={made.cert_file}", "tls:9:cert=:key=", "nonsense:1",
        ):  # fmt: skip
            error = self.assertRaises(ValueError, listener, timed, description)
            self.assertIn(f"not an endpoint: {description}", str(error))
        error = self.assertRaises(ValueError, listener, timed, "tls:9:cert=missing:key=missing")
        self.assertIn("cannot use the certificate: ", str(error))


class Server(Protocol):
    def __init__(self) -> None:
        self.lost: Deferred[None] = Deferred()
        self.received = b""

    def connectionMade(self) -> None:
        self.factory.made.callback(self)  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.lost.callback(None)


class ConnectionTests(FolderCase):
    """With sockets, and the other end in a thread."""

    async def connect(
        self, shown: Made | None = None, more: str = "", version: ssl.TLSVersion | None = None
    ) -> tuple[Server, ssl.SSLSocket]:
        made = make(self.folder, "server")
        description = f"tls:0:cert={made.cert_file}:key={made.key_file}:interface=127.0.0.1{more}"
        endpoint, _ = listener(EagerReactor(timed), description)
        factory: Any = ServerFactory.forProtocol(Server)
        factory.made = Deferred()
        port = await endpoint.listen(factory)
        self.addCleanup(port.stopListening)

        def dial() -> ssl.SSLSocket:
            plain = socket.create_connection(("127.0.0.1", port.getHost().port), 10)
            context = client_context(shown)
            if version is not None:
                context.maximum_version = version
            try:
                return context.wrap_socket(plain)
            except BaseException:
                plain.close()
                raise

        dialing = deferToThread(dial)
        server: Server = await factory.made
        self.addCleanup(lambda: server.lost)
        self.addCleanup(server.transport.abortConnection)  # type: ignore[union-attr]
        client = await dialing
        self.addCleanup(client.close)
        return server, client

    def receive_all(self, client: ssl.SSLSocket) -> Deferred[bytes]:
        def run() -> bytes:
            received = bytearray()
            while data := client.recv(1 << 16):
                received += data
            return bytes(received)

        return deferToThread(run)

    def session(self, server: Server, cap: int = 1 << 30) -> Session:
        return Session(server.transport, DIALECTS, "text", "somebody", cap)  # type: ignore[arg-type]

    async def test_both_versions_and_no_older(self) -> None:
        for version, name in ((None, "TLSv1.3"), (ssl.TLSVersion.TLSv1_2, "TLSv1.2")):
            server, client = await self.connect(version=version)
            self.assertIsInstance(server.transport, EagerTLS)
            self.assertEqual(client.version(), name)
            client.close()
            await server.lost

    async def test_what_a_session_sends_before_the_handshake_arrives_too(self) -> None:
        made = make(self.folder, "server")
        endpoint, _ = listener(
            EagerReactor(timed), f"tls:0:cert={made.cert_file}:key={made.key_file}:interface=127.0.0.1"
        )
        test = self

        class Greeting(Server):
            def connectionMade(self) -> None:
                self.session = test.session(self)
                self.session.send(b"Login Id: ")
                for i in range(100):
                    self.session.send(b"%d " % i)
                self.session.close()

        port = await endpoint.listen(ServerFactory.forProtocol(Greeting))
        self.addCleanup(port.stopListening)

        def dial() -> bytes:
            with socket.create_connection(("127.0.0.1", port.getHost().port), 10) as plain:
                client = client_context().wrap_socket(plain)
                received = b""
                while data := client.recv(1 << 16):
                    received += data
                return received

        self.assertEqual(await deferToThread(dial), b"Login Id: " + b"".join(b"%d " % i for i in range(100)))

    async def test_a_session_sends_everything_in_order_to_one_who_reads_late(self) -> None:
        server, client = await self.connect()
        session = self.session(server)
        sent = [b"%d " % i * 100 for i in range(20_000)]
        for data in sent:
            session.send(data)
        self.assertGreater(session.queued, 0)
        session.close()
        received = await self.receive_all(client)
        self.assertTrue(received == b"".join(sent))

    async def test_what_waits_for_one_who_does_not_read_is_counted_and_they_are_cut_off(self) -> None:
        server, _ = await self.connect()
        session = self.session(server, 100_000)
        for _ in range(10_000):
            session.send(b"x" * 10_000)
        await server.lost
        self.assertEqual(session.queued, 0)
        self.assertFalse(session.alive)

    async def test_the_last_line_arrives_though_the_other_side_talks_all_the_time(self) -> None:
        server, client = await self.connect()
        session = self.session(server)

        def talk() -> bytes:
            client.sendall(b"talk " * 10_000)
            received = b""
            while data := client.recv(1 << 16):
                received += data
                client.sendall(b"talk " * 100)
            return received

        talking = deferToThread(talk)
        session.send(b"long " * 20_000 + b"goodbye")
        session.close()
        received = await talking
        self.assertEqual((len(received), received[-7:]), (100_007, b"goodbye"))
        client.close()
        await server.lost

    async def test_closing_does_not_wait_for_the_other_side_to_agree(self) -> None:
        server, _ = await self.connect()
        session = self.session(server)
        session.send(b"goodbye")
        session.close()
        # It reads nothing, closes nothing, and says nothing; still it is gone after the time for lingering.
        await server.lost

    async def test_a_connection_is_cut_off_at_once(self) -> None:
        server, _ = await self.connect()
        self.session(server).abort()
        await server.lost

    async def test_what_openssl_keeps_for_a_connection_is_gone_with_it(self) -> None:
        server, client = await self.connect()
        session = self.session(server)
        transport: Any = server.transport
        kept = ref(transport._tlsConnection)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        client.close()
        await server.lost
        await task.deferLater(timed, 0)
        self.assertIsNone(kept())
        self.assertIsNone(transport._producer)
        session.gone()

    async def test_who_never_shakes_hands_can_be_closed(self) -> None:
        made = make(self.folder, "server")
        endpoint, _ = listener(
            EagerReactor(timed), f"tls:0:cert={made.cert_file}:key={made.key_file}:interface=127.0.0.1"
        )
        factory: Any = ServerFactory.forProtocol(Server)
        factory.made = Deferred()
        port = await endpoint.listen(factory)
        self.addCleanup(port.stopListening)

        with socket.create_connection(("127.0.0.1", port.getHost().port), 10) as plain:
            server: Server = await factory.made
            server.transport.write(b"Login Id: ")  # type: ignore[union-attr]
            server.transport.loseConnection()  # type: ignore[union-attr]
            await server.lost
            self.assertRaises(ConnectionResetError, plain.recv, 100)

    async def test_the_certificate_that_a_client_shows(self) -> None:
        kim = make(self.folder, "kim")
        server, client = await self.connect(kim)
        # TLS 1.3: the client has sent it, but it may not be here yet.
        client.sendall(b"hello")
        while not server.received:
            waited: Deferred[None] = Deferred()
            timed.callLater(0.01, waited.callback, None)
            await waited
        self.assertEqual(self.session(server).certificate, kim.fingerprint)

    async def test_a_client_that_shows_none(self) -> None:
        server, _ = await self.connect()
        self.assertIsNone(self.session(server).certificate)


class RefusedTests(SynchronousTestCase):
    def test_a_factory_that_wants_no_connection_gets_none(self) -> None:
        from twisted_chat.daemon.tls import EagerTLSFactory  # noqa: PLC0415

        factory = ServerFactory()
        factory.buildProtocol = lambda address: None  # type: ignore[method-assign]
        wrapped = EagerTLSFactory.__new__(EagerTLSFactory)
        wrapped.wrappedFactory = factory
        self.assertIsNone(wrapped.buildProtocol(None))
