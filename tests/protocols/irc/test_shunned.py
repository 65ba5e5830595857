"""What people say of themselves over IRC when they are shunned: it looks said to them, and reaches nobody else."""

from __future__ import annotations

from chat_support import World
from irc_support import IRCClient, irc_enter
from twisted.trial.unittest import SynchronousTestCase

CAPS = ["away-notify", "setname", "extended-join", "extended-monitor", "message-tags", "draft/metadata-3"]


class ShunnedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.bob = irc_enter(self.world, "bob", "#dev", caps=CAPS)
        self.monitor = irc_enter(self.world, "mon", caps=CAPS)
        self.bob.ask("METADATA * SUB url")
        self.monitor.ask("MONITOR + ann", "METADATA * SUB url")
        self.ann = irc_enter(self.world, "ann", "#dev", caps=CAPS)
        self.world.chat.shunned = {"ann": "ann"}
        self.world.all_read()

    def tearDown(self) -> None:
        self.world.check()
        self.assertEqual(self.flushLoggedErrors(), [])

    def raw(self, client: IRCClient, *lines: str) -> str:
        client.send(*lines)
        self.world.settle()
        return "\n".join(client.read())

    def test_what_they_say_of_themselves(self) -> None:
        mine = self.raw(self.ann, "SETNAME :buy it", "AWAY :buy it", "METADATA * SET url :buy it")
        self.assertIn("SETNAME :buy it", mine)
        self.assertIn(" 306 ", mine)
        self.assertIn("url * :buy it", mine)
        for client in (self.bob, self.monitor):
            self.assertEqual(client.read(), [])
            asked = ("WHOIS ann", "WHO ann", "WHO #dev", "WHO ann %nrf", "WHO *buy*", "USERHOST ann", "PRIVMSG ann :hi")
            more = ("METADATA ann LIST", "METADATA ann GET url", "METADATA ann SYNC", "METADATA #dev SYNC")
            said = self.raw(client, *asked, *more)
            self.assertNotIn("buy", said.replace("*buy*", ""))
            self.assertNotIn(" 301 ", said)
            self.assertIn("ann H", said)
            self.assertNotIn("ann G", said)
            self.assertIn("ann=+", said)
        said = self.raw(self.ann, "WHOIS ann", "WHO ann", "METADATA ann GET url", "METADATA * LIST")
        self.assertEqual(said.count("buy it"), 6, said)

    def test_coming_in(self) -> None:
        """Others see them come in, and they see themselves as ever."""
        self.ann.ask("SETNAME :buy it", "AWAY :buy it", "METADATA * SET url :buy it", "PART #dev")
        self.bob.read()
        mine = self.raw(self.ann, "JOIN #dev")
        self.assertEqual(mine.count(" JOIN "), 1)
        self.assertIn("JOIN #dev * :buy it", mine)
        (said,) = self.bob.heard()
        self.assertEqual((said.command, said.params), ("JOIN", ["#dev", "*", "ann"]))

    def test_coming_with_words_and_leaving_them(self) -> None:
        """A guest is shunned with the address."""
        self.world.chat.shunned["192.0.2.7"] = "ann"
        eve = irc_enter(self.world, "eve", host="192.0.2.7", caps=CAPS)
        self.assertNotIn("The real eve", self.raw(self.bob, "WHOIS eve"))
        eve.ask("NICK eva")
        eve.ask("QUIT :buy it")
        said = self.raw(self.bob, "WHOWAS eve", "WHOWAS eva")
        self.assertEqual(said.count(" 314 "), 2)
        self.assertNotIn("The real", said)

    def test_of_a_room(self) -> None:
        """What they set of it looks set."""
        own = irc_enter(self.world, "eve", "#own", caps=CAPS)
        self.ann.ask("JOIN #own")
        own.ask("MODE #own +o ann")
        said = self.raw(self.ann, "METADATA #own SET url :buy it")
        self.assertIn("#own url * :buy it", said)
        own.read()
        self.assertNotIn("buy", self.raw(own, "METADATA #own LIST"))
        said = self.raw(self.ann, "METADATA #dev SET url :buy it")
        self.assertIn("KEY_NO_PERMISSION", said)

    def test_all_their_connections_are_told(self) -> None:
        self.world = World()
        self.world.account("zoe")
        one, other = (irc_enter(self.world, "zoe", caps=CAPS) for _ in range(2))
        other.ask("METADATA * SUB url")
        self.world.chat.shunned = {"zoe": "zoe"}
        self.raw(one, "JOIN #a", "AWAY :out", "SETNAME :Zoe Z", "METADATA * SET url :here")
        said = [line.command for line in other.heard()]
        for command in ("JOIN", "AWAY", "SETNAME", "761"):
            self.assertEqual(said.count(command), 1, said)
