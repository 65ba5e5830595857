"""Wherever it listens, it is the same chat."""

import datetime
import ipaddress
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from daemon import LOCAL, Client, DaemonCase


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
        self.write_certificate()
        files = f"privateKey={self.folder}/key.pem:certKey={self.folder}/certificate.pem"
        daemon = self.daemon(lines=(f"ssl:0:interface=127.0.0.1:{files}", LOCAL))
        context = ssl.create_default_context(cafile=f"{self.folder}/certificate.pem")
        secure = self.client(daemon.address)
        secure.socket = context.wrap_socket(secure.socket, server_hostname="localhost")
        secure.login("kim")
        self.assert_chat(secure, self.client(daemon.addresses[1], "bob"))
        secure.send("/quit")
        self.assertEqual(secure.rest(), "-- Goodbye.\n")

    def write_certificate(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        (self.folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
        (self.folder / "key.pem").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )

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
