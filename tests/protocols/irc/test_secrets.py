"""By IRC, too, an outsider learns nothing of a secret room, nor where anybody is connected from: what they are sent is
the same, byte for byte, where there is no such room. See tests/chat/test_secrets.py for what cannot be hidden."""

from __future__ import annotations

from chat_support import World
from irc_support import IRCClient, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.protocols.irc.verbs import VERBS

# What leaves the comparison: who joins a name that is taken comes in or is refused.
APART = {"JOIN", "QUIT", "WEBIRC", "BATCH", "AUTHENTICATE"}
ARGUMENTS = [
    "",
    "#secret",
    "#secret :x",
    "#5ecret",
    "#secret #other",
    "#secret,#other",
    "ann",
    "ben",
    "ben #secret",
    "#secret ben",
    "#secret +b",
    "#secret LIST",
    "#secret GET url",
    "* SUB url",
    "* *secret*",
    "*",
    "*secret*",
    "*192*",
    "*192.0.2.66*",
    "* %cuihsnfdlaor",
    "ben %i",
    "+ ben,treasure,#secret",
    "S",
    "LATEST #secret * 10",
    "TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 10",
    "#secret 9",
    "#secret * 10",
    "INFO #secret",
    "ChanServ :INFO #secret",
    "NickServ :INFO ben",
]
ADDRESS = "192.0.2.66"


class OutsiderTests(SynchronousTestCase):
    """A guest and an account, that try everything."""

    def world(self, secret: bool) -> World:
        world = World()
        for name in ("ann", "ben", "eve"):
            world.account(name)
        ann, ben = irc_enter(world, "ann", host=ADDRESS), irc_enter(world, "ben", host=ADDRESS)
        if secret:
            ann.ask("JOIN #secret", "MODE #secret +s", "METADATA #secret SET url :treasure")
            ben.ask("JOIN #secret", "PRIVMSG #secret :the treasure", "TOPIC #secret :treasure", "AWAY :tea", "AWAY")
            ann.ask("MODE #secret +o ben", "MODE #secret +b mallory!*@*", "INVITE nobody #secret")
            left = irc_enter(world, "left", "#secret", host=ADDRESS)
            left.ask("QUIT :treasure")
            left.drop()
        else:
            like = self.world(True)
            left = irc_enter(world, "left", host=ADDRESS)
            left.ask("QUIT :treasure")
            left.drop()
            for _ in range(len(like.store.log) - len(world.store.log)):
                ann.ask("PRIVMSG ben :treasure")
        world.settle()
        world.all_read()
        return world

    def transcript(self, secret: bool, name: str) -> bytes:
        """All that an outsider is sent."""
        world = self.world(secret)
        caps = ["batch", "draft/chathistory", "draft/metadata-3", "extended-monitor", "away-notify", "labeled-response"]
        eve: IRCClient = irc_enter(world, name, caps=caps)
        seen = b""
        for verb in sorted(VERBS.keys() - APART):
            for argument in ARGUMENTS:
                if eve.session.closing or eve.user is None:
                    eve.drop()
                    world.settle()
                    eve = irc_enter(world, name, caps=caps)
                line = f"{verb} {argument}".rstrip()
                eve.send(line)
                world.settle()
                seen += line.encode() + b"\n" + eve.wire.value()
                eve.wire.clear()
                world.clock.advance(20)
        return seen

    def test_the_same_with_and_without(self) -> None:
        """Whatever they ask."""
        for name in ("eve", "guest"):
            there, not_there = self.transcript(True, name), self.transcript(False, name)
            self.assertGreater(len(there), 40_000)
            for one, other in zip(there.split(b"\n"), not_there.split(b"\n"), strict=False):
                self.assertEqual(one, other)
            self.assertEqual(there, not_there)
            self.assertNotIn(ADDRESS.encode(), there.replace(b"WHO *192.0.2.66*", b"").replace(b"*192.0.2.66*", b""))

    def test_insiders_do_see_it(self) -> None:
        """Or else the comparison would be of nothing with nothing."""
        world = self.world(True)
        ben = next(client for client in world.clients() if client.user.name.shown == "ben")
        said = b""
        for line in ("WHO #secret", "WHOIS ann", "LIST", "NAMES #secret", "METADATA #secret LIST", "WHO ann %i"):
            ben.send(line)
            world.settle()
            said += ben.wire.value()
            self.assertIn(ADDRESS.encode() if line == "WHO ann %i" else b"#secret", ben.wire.value(), line)
            ben.wire.clear()
