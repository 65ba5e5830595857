"""TCP that tries the socket at once: nothing is lost, doubled or late, and the last line arrives."""

from __future__ import annotations

import errno
import socket
from typing import Any

from twisted.internet import reactor, task
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from twisted_chat.delivery.session import Session
from twisted_chat.delivery.transport import BACKLOG, EagerPort, EagerReactor, EagerServer
from twisted_chat.protocols.formats import DIALECTS

timed: Any = reactor


class Server(Protocol):
    def __init__(self) -> None:
        self.lost: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.factory.made.callback(self)  # type: ignore[union-attr]

    def connectionLost(self, reason: object = None) -> None:
        self.lost.callback(None)


class EagerTests(TestCase):
    async def connect(self) -> Server:
        """A connection of ours, and a plain socket at its other end."""
        factory: Any = ServerFactory.forProtocol(Server)
        factory.made = Deferred()
        port = EagerReactor(timed).listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.socket = socket.socket()
        self.socket.settimeout(10)
        self.addCleanup(self.socket.close)
        self.socket.connect(("127.0.0.1", port.getHost().port))
        server: Server = await factory.made
        self.assertIsInstance(server.transport, EagerServer)
        self.addCleanup(lambda: server.lost)
        self.addCleanup(server.transport.abortConnection)  # type: ignore[union-attr]
        return server

    def receive_all(self) -> Deferred[bytes]:
        def run() -> bytes:
            received = b""
            while data := self.socket.recv(1 << 16):
                received += data
            return received

        return deferToThread(run)

    async def test_what_is_written_is_on_its_way_before_the_reactors_next_turn(self) -> None:
        server = await self.connect()
        server.transport.write(b"hello")  # type: ignore[union-attr]
        self.assertEqual(self.socket.recv(100), b"hello")

    async def test_more_than_the_socket_takes_arrives_whole_and_in_order(self) -> None:
        server = await self.connect()
        sent = b"".join(b"%d " % i for i in range(1_000_000))
        for start in range(0, len(sent), 100_000):
            server.transport.write(sent[start : start + 100_000])  # type: ignore[union-attr]
        server.transport.loseConnection()  # type: ignore[union-attr]
        self.assertTrue(await self.receive_all() == sent)

    async def test_a_session_on_it_sends_everything_in_order_to_one_who_reads_late(self) -> None:
        server = await self.connect()
        session = Session(server.transport, DIALECTS, "text", "somebody", 1 << 30)  # type: ignore[arg-type]
        sent = [b"%d " % i * 100 for i in range(20_000)]
        for data in sent:
            session.send(data)
        self.assertGreater(session.queued, 0)
        session.close()
        self.assertTrue(await self.receive_all() == b"".join(sent))

    async def test_a_session_on_it_is_cut_off_when_the_other_side_does_not_read(self) -> None:
        server = await self.connect()
        session = Session(server.transport, DIALECTS, "text", "somebody", 100_000)  # type: ignore[arg-type]
        for _ in range(10_000):
            session.send(b"x" * 10_000)
        await server.lost
        self.assertEqual(session.queued, 0)

    async def test_the_last_line_arrives_though_the_other_side_talks_all_the_time(self) -> None:
        server = await self.connect()
        self.socket.sendall(b"talk " * 1000)
        server.transport.write(b"long " * 100_000 + b"goodbye")  # type: ignore[union-attr]
        server.transport.loseConnection()  # type: ignore[union-attr]
        for _ in range(3):
            await task.deferLater(timed, 0.02)
            self.socket.sendall(b"talk " * 1000)
        received = await self.receive_all()
        self.assertEqual((len(received), received[-7:]), (500_007, b"goodbye"))
        self.socket.close()
        await server.lost

    async def test_writing_after_the_other_side_has_gone_raises_nothing(self) -> None:
        server = await self.connect()
        session = Session(server.transport, DIALECTS, "text", "somebody")  # type: ignore[arg-type]
        self.socket.close()
        for _ in range(3):
            session.send(b"hello")
            await task.deferLater(timed, 0.01)
        await server.lost
        session.send(b"hello")

    async def test_a_class_that_joins_at_once_is_not_turned_away(self) -> None:
        port = EagerReactor(timed).listenTCP(0, ServerFactory(), 50, "127.0.0.1")
        self.addCleanup(port.stopListening)
        self.assertIsInstance(port, EagerPort)
        self.assertEqual(port.backlog, BACKLOG)

    async def test_a_system_that_cannot_accept_now_can_later(self) -> None:
        factory: Any = ServerFactory.forProtocol(Server)
        factory.made = Deferred()
        port = EagerReactor(timed).listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        plain, numbers = port.socket, [errno.ENOMEM, errno.ENOBUFS, errno.ENFILE, errno.ECONNABORTED, errno.EPERM]

        class Refusing:
            def accept(self) -> Any:
                if numbers:
                    raise OSError(numbers.pop(0), "no")
                return plain.accept()

            def __getattr__(self, name: str) -> Any:
                return getattr(plain, name)

        port.socket = Refusing()
        self.socket = socket.create_connection(("127.0.0.1", port.getHost().port))
        self.addCleanup(self.socket.close)
        server: Server = await factory.made
        port.socket = plain
        self.assertEqual(numbers, [])
        server.transport.abortConnection()  # type: ignore[union-attr]
        await server.lost
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_for_everything_else_it_is_the_reactor(self) -> None:
        self.assertEqual(EagerReactor(timed).callLater, timed.callLater)
