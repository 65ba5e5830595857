"""Whom IRC's gateways connect for, and what IRC says when a limit is met."""

from __future__ import annotations

from dataclasses import replace

from chat_support import World
from irc_support import irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.cloaks import cloak
from twisted_chat.protocols.gate import Dismissal
from twisted_chat.protocols.limits import UNLIMITED, Flood
from twisted_chat.protocols.webirc import Gateway

WEBIRC = "WEBIRC secret web host.example 203.0.113.9"
LIMITS = replace(UNLIMITED, gateways=(Gateway.parse("secret@192.0.2.2"),))


class GatewayTests(SynchronousTestCase):
    """WEBIRC."""

    def setUp(self) -> None:
        self.world = World(limits=LIMITS)

    def test_the_address_is_theirs_for_whom_it_connects(self) -> None:
        """Also what others see of it."""
        del self.world.chat.cloak
        kim = irc_connect(self.world)
        self.assertEqual(kim.numerics(WEBIRC, "NICK kim", "USER kim 0 * :Kim")[0], "001")
        self.assertEqual(kim.session.address, "203.0.113.9")
        self.assertEqual(kim.user.card.host, cloak(b"", "203.0.113.9"))

    def test_nobody_else_is_believed(self) -> None:
        """The connection is closed."""
        for line in (WEBIRC.replace("secret", "guess"), WEBIRC.replace("203.0.113.9", "nowhere")):
            kim = irc_connect(self.world)
            self.assertEqual([said.command for said in kim.ask(line)], ["ERROR"])
            self.assertTrue(kim.wire.disconnecting)
            kim.drop()

    def test_not_later(self) -> None:
        """462, once one is in."""
        kim = irc_enter(self.world, "kim")
        self.assertEqual(kim.numerics(WEBIRC), ["462"])
        self.assertEqual(kim.session.address, "192.0.2.2")

    def test_bans_go_by_it(self) -> None:
        """A ban from the server holds for who is behind the gateway."""
        self.world.account("ada", admin=True)
        self.world.enter("ada").say("/gban 203.0.113.0/24")
        kim = irc_connect(self.world)
        self.assertIn("465", kim.numerics(WEBIRC, "NICK kim", "USER kim 0 * :Kim"))


class LimitTests(SynchronousTestCase):
    """What IRC says of the limits that all protocols have."""

    def test_who_may_not_come_in_is_told(self) -> None:
        """By ERROR."""
        world = World(limits=replace(UNLIMITED, per_address=1))
        irc_connect(world)
        protocol = world.irc.buildProtocol(world.clients()[0].wire.getPeer() if world.clients() else None)
        second = irc_connect(world) if not isinstance(protocol, Dismissal) else None
        self.assertIs(second, None)
        assert isinstance(protocol, Dismissal)
        self.assertEqual(protocol._words[:7], b"ERROR :")

    def test_who_is_silent_is_sent_a_ping(self) -> None:
        """PONG is an answer; nothing is not."""
        world = World(limits=replace(UNLIMITED, silence=100))
        kim, ben = irc_enter(world, "kim"), irc_enter(world, "ben")
        for second in range(400):
            world.clock.advance(1)
            world.gate.sweep()
            if b"PING" in kim.wire.value() and second < 300:
                kim.ask("PONG :test.local")
        world.settle()
        self.assertIn(b"PING", ben.wire.value())
        self.assertTrue(ben.wire.disconnecting)
        self.assertFalse(kim.wire.disconnecting)
        ben.drop()

    def test_who_sends_too_fast_is_slowed_down(self) -> None:
        """Nothing is lost."""
        world = World(limits=replace(UNLIMITED, flood=Flood(30, 10)))
        kim = irc_enter(world, "kim")
        world.clock.advance(10)
        kim.send(*(f"PING {i}" for i in range(50)))
        world.settle()
        self.assertEqual(kim.wire.value().count(b"PONG"), 30)
        for _ in range(40):
            world.clock.advance(0.1)
        self.assertEqual(kim.wire.value().count(b"PONG"), 50)
