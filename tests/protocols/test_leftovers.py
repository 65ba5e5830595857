"""A connection that is over is gone from memory at once: the garbage collector looks for old ones very rarely."""

from __future__ import annotations

import gc
import socket
from typing import Any
from weakref import ref

from chat_support import PASSWORD, World
from twisted.internet import reactor, task
from twisted.trial.unittest import TestCase

from twisted_chat.delivery.transport import EagerReactor
from twisted_chat.protocols.intake import IntakeFactory

timed: Any = reactor
LOGIN = (f"PASS {PASSWORD}", "NICK kim", "USER a b c d", "JOIN #dev", "PRIVMSG #dev :hi")


class LeftoverTests(TestCase):
    def setUp(self) -> None:
        self.world = World()
        self.world.account("bob")
        self.world.account("kim")

    async def left_over(self, factory: IntakeFactory, lines: tuple[str, ...]) -> list[object]:
        """What is left of a connection that says these lines, and is then closed, or closes."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        port = EagerReactor(timed).listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        with socket.create_connection(("127.0.0.1", port.getHost().port)) as client:
            client.sendall("".join(line + "\r\n" for line in lines).encode())
            while not factory.connections:
                await task.deferLater(timed, 0)
            (connection,) = factory.connections
            references = [ref(connection), ref(connection.transport)]
            for _ in range(20):
                await task.deferLater(timed, 0.001)
                self.world.settle()
            self.assertEqual(self.world.chat.logins, 1)
            del connection
        while factory.connections:
            await task.deferLater(timed, 0.001)
        for _ in range(3):
            self.world.clock.advance(60)
            await task.deferLater(timed, 0)
        return [left for reference in references if (left := reference()) is not None]

    async def test_of_the_line_protocol(self) -> None:
        self.assertEqual(await self.left_over(self.world.factory, ("bob", PASSWORD, "/join #dev", "hi")), [])

    async def test_of_the_line_protocol_after_a_goodbye(self) -> None:
        self.assertEqual(await self.left_over(self.world.factory, ("bob", PASSWORD, "hi", "/quit")), [])

    async def test_of_irc(self) -> None:
        self.assertEqual(await self.left_over(self.world.irc, LOGIN), [])

    async def test_of_irc_after_a_goodbye(self) -> None:
        self.assertEqual(await self.left_over(self.world.irc, (*LOGIN, "QUIT")), [])
