"""TLS: certificates that are renewed while people stay connected, and connections that encrypt without waiting."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IOpenSSLServerConnectionCreator, IStreamServerEndpoint
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

# Of TLS 1.2 what RFC 9325, section 4.2 recommends: forward secrecy and authenticated encryption, nothing else. Of
# TLS 1.3 everything is like that.
CIPHERS = b":".join(
    (
        b"ECDHE-ECDSA-AES128-GCM-SHA256",
        b"ECDHE-RSA-AES128-GCM-SHA256",
        b"ECDHE-ECDSA-AES256-GCM-SHA384",
        b"ECDHE-RSA-AES256-GCM-SHA384",
        b"ECDHE-ECDSA-CHACHA20-POLY1305",
        b"ECDHE-RSA-CHACHA20-POLY1305",
    )
)
# RFC 9325, section 3.3 and 3.5: no compression, no renegotiation. Tickets are of no use where connections last.
OPTIONS = SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET | SSL.OP_CIPHER_SERVER_PREFERENCE


class CertificateError(Exception):
    """Certificates that cannot be used. The message is one line for the operator."""


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """What a listener proves itself with, and whose clients it lets in. Each new connection uses what was loaded last;
    those that are open keep what they began with.

    @ivar expires: until when the certificate is good, in seconds since 1970.
    """

    log = Logger()

    def __init__(self, certificate: str, key: str, clients: str | None = None) -> None:
        """
        @param certificate: a PEM file: the certificate, and those between it and the authority.
        @param key: a PEM file with its private key.
        @param clients: a PEM file with authorities: only clients with a certificate of one of them are let in. Without
            it any certificate is taken, for what it is: proof that its owner has come again.
        @raise CertificateError: they cannot be used.
        """
        self._certificate = os.path.abspath(certificate)
        self._key = os.path.abspath(key)
        self._clients = os.path.abspath(clients) if clients else None
        self._seen = self._look()
        self._context, self.expires = self._load()

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """See C{IOpenSSLServerConnectionCreator}."""
        return SSL.Connection(self._context, None)

    @property
    def path(self) -> str:
        """The certificate's file, for messages."""
        return self._certificate

    def changed(self) -> bool:
        """Whether the files are others than when they were looked at last."""
        return self._look() != self._seen

    def reload(self, now: float) -> None:
        """Use what is in the files now.

        @param now: in seconds since 1970: a certificate that is no longer good does not replace one that is.
        @raise CertificateError: it cannot be used; what was loaded before stays in use.
        """
        # Looked at first: what changes while it is read is read again.
        self._seen = self._look()
        context, expires = self._load()
        if expires < now < self.expires:
            raise CertificateError(f"{self._certificate}: has expired")
        self._context, self.expires = context, expires

    def _look(self) -> list[tuple[int, ...]]:
        seen: list[tuple[int, ...]] = []
        for path in (self._certificate, self._key, self._clients):
            try:
                found = os.stat(path) if path else None
            except OSError:
                found = None
            seen.append((found.st_mtime_ns, found.st_size, found.st_ino) if found else ())
        return seen

    def _load(self) -> tuple[SSL.Context, float]:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_cipher_list(CIPHERS)
        context.set_options(OPTIONS)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_session_id(b"twisted-chat")
        with _Reading(self._certificate) as pem:
            expires = x509.load_pem_x509_certificates(pem)[0].not_valid_after_utc.timestamp()
            context.use_certificate_chain_file(self._certificate)
        with _Reading(self._key) as pem:
            # Not by OpenSSL itself, which would ask for a passphrase on the terminal, and wait there.
            key: Any = load_pem_private_key(pem, None)
            context.use_privatekey(key)
            context.check_privatekey()
        if self._clients is None:
            try:
                context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
            except MemoryError:
                # A callback takes memory that is writable and executable, which some systems never give.
                self.log.warn("{path}: this system allows no certificates of clients", path=self._certificate)
        else:
            with _Reading(self._clients):
                context.load_verify_locations(self._clients)
                context.load_client_ca(os.fsencode(self._clients))
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        return context, expires


class _Reading:
    """A PEM file, and what can be wrong with it in one line."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> bytes:
        try:
            with open(self._path, "rb") as file:
                return file.read()
        except OSError as error:
            raise CertificateError(f"{self._path}: {error.strerror}") from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SSL.Error):
            reasons = [reason for _, _, reason in error.args[0]] if error.args and error.args[0] else ["not usable"]
            raise CertificateError(f"{self._path}: {reasons[0]}") from error
        if isinstance(error, TypeError):
            raise CertificateError(f"{self._path}: has a passphrase, which nobody is there to type") from error
        if isinstance(error, ValueError | UnsupportedAlgorithm):
            raise CertificateError(f"{self._path}: not what it should be, in PEM form") from error


class EagerTLS(TLSMemoryBIOProtocol):
    """TLS over an L{EagerServer}: what is written is on its way at once. Twisted's own waits for the reactor's next
    turn to join small writes; a session writes once a turn anyway.

    Closing is as there: this side says that it is done, and does not wait for the other to agree.
    """

    # What sessions look at.
    secure = True
    _fingerprint: str | None = None

    @property
    def certificate(self) -> str | None:
        """The SHA-256 fingerprint of the certificate that the client has shown, in hexadecimal; C{None}: it has shown
        none, or not yet."""
        if self._fingerprint is None and self._tlsConnection is not None and self._handshakeDone:
            shown = self._tlsConnection.get_peer_certificate(as_cryptography=True)
            if shown is not None:
                self._fingerprint = hashlib.sha256(shown.public_bytes(Encoding.DER)).hexdigest()
        return self._fingerprint

    def _shutdownTLS(self) -> None:
        super()._shutdownTLS()  # type: ignore[no-untyped-call]
        assert self.transport is not None
        # RFC 8446, section 6.1: each side closes its own direction.
        self.transport.loseConnection()

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        if reason is not None:
            # Its traceback refers to what has made it, and that to it: the connection would be left to the garbage
            # collector, which looks for old ones very rarely, with all that OpenSSL keeps for it.
            reason.cleanFailure()
        super()._tlsShutdownFinished(reason)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self._producer = None

    def abortConnection(self) -> None:
        if self._tlsConnection is not None:
            super().abortConnection()  # type: ignore[no-untyped-call]

    def loseConnection(self) -> None:
        # Else, with what was written before the handshake, it would wait for the handshake for ever.
        if not self._handshakeDone:
            self.abortConnection()
        else:
            super().loseConnection()  # type: ignore[no-untyped-call]


class EagerTLSFactory(TLSMemoryBIOFactory):
    """Makes L{EagerTLS} connections."""

    protocol = EagerTLS

    def buildProtocol(self, addr: Any) -> Any:
        inner = self.wrappedFactory.buildProtocol(addr)
        return None if inner is None else EagerTLS(self, inner)  # type: ignore[no-untyped-call]


@implementer(IStreamServerEndpoint)
class TLSEndpoint:
    """Another endpoint, with TLS on it."""

    def __init__(self, reactor: Any, endpoint: IStreamServerEndpoint, certificates: Certificates) -> None:
        self._reactor = reactor
        self._endpoint = endpoint
        self._certificates = certificates

    def listen(self, protocolFactory: Any) -> Deferred[IListeningPort]:
        """See C{IStreamServerEndpoint}."""
        return self._endpoint.listen(EagerTLSFactory(self._certificates, False, protocolFactory, self._reactor))
