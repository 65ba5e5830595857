"""Coming in by IRC."""

from __future__ import annotations

from chat_support import PASSWORD, World
from irc_support import irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.protocols.irc.capabilities import CAPABILITIES


class RegistrationTests(SynchronousTestCase):
    """NICK, USER, PASS and CAP, until 001."""

    def setUp(self) -> None:
        self.world = World()

    def test_welcome(self) -> None:
        """Whoever has given a nick and an ident is in; in no room."""
        kim = irc_connect(self.world)
        self.assertEqual(kim.numerics("NICK kim"), [])
        said = kim.ask("USER kim 0 * :Kim")
        numbers = [line.command for line in said]
        self.assertEqual(numbers[:4], ["001", "002", "003", "004"])
        self.assertEqual((numbers[-1], set(numbers[4:-1])), ("422", {"005", "251", "255", "265", "266"}))
        self.assertEqual({line.source for line in said}, {"test.local"})
        self.assertEqual({line.params[0] for line in said}, {"kim"})
        self.assertEqual(kim.user.rooms, ())
        self.world.check()

    def test_capabilities_first(self) -> None:
        """While a client asks for capabilities, it is not in."""
        kim = irc_connect(self.world)
        self.assertEqual(set(kim.numerics("CAP LS 302", "NICK kim", "USER kim 0 * :Kim")), {"CAP"})
        said = kim.ask("CAP REQ :server-time message-tags")
        self.assertEqual(
            [(line.command, line.params[1:]) for line in said], [("CAP", ["ACK", "server-time message-tags"])]
        )
        self.assertEqual(kim.numerics("CAP END")[0], "001")

    def test_the_old_list_is_one_line(self) -> None:
        """With whole names; the new one has all of them."""
        kim = irc_connect(self.world)
        (said,) = kim.ask("CAP LS")
        self.assertEqual(said.params[:2], ["*", "LS"])
        self.assertLessEqual(set(said.text.split()), CAPABILITIES.keys())
        listed = [word.partition("=")[0] for line in kim.ask("CAP LS 302") for word in line.text.split()]
        self.assertEqual(set(listed), CAPABILITIES.keys())

    def test_no_realname(self) -> None:
        """Is none given."""
        kim = irc_connect(self.world)
        (said,) = kim.ask("NICK kim", "USER kim 0 * :")
        self.assertEqual((said.command, said.params[:2]), ("461", ["kim", "USER"]))

    def test_not_utf8(self) -> None:
        """It is not taken, and its label is answered."""
        kim = irc_enter(self.world, "kim", caps=["labeled-response", "batch"])
        kim.bytes(b"@label=7 PRIVMSG kim :\xff\r\n")
        (said,) = kim.ask()
        self.assertEqual((said.tags, said.command), ({"label": "7"}, "FAIL"))
        self.assertEqual(said.params[:2], ["PRIVMSG", "INVALID_UTF8"])

    def test_too_long_where_it_arrives(self) -> None:
        """With the sender before it: refused, and not broken in two."""
        kim, lee = irc_enter(self.world, "kim"), irc_enter(self.world, "lee")
        room = 510 - len(f":kim!~kim@{kim.user.card.host} PRIVMSG lee :")
        self.assertEqual(kim.numerics("PRIVMSG lee :" + "x" * (room + 1)), ["417"])
        self.assertEqual(lee.read(), [])
        self.assertEqual(kim.numerics("PRIVMSG lee :" + "x" * room), [])
        self.assertEqual(lee.heard()[0].text, "x" * room)

    def test_unknown_capability(self) -> None:
        """All or nothing."""
        kim = irc_connect(self.world)
        self.assertEqual(kim.ask("CAP REQ :server-time no/such")[0].params[1:], ["NAK", "server-time no/such"])
        self.assertEqual(kim.ask("CAP LIST")[0].params[1:], ["LIST", ""])

    def test_name_in_use(self) -> None:
        """433, and another may be tried."""
        irc_enter(self.world, "kim")
        other = irc_connect(self.world)
        self.assertEqual(other.numerics("NICK KIM"), ["433"])
        self.assertEqual(other.numerics("NICK kim2", "USER k 0 * :k")[0], "001")

    def test_password(self) -> None:
        """PASS opens the account of the nick; a wrong one says so, and another may be tried."""
        self.world.account("kim")
        self.world = World(self.world.store)
        kim = irc_connect(self.world)
        self.assertEqual(kim.numerics("PASS wrong", "NICK kim", "USER k 0 * :k"), ["464"])
        self.assertEqual(kim.numerics(f"PASS {PASSWORD}", "NICK kim")[0], "001")
        self.assertTrue(kim.user.registered)

    def test_too_early(self) -> None:
        """Before registration there is little to do."""
        kim = irc_connect(self.world)
        self.assertEqual(kim.numerics("PRIVMSG #lobby :hello"), ["451"])
        self.assertEqual(kim.numerics("JOIN #lobby"), ["451"])
        self.assertEqual(kim.numerics("PING x"), ["PONG"])

    def test_together(self) -> None:
        """IRC and the line protocol meet in one room."""
        bob = self.world.enter("bob")
        kim = irc_enter(self.world, "kim", "#lobby")
        self.assertEqual(bob.say("hello"), ["[bob] hello"])
        said = kim.heard()
        self.assertEqual([(s.nick, s.command, s.params) for s in said], [("bob", "PRIVMSG", ["#lobby", "hello"])])
        kim.ask("PRIVMSG #lobby :hi")
        self.assertEqual(bob.read(), ["[kim] hi"])
        self.world.check()
