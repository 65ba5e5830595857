"""The PROXY protocol, versions 1 and 2: for whom a proxy connects that is believed. Sections are those of its
specification, proxy-protocol.txt of haproxy."""

from __future__ import annotations

import socket
from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IProtocolFactory
from twisted.internet.protocol import Protocol, ServerFactory

from ..chat.addresses import parse_address
from .gate import Gate

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
#: The longest header of version 1, with its line end, and of version 2; this much of its additions is read over.
MAX_V1 = 107
MAX_V2 = 16 + 4096

Address = IPv4Address | IPv6Address


class HeaderError(ValueError):
    """What a proxy sends is no header."""


def parse_header(data: bytes) -> tuple[Address | None, int] | None:
    """
    @param data: all that has come so far.
    @return: for whom the connection is (C{None}: for the proxy itself), and how long the header was; C{None} when more
        is needed.
    @raise HeaderError: it is none.
    """
    if data.startswith(SIGNATURE[: len(data)]):
        return _parse_v2(data)
    if data.startswith(b"PROXY "[: len(data)]):
        return _parse_v1(data)
    raise HeaderError("neither version 1 nor 2")


def _parse_v1(data: bytes) -> tuple[Address | None, int] | None:
    """Section 2.1: PROXY TCP4 source destination port port CR LF."""
    end = data.find(b"\r\n", 0, MAX_V1)
    if end < 0:
        if len(data) >= MAX_V1:
            raise HeaderError("a line that is too long")
        return None
    words = data[:end].decode("ascii", "replace").split(" ")
    if words[1] == "UNKNOWN":
        return None, end + 2
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6") or not (words[4].isdecimal() and len(words[4]) < 6):
        raise HeaderError("a line that is none of version 1")
    family = socket.AF_INET if words[1] == "TCP4" else socket.AF_INET6
    try:
        socket.inet_pton(family, words[2])
    except (OSError, ValueError):
        raise HeaderError("no address") from None
    return _address(words[2], int(words[4])), end + 2


def _parse_v2(data: bytes) -> tuple[Address | None, int] | None:
    """Section 2.2: a signature, version and command, family, length; addresses; additions that are read over."""
    if len(data) < 16:
        return None
    end = 16 + int.from_bytes(data[14:16], "big")
    if data[12] >> 4 != 2 or data[12] & 15 > 1 or end > MAX_V2:
        raise HeaderError("no header of version 2")
    if len(data) < end:
        return None
    if data[12] & 15 == 0:
        return None, end
    size, family = {0x11: (4, socket.AF_INET), 0x21: (16, socket.AF_INET6)}.get(data[13], (0, None))
    if family is None:
        return None, end
    if end < 16 + 2 * size + 4:
        raise HeaderError("too short")
    ports = 16 + 2 * size
    return _address(socket.inet_ntop(family, data[16 : 16 + size]), int.from_bytes(data[ports : ports + 2], "big")), end


def _address(host: str, port: int) -> Address:
    host = str(parse_address(host))
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, port)


class ProxyFactory(ServerFactory):
    """Outermost on a listener: has proxies that are believed say for whom they connect, and then is not there."""

    noisy = False

    def __init__(self, factory: IProtocolFactory, gate: Gate) -> None:
        """
        @param factory: whose protocols everyone gets.
        """
        self.wrapped = factory
        self.gate = gate

    def doStart(self) -> None:
        self.wrapped.doStart()

    def doStop(self) -> None:
        self.wrapped.doStop()

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if getattr(addr, "host", "") in self.gate.limits.proxies:
            return Header(self)
        return cast("Protocol | None", self.wrapped.buildProtocol(cast(IAddress, addr)))


class Header(Protocol):
    """A connection from a proxy until it has said for whom it is."""

    factory: ProxyFactory

    def __init__(self, factory: ProxyFactory) -> None:
        self.factory = factory
        self._data = b""

    def connectionMade(self) -> None:
        self.factory.gate.await_login(self)

    def connectionLost(self, reason: object = None) -> None:
        self.factory.gate.forget(self)

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        try:
            found = parse_header(self._data)
        except HeaderError:
            self._refuse()
            return
        if found is not None:
            address, length = found
            self._hand_over(address, self._data[length:])

    def _hand_over(self, address: Address | None, rest: bytes) -> None:
        """From here on the connection is what it would be without the proxy."""
        transport: Any = self.transport
        self.factory.gate.forget(self)
        if address is not None:
            transport.getPeer = lambda: address
        protocol: Any = self.factory.wrapped.buildProtocol(transport.getPeer())
        if protocol is None:
            transport.abortConnection()
            return
        transport.protocol = protocol
        protocol.makeConnection(transport)
        if rest:
            protocol.dataReceived(rest)

    def _refuse(self) -> None:
        self.factory.gate.counters.refused["proxy"] += 1
        transport: Any = self.transport
        transport.abortConnection()

    # What the gate looks after

    def overdue(self) -> bool:
        self._refuse()
        return False

    def crowded_out(self) -> bool:
        return False

    def check_life(self) -> None:
        pass
