"""One connection to the server at a time: opening it, in words what went wrong, and closing it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
from pathlib import Path
from typing import Any, Protocol

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import error, interfaces
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.ssl import Certificate, PrivateCertificate, optionsForClientTLS, trustRootFromCertificates
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_chat.client.config import ConfigError, Server
from twisted_chat.client.text import clean


class Owner(Protocol):
    """Who uses a L{Link}."""

    def link_up(self) -> None:
        """The connection is open."""

    def link_data(self, data: bytes) -> None:
        """Bytes came in."""

    def link_down(self, why: str) -> None:
        """There is no connection, or no longer; C{why} is empty when the server closed it in good order."""


class Link:
    """
    A connection.

    @ivar server: where to.
    """

    def __init__(self, reactor: Any, server: Server, owner: Owner, timeout: float = 30.0) -> None:
        """
        @param reactor: makes the connection.
        @param owner: is told what becomes of it.
        @param timeout: seconds to open it in.
        @raise ConfigError: when the file of certificates to trust is not one.
        """
        self.server = server
        self._owner = owner
        self._endpoint = make_endpoint(reactor, server, timeout)
        self._connecting: Deferred[Any] | None = None
        self._wire: _Wire | None = None

    def connect(self) -> None:
        """Open the connection; the owner hears of it."""
        factory = Factory.forProtocol(lambda: _Wire(self))
        self._connecting = self._endpoint.connect(factory)
        self._connecting.addErrback(self._failed)

    def write(self, data: bytes) -> None:
        """
        @param data: for the server; forgotten when there is no connection.
        """
        if self._wire is not None:
            transport(self._wire).write(data)

    def close(self) -> None:
        """Close the connection once everything is written, or stop opening it."""
        if self._wire is not None:
            transport(self._wire).loseConnection()
        elif self._connecting is not None:
            self._connecting.cancel()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._wire is not None:
            transport(self._wire).abortConnection()
        else:
            self.close()

    def transport(self) -> Any:
        """
        @return: the open connection, an L{interfaces.ITransport} that is producer and consumer, or None.
        """
        return None if self._wire is None else transport(self._wire)

    def _failed(self, failure: Failure) -> None:
        self._connecting = None
        if not isinstance(failure.value, CancelledError):
            self._owner.link_down(describe(failure))

    def _opened(self, wire: _Wire) -> None:
        """There is a connection; with TLS it is of no use yet."""
        self._connecting = None
        self._wire = wire

    def _up(self) -> None:
        if interfaces.ITCPTransport.providedBy(self.transport()):
            _keep_alive(self.transport())
        self._owner.link_up()

    def _down(self, failure: Failure) -> None:
        self._wire = None
        self._owner.link_down("" if isinstance(failure.value, error.ConnectionDone) else describe(failure))


def transport(wire: TwistedProtocol) -> Any:
    """
    @return: the protocol's transport, for which Twisted has no one type.
    """
    return wire.transport


def _keep_alive(connection: Any) -> None:
    """Have the kernel notice a dead link too, for servers that know no ping."""
    connection.setTcpNoDelay(True)
    connection.setTcpKeepAlive(True)
    for option, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        # Not every system has them, and not every transport a socket of its own.
        with contextlib.suppress(OSError, AttributeError):
            connection.getHandle().setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


@implementer(interfaces.IHandshakeListener)
class _Wire(TwistedProtocol):
    def __init__(self, link: Link) -> None:
        self._link = link
        self._established = False

    def connectionMade(self) -> None:
        self._link._opened(self)
        # With TLS the handshake comes first, and with it the certificate.
        if not interfaces.ISSLTransport.providedBy(self.transport):
            self._establish()

    def handshakeCompleted(self) -> None:
        self._establish()

    def dataReceived(self, data: bytes) -> None:
        self._establish()
        self._link._owner.link_data(data)

    def connectionLost(self, reason: Failure = error.ConnectionDone) -> None:  # type: ignore[assignment]
        self._link._down(reason)

    def _establish(self) -> None:
        if not self._established:
            self._established = True
            self._link._up()


def make_endpoint(reactor: Any, server: Server, timeout: float) -> Any:
    """
    @return: an L{interfaces.IStreamClientEndpoint} for C{server}.
    @raise ConfigError: when the file of certificates to trust is not one.
    """
    if "/" in server.host:
        unix: Any = UNIXClientEndpoint
        return unix(reactor, server.host, timeout=timeout)
    endpoint: Any = HostnameEndpoint(reactor, server.host, server.port, timeout=timeout)
    if not server.tls:
        return endpoint
    try:
        trust = _trust(server.ca) if server.ca else None
        options = optionsForClientTLS(server.host, trust, _own(server.cert) if server.cert else None)
    except (ValueError, UnicodeError) as problem:
        raise ConfigError(f"no certificate can be for {server.host!r}: {problem}") from None
    return wrapClientTLS(options, endpoint)


def _own(path: Path) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    load: Any = PrivateCertificate.loadPEM
    try:
        data = path.read_bytes()
        # Of a key with a passphrase this says so, where OpenSSL would ask on the terminal.
        load_pem_private_key(data, None)
        return load(data)
    except OSError as problem:
        raise ConfigError(f"cannot read the certificate in {path}: {problem.strerror}") from None
    except (SSL.Error, ValueError, TypeError):
        raise ConfigError(f"there is no certificate with its key in {path}, or it has a passphrase") from None


def _trust(path: Path) -> Any:
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not PEM"
        raise ConfigError(f"cannot read the certificates in {path}: {reason}") from None
    blocks = re.findall("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.DOTALL)
    load: Any = Certificate.loadPEM
    try:
        certificates = [load(block) for block in blocks]
    except (SSL.Error, ValueError):
        certificates = []
    if not certificates:
        raise ConfigError(f"there are no certificates in {path}")
    trust: Any = trustRootFromCertificates
    return trust(certificates)


def describe(failure: Failure) -> str:
    """
    @param failure: why a connection could not be opened or ended.
    @return: a few words for people.
    """
    value = failure.value
    if isinstance(value, error.ConnectionRefusedError):
        return "nobody listens there (connection refused)"
    if isinstance(value, error.DNSLookupError):
        return "there is no host of that name"
    if isinstance(value, error.TimeoutError | error.TCPTimedOutError):
        return "no answer in time"
    if isinstance(value, VerificationError):
        return "the server's certificate is for another name"
    if isinstance(value, SSL.Error):
        return _describe_tls(value)
    if isinstance(value, error.ConnectionDone):
        return "the server closed the connection"
    if isinstance(value, error.ConnectionLost):
        return "the connection broke"
    if isinstance(value, error.ConnectError) and value.osError:
        return _describe_errno(value.osError)
    return clean(str(value)) or type(value).__name__


def _describe_errno(problem: object) -> str:
    """What the system says, which Twisted has as an error or as its number only."""
    number = getattr(problem, "errno", problem)
    if number == errno.ENOENT:
        return "there is no such file"
    if isinstance(number, int):
        return os.strerror(number)
    return clean(str(problem))


def _describe_tls(problem: SSL.Error) -> str:
    """OpenSSL's list of errors, in words."""
    reasons = [str(entry[-1]) for entry in problem.args[0]] if problem.args and problem.args[0] else []
    if any("certificate verify failed" in reason for reason in reasons):
        return "the server's certificate cannot be trusted (verification failed)"
    if any("wrong version number" in reason or "record layer failure" in reason for reason in reasons):
        return "the server does not speak TLS there"
    return clean("TLS failed: " + ("; ".join(reasons) or "the connection broke"))
