"""What administrators do by IRC."""

from __future__ import annotations

from chat_support import PASSWORD, World
from irc_support import irc_enter
from twisted.trial.unittest import SynchronousTestCase


class OperatorTests(SynchronousTestCase):
    """OPER, KILL, WALLOPS and REHASH."""

    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann", admin=True)
        self.world.account("bob")
        self.kim = irc_enter(self.world, "kim", "#here")

    def test_oper(self) -> None:
        """With an administrator's account, under another name."""
        for wrong in ("ann nope", f"bob {PASSWORD}", f"nobody {PASSWORD}", f"!! {PASSWORD}"):
            said = self.kim.ask(f"OPER {wrong}")
            self.assertEqual([(line.command, line.text) for line in said], [("464", "Password incorrect")])
        self.assertFalse(self.world.chat.is_admin(self.kim.user))
        said = self.kim.ask(f"OPER Ann {PASSWORD}")
        self.assertEqual([line.command for line in said], ["MODE", "381"])
        self.assertEqual(said[0].params, ["kim", "+o"])
        self.assertTrue(self.world.chat.is_admin(self.kim.user))
        self.assertIn("313", self.kim.numerics("WHOIS kim"))
        log = [event for event in self.world.store.log if event.stream == "!audit"]
        audited = [(event.actor, event.text, event.target) for event in log]
        self.assertEqual(audited, [("kim", "oper", "ann")])

    def test_oper_ends_with_the_account(self) -> None:
        """Whoever is no administrator any more is none under another name either."""
        self.kim.ask(f"OPER ann {PASSWORD}")
        self.world.chat.accounts.change("ann", admin=False)
        self.assertFalse(self.world.chat.is_admin(self.kim.user))
        self.world.chat.accounts.change("ann", admin=True)
        self.world.chat.accounts.change("ann", suspended="gone")
        self.assertFalse(self.world.chat.is_admin(self.kim.user))

    def test_others_may_not(self) -> None:
        """Each is refused, and nothing happens."""
        for line in ("KILL kim :why", "WALLOPS :all", "REHASH"):
            said = self.kim.ask(line)
            self.assertEqual([(each.command, len(each.params)) for each in said], [("481", 2)], line)
        self.assertTrue(self.kim.user)

    def test_kill(self) -> None:
        """Everyone in the room sees why."""
        lee = irc_enter(self.world, "lee", "#here")
        ann = irc_enter(self.world, "ann")
        self.assertEqual(ann.numerics("KILL nobody"), ["401"])
        ann.ask("KILL lee :spam")
        self.assertEqual(lee.heard()[-1].command, "ERROR")
        self.assertEqual([(line.command, line.text) for line in self.kim.heard()], [("QUIT", "spam")])

    def test_wallops(self) -> None:
        """Only those who want to know, and the sender; on IRC, that is."""
        ann, lee = irc_enter(self.world, "ann"), irc_enter(self.world, "lee")
        netcat = self.world.enter("pat")
        for each in (lee, netcat):
            each.user.flags = frozenset({"wallops"})
        said = ann.ask("WALLOPS :hi all")
        self.assertEqual([(line.nick, line.command, line.text) for line in said], [("ann", "WALLOPS", "hi all")])
        self.assertEqual([(line.nick, line.command) for line in lee.heard()], [("ann", "WALLOPS")])
        self.assertEqual((self.kim.read(), netcat.read()), ([], []))

    def test_rehash(self) -> None:
        """It is done, and told what has changed."""
        self.world.chat.rehash = lambda: ["The name is another."]
        said = irc_enter(self.world, "ann").ask("REHASH")
        self.assertEqual([line.command for line in said], ["382", "NOTICE", "NOTICE"])
        self.assertEqual(said[-1].text, "The name is another.")
