"""MONITOR and extended-monitor."""

from __future__ import annotations

from chat_support import PASSWORD, World
from irc_support import IRCClient, irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase

WRONG = "A name has letters, digits and - _ . [ ] { } \\ | ^ ` only, and no blanks."


class MonitorTests(SynchronousTestCase):
    """Being told when people come and go."""

    def setUp(self) -> None:
        self.world = World()
        self.kim = irc_enter(self.world, "kim")

    def told(self, *lines: str) -> list[list[str]]:
        """Number and last parameter of what comes."""
        return [[said.command, said.text] for said in self.kim.ask(*lines)]

    def test_subcommands(self) -> None:
        """Adding, taking away, listing, clearing."""
        host = irc_enter(self.world, "bob").user.card.host
        self.assertEqual(
            self.told("MONITOR + Bob,lee,no!mask"),
            [["432", WRONG], ["730", f"bob!~bob@{host}"], ["731", "lee"]],
        )
        self.assertEqual(self.told("MONITOR L"), [["732", "Bob,lee"], ["733", "End of MONITOR list"]])
        self.assertEqual(self.told("MONITOR - LEE"), [])
        self.assertEqual(self.told("MONITOR S"), [["730", f"bob!~bob@{host}"]])
        self.assertEqual(self.told("MONITOR C", "MONITOR L", "MONITOR ?"), [["733", "End of MONITOR list"]])

    def test_full(self) -> None:
        """The hundred and first is refused, with those after it; the others are answered."""
        names = [f"n{i}" for i in range(105)]
        said = self.kim.ask("MONITOR + " + ",".join(names[:50]), "MONITOR + " + ",".join(names[50:]))
        self.assertEqual(
            [line.params[1:3] for line in said if line.command == "734"], [["100", "n100,n101,n102,n103,n104"]]
        )
        listed = [name for line in said if line.command == "731" for name in line.text.split(",")]
        self.assertEqual(listed, names[:100])

    def test_coming_and_going(self) -> None:
        """As it happens."""
        self.kim.ask("MONITOR + bob,rob")
        bob = irc_enter(self.world, "bob")
        self.assertEqual(self.told(), [])
        bob.ask("NICK rob")
        self.assertEqual(self.told(), [["731", "bob"], ["730", "rob"]])
        bob.ask("QUIT")
        self.assertEqual(self.told(), [["731", "rob"]])
        irc_connect(self.world).register("bob")
        self.assertEqual(self.told(), [["730", "bob"]])

    def watcher(self, *caps: str) -> IRCClient:
        watcher = irc_enter(self.world, "eve", caps=caps)
        watcher.ask("MONITOR + bob,ann")
        return watcher

    def test_extended(self) -> None:
        """What those who are watched say of themselves, as far as the watcher understands it; once."""
        self.world.account("ann")
        eve = self.watcher("extended-monitor", "away-notify", "account-notify")
        bob = irc_enter(self.world, "bob", "#here")
        eve.read()
        bob.ask("AWAY :tea", "SETNAME :Robert")
        self.assertEqual([(line.nick, line.command, line.params) for line in eve.heard()], [("bob", "AWAY", ["tea"])])
        eve.ask("JOIN #here")
        eve.read()
        bob.ask("AWAY")
        self.assertEqual([(line.nick, line.command, line.params) for line in eve.heard()], [("bob", "AWAY", [])])
        eve.ask("PART #here", "CAP REQ :setname -away-notify")
        bob.ask("AWAY :tea", "SETNAME :Rob", f"PRIVMSG NickServ :IDENTIFY ann {PASSWORD}")
        said = [(line.nick, line.command) for line in eve.heard()]
        self.assertEqual(said[:1], [("bob", "SETNAME")])

    def test_not_extended(self) -> None:
        """Without the capability, or without watching."""
        eve = self.watcher("away-notify")
        pat = irc_enter(self.world, "pat", caps=["extended-monitor", "away-notify"])
        bob = irc_enter(self.world, "bob")
        eve.read()
        bob.ask("AWAY :tea")
        self.assertEqual((eve.read(), pat.read()), ([], []))
        self.world.check()
