"""What every protocol made of lines has: bounded lines, a little at a time, no more than the session takes."""

from __future__ import annotations

import socket
from types import SimpleNamespace

from chat_support import Client, World
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.protocols.formats import DIALECTS
from twisted_chat.protocols.intake import LINES_A_TURN, BoundedLines, IntakeFactory, _keep_alive


class Echo(BoundedLines):
    """A protocol that only notes what it gets."""

    MAX_LENGTH = 10
    dialects = DIALECTS
    dialect = "text"

    def greet(self) -> None:
        self.got: list[bytes] = []
        self.too_long: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        self.got.append(line)
        if line == b"busy":
            self.session.busy = True
        elif line == b"close":
            self.session.closing = True

    def lineLengthExceeded(self, line: bytes) -> None:
        self.too_long.append(line)


class EchoFactory(IntakeFactory):
    protocol = Echo


class IntakeCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.world.factory = EchoFactory(self.world.chat, self.world.turn, self.world.clock)  # type: ignore[assignment]
        self.client: Client = self.world.connect()
        self.echo: Echo = self.client.protocol  # type: ignore[assignment]


class IntakeTests(IntakeCase):
    def test_a_protocol_has_a_length_of_its_own(self) -> None:
        self.client.bytes(b"0123456789\r\n01234567890\n" + b"x" * 12)
        self.assertEqual(self.echo.got, [b"0123456789"])
        self.assertEqual(self.echo.too_long, [b"01234567890", b"x" * 12])
        self.client.bytes(b"xx\nok\n")
        self.assertEqual(self.echo.got[1:], [b"ok"])

    def test_nothing_is_taken_while_the_session_is_busy(self) -> None:
        self.client.bytes(b"busy\none\n")
        self.assertEqual(self.client.wire.producerState, "paused")
        self.client.bytes(b"two\nth")
        self.assertEqual(self.echo.got, [b"busy"])
        self.echo.session.ready()
        self.client.bytes(b"ree\n")
        self.assertEqual(self.echo.got, [b"busy", b"one", b"two", b"three"])
        self.assertEqual(self.client.wire.producerState, "producing")

    def test_nobody_else_begins_to_read_again_meanwhile(self) -> None:
        self.client.bytes(b"busy\n")
        self.echo.resumeProducing()
        self.assertEqual(self.client.wire.producerState, "paused")
        self.client.wire.resumeProducing()
        self.client.bytes(b"what was on its way\n")
        self.assertEqual(self.client.wire.producerState, "paused")

    def test_nothing_is_taken_once_the_session_closes(self) -> None:
        self.client.bytes(b"close\none\n")
        self.client.bytes(b"two\n" + b"x" * 100)
        self.assertEqual((self.echo.got, self.echo.too_long), ([b"close"], []))

    def test_nothing_is_taken_after_the_end(self) -> None:
        self.client.bytes(b"x\n" * 3 * LINES_A_TURN)
        self.client.drop()
        self.world.settle()
        self.assertEqual(len(self.echo.got), LINES_A_TURN)


class KeepAliveTests(SynchronousTestCase):
    def test_a_silence_that_the_system_cannot_count_is_no_reason_to_turn_anyone_away(self) -> None:
        with socket.socket() as connection:
            transport = SimpleNamespace(socket=connection, setTcpKeepAlive=lambda enabled: None)
            _keep_alive(transport, 999_999_999)
            _keep_alive(transport, 0)
