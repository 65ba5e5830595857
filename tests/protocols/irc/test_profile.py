"""AWAY and SETNAME."""

from __future__ import annotations

from chat_support import PASSWORD, World
from irc_support import IRCClient, Said, irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase


def brief(said: list[Said]) -> list[tuple[str, str, list[str]]]:
    """Who, what and with which parameters."""
    return [(line.nick, line.command, line.params) for line in said]


class AwayTests(SynchronousTestCase):
    """And away-notify, and pre-away."""

    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann")
        self.kim = irc_enter(self.world, "kim", "#here", "#there", caps=["away-notify"])
        self.bob = irc_enter(self.world, "bob", "#here", "#there")

    def test_those_in_the_same_rooms_are_told_once(self) -> None:
        """If they want to; and those who write to someone away."""
        self.kim.read()
        lee = irc_enter(self.world, "lee", "#here")
        self.kim.read()
        self.assertEqual(self.bob.numerics("AWAY :a cup of tea"), ["306"])
        self.assertEqual(brief(self.kim.heard()), [("bob", "AWAY", ["a cup of tea"])])
        self.assertEqual(lee.read(), [])
        self.assertEqual([line.params[1:] for line in lee.ask("PRIVMSG bob :hi")], [["bob", "a cup of tea"]])
        self.assertEqual(self.bob.numerics("AWAY :")[-1], "305")
        self.assertEqual(brief(self.kim.heard()), [("bob", "AWAY", [])])
        self.bob.ask("AWAY")
        self.assertEqual(self.kim.read(), [])
        self.assertEqual(self.kim.numerics("AWAY :" + "x" * 301), ["306"])
        self.assertEqual(self.kim.user.away, "x" * 300)

    def test_coming_in_while_away(self) -> None:
        """The room is told after the JOIN, whoever comes in is not."""
        lee = irc_enter(self.world, "lee", caps=["away-notify"])
        lee.ask("AWAY :tea")
        self.assertNotIn("AWAY", lee.numerics("JOIN #here"))
        self.assertEqual([line.command for line in self.kim.heard()], ["JOIN", "AWAY"])

    def ann(self, *away: str) -> IRCClient:
        """A connection of an account that says how it is before it is in."""
        ann = irc_connect(self.world)
        ann.send("CAP REQ :draft/pre-away", f"PASS {PASSWORD}", "NICK ann", "USER a 0 * :Ann", *away, "CAP END")
        self.world.settle()
        return ann

    def test_before_registration(self) -> None:
        """The text holds from the beginning; an automatic connection beside another says nothing."""
        early = irc_connect(self.world)
        self.assertEqual(early.numerics("AWAY :x"), ["451"])
        ann = self.ann("AWAY *")
        self.assertIn("306", [line.command for line in ann.heard()])
        self.assertEqual(self.world.chat.users["ann"].away, "*")
        ann.ask("JOIN #here")
        self.assertEqual([line.command for line in self.kim.heard()][-2:], ["JOIN", "AWAY"])
        person = self.ann()
        self.assertEqual(brief(self.kim.heard()), [("ann", "AWAY", [])])
        another = self.ann("AWAY *")
        self.assertEqual(self.kim.read(), [])
        person.drop()
        self.world.settle()
        self.assertEqual(brief(self.kim.heard()), [("ann", "AWAY", ["*"])])
        self.ann("AWAY :tea")
        self.assertEqual(brief(self.kim.heard()), [("ann", "AWAY", ["tea"])])
        self.ann("AWAY")
        self.assertEqual(brief(self.kim.heard()), [("ann", "AWAY", [])])
        self.assertTrue(another.user)


class SetnameTests(SynchronousTestCase):
    """Being called otherwise in full."""

    def test_setname(self) -> None:
        """Told once to each that understands it, the sender too."""
        world = World()
        kim = irc_enter(world, "kim", "#here", "#there", caps=["setname"])
        bob = irc_enter(world, "bob", "#here", "#there", caps=["setname"])
        lee = irc_enter(world, "lee", "#here")
        world.settle()
        world.all_read()
        self.assertEqual(brief(kim.ask("SETNAME :Kim Example")), [("kim", "SETNAME", ["Kim Example"])])
        self.assertEqual(brief(bob.heard()), [("kim", "SETNAME", ["Kim Example"])])
        self.assertEqual(lee.read(), [])
        self.assertEqual(kim.ask("WHOIS kim")[0].text, "Kim Example")
        alone = irc_enter(world, "pat", caps=["setname"])
        self.assertEqual(brief(alone.ask("SETNAME Pat")), [("pat", "SETNAME", ["Pat"])])
        for wrong in ("SETNAME :", "SETNAME :" + "x" * 151):
            self.assertEqual(kim.ask(wrong)[0].params[:2], ["SETNAME", "INVALID_REALNAME"])
