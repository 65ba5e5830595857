"""The PROXY protocol: headers as its specification has them, and whose are believed."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace

from chat_support import Wire, World
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.addresses import Networks
from twisted_chat.protocols.limits import UNLIMITED
from twisted_chat.protocols.proxy import MAX_V1, SIGNATURE, HeaderError, ProxyFactory, parse_header

PROXY = "198.51.100.1"
V1 = b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 9009\r\n"
V1_6 = b"PROXY TCP6 2001:db8::9 2001:db8::1 56324 9009\r\n"


def v2(family: int = 0x11, addresses: bytes = b"", command: int = 1, more: bytes = b"", version: int = 2) -> bytes:
    body = addresses + more
    return SIGNATURE + bytes([version << 4 | command, family]) + len(body).to_bytes(2, "big") + body


PORTS = (56324).to_bytes(2, "big") + (9009).to_bytes(2, "big")
IN4 = socket.inet_aton("203.0.113.9") + socket.inet_aton("192.0.2.1") + PORTS
IN6 = socket.inet_pton(socket.AF_INET6, "2001:db8::9") + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + PORTS
GOOD = [
    (V1, "203.0.113.9"), (V1_6, "2001:db8::9"), (v2(0x11, IN4), "203.0.113.9"), (v2(0x21, IN6), "2001:db8::9"),
    (v2(0x11, IN4, more=b"\x04\x00\x03abc"), "203.0.113.9"),
    (b"PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n", "203.0.113.9"),
    # For the proxy itself, or for nobody it could name.
    (b"PROXY UNKNOWN\r\n", None), (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None), (v2(0, command=0), None),
    (v2(0x11, IN4, command=0), None), (v2(0x31, bytes(216)), None), (v2(0x00), None), (v2(0x12, IN4), None),
]  # fmt: skip
BAD = [
    b"GET / HTTP/1.1\r\n", b"kim\n", b"\x16\x03\x01", b"PROXY\r\n", b"PROXY TCP4 203.0.113.9\r\n",
    b"PROXY TCP4 somewhere 192.0.2.1 1 2\r\n", b"PROXY TCP4 2001:db8::9 ::1 1 2\r\n",
    b"PROXY TCP6 203.0.113.9 ::1 1 2\r\n",
    b"PROXY TCP4 203.0.113.9 192.0.2.1 x 2\r\n", b"PROXY TCP4 203.0.113.9 192.0.2.1 1 2 3\r\n",
    b"PROXY UDP4 a b c d\r\n",
    b"PROXY " + b"x" * MAX_V1, b"PROXY TCP4 \xff 192.0.2.1 1 2\r\n",
    v2(0x11, IN4, version=1), v2(0x11, IN4, command=2), v2(0x11, IN4[:-1]), v2(0x21, IN4),
    SIGNATURE + b"\x21\x11\xff\xff",
]  # fmt: skip


class HeaderTests(SynchronousTestCase):
    def test_whom_a_header_names_and_how_long_it_is(self) -> None:
        for header, host in GOOD:
            found = parse_header(header + b"kim\r\n")
            assert found is not None, header
            self.assertEqual((found[0] and found[0].host, found[1]), (host, len(header)), header)
        found = parse_header(V1)
        assert found is not None and found[0] is not None
        self.assertEqual(found[0], IPv4Address("TCP", "203.0.113.9", 56324))

    def test_a_part_of_one_needs_more(self) -> None:
        for header, _ in GOOD:
            for length in range(len(header)):
                self.assertIs(parse_header(header[:length]), None, header[:length])

    def test_what_is_none(self) -> None:
        for data in BAD:
            self.assertRaises(HeaderError, parse_header, data)

    @given(
        st.binary(max_size=200), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11"])
    )
    def test_any_bytes_at_all_are_one_or_not(self, data: bytes, start: bytes) -> None:
        with contextlib.suppress(HeaderError):
            parse_header(start + data)


class ProxyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World(limits=replace(UNLIMITED, proxies=Networks(PROXY), login_time=60, per_address=2))
        self.factory = ProxyFactory(self.world.factory, self.world.gate)

    def connect(self, *chunks: bytes, host: str = PROXY) -> Wire:
        """Someone who connects and sends this."""
        wire = Wire(IPv4Address("TCP", host, 4711))
        wire.protocol = self.factory.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        for chunk in chunks:
            wire.protocol.dataReceived(chunk)
        self.world.settle()
        return wire

    def test_the_connection_is_theirs_whom_the_header_names(self) -> None:
        for header in (V1, v2(0x11, IN4)):
            wire = self.connect(header + b"kim\n")
            self.assertIn(b"user [kim] has entered the room", wire.value())
            (connection,) = self.world.factory.connections
            self.assertEqual(connection.session.address, "203.0.113.9")
            self.assertEqual(connection.session.peer, "203.0.113.9:56324")
            self.assertIs(wire.protocol, connection)
            self.assertEqual(list(self.world.gate._logins), [connection])
            connection.connectionLost()
            self.world.settle()

    def test_nothing_is_said_before_the_header(self) -> None:
        wire = self.connect(V1[:10])
        self.assertEqual(wire.value(), b"")
        wire.protocol.dataReceived(V1[10:])
        self.assertEqual(wire.value(), b"Login Id: ")

    def test_limits_by_address_go_by_the_header(self) -> None:
        first, second = self.connect(V1), self.connect(V1)
        third = self.connect(V1)
        self.assertIn(b"has 2 connections already", third.value())
        self.assertFalse(first.disconnecting or second.disconnecting)
        self.assertIn(b"Login Id: ", self.connect(V1_6).value())

    def test_so_do_bans(self) -> None:
        self.world.account("ada", admin=True)
        self.world.enter("ada").say("/gban 203.0.113.0/24")
        self.assertIn(b"!! You are banned from this server.", self.connect(V1 + b"kim\n").value())

    def test_a_proxy_may_look_whether_we_are_there(self) -> None:
        self.connect(v2(0, command=0))
        (connection,) = self.world.factory.connections
        self.assertEqual(connection.session.address, PROXY)

    def test_who_is_not_in_the_list_is_not_believed(self) -> None:
        for header in (V1, v2(0x11, IN4)):
            self.connect(header + b"kim\n", host="192.0.2.66")
            self.assertFalse([c for c in self.world.factory.connections if c.session.address == "203.0.113.9"])
        self.assertEqual(self.world.gate.counters.cut_off["foreign"], 2)
        self.assertEqual(self.world.chat.users, {})

    def test_a_proxy_without_a_header_is_refused(self) -> None:
        for data in BAD:
            self.assertTrue(self.connect(data).disconnected, data)
        self.assertEqual(self.world.gate.counters.refused["proxy"], len(BAD))

    def test_so_is_one_that_takes_too_long(self) -> None:
        wire = self.connect(V1[:10])
        self.world.clock.advance(60)
        self.world.gate.sweep()
        self.assertTrue(wire.disconnected)
        wire.protocol.connectionLost()
        self.assertEqual(dict(self.world.gate._logins), {})
