"""What a client may ask of people and of the server."""

from __future__ import annotations

from chat_support import World
from irc_support import irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import departed
from twisted_chat.protocols.irc import isupport, who
from twisted_chat.protocols.irc.verbs import VERBS


class ServerTests(SynchronousTestCase):
    """Its numbers, its version, its help."""

    def setUp(self) -> None:
        self.world = World()
        self.kim = irc_enter(self.world, "kim", "#here")

    def lusers(self) -> dict[str, list[str]]:
        return {line.command: line.params[1:] for line in self.kim.ask("LUSERS")}

    def test_counts(self) -> None:
        """People, however they are connected; rooms that are not secret; connections on which nobody is yet."""
        said = self.lusers()
        self.assertEqual(said["251"], ["There are 1 users and 0 invisible on 1 servers"])
        self.assertNotIn("252", said)
        self.assertNotIn("253", said)
        self.assertEqual(said["254"][0], "1")
        self.world.account("bob")
        bob = self.world.enter("bob")
        bob.say("/join #secret", "/mode secret on")
        early = irc_connect(self.world)
        early.send("NICK early")
        self.world.connect()
        bob.user.flags = frozenset({"invisible"})
        said = self.lusers()
        self.assertEqual(said["251"], ["There are 1 users and 1 invisible on 1 servers"])
        self.assertEqual(said["253"][0], "2")
        self.assertEqual(said["254"][0], "2")
        self.assertEqual(said["265"][:2], ["2", "2"])
        early.drop()
        bob.drop()
        said = self.lusers()
        self.assertEqual((said["253"][0], said["265"][:2]), ("1", ["1", "2"]))

    def test_nobody_is_left_a_stranger(self) -> None:
        """Logged out, and in again; sent away before the name; an entry that could not be kept."""
        self.world.account("ann")
        ann = self.world.enter("ann")
        self.assertEqual(self.world.chat.strangers, set())
        ann.say("/logout")
        self.assertEqual(self.world.chat.strangers, {ann.session})
        ann.say("ann", "correct-horse")
        self.assertEqual(self.world.chat.strangers, set())
        self.world.store.full = True
        early = self.world.connect()
        early.say("eve")
        self.assertEqual(self.world.chat.strangers, {early.session})
        self.world.store.full = False
        early.drop()
        early = irc_connect(self.world)
        early.ask("QUIT")
        early.drop()
        self.assertEqual(self.world.chat.strangers, set())

    def test_greeting(self) -> None:
        """The start time is the server's, and the numbers are told."""
        self.world.clock.advance(3600)
        said = {line.command: line.text for line in irc_connect(self.world).register("lee")}
        self.assertEqual(said["003"], "This server was started on 2026-11-22 at 10:00:00 UTC")
        self.assertEqual(said["255"], "I have 2 clients and 0 servers")

    def test_what_is_supported(self) -> None:
        """All tokens arrive, at most thirteen a line."""
        self.world.chat.server = "A = B\\C " + "x" * 200
        said = [line.params[1:-1] for line in self.kim.ask("VERSION") if line.command == "005"]
        self.assertEqual([token for line in said for token in line], sorted(isupport.tokens(self.world.chat)))
        self.assertTrue(all(len(line) <= 13 for line in said))
        values = dict(token.partition("=")[::2] for line in said for token in line)
        self.assertTrue(values["NETWORK"].startswith(r"A\x20\x3D\x20B\x5CC\x20xxx"), values["NETWORK"])
        self.assertEqual((values["MONITOR"], values["NAMELEN"], values["USERLEN"]), ("100", "150", "11"))

    def test_small_ones(self) -> None:
        """VERSION, TIME, ADMIN, INFO, LINKS, MOTD and USERS."""
        self.assertEqual(set(self.kim.numerics("VERSION")), {"351", "005"})
        self.assertEqual(self.kim.ask("TIME")[0].params[1:], ["test.local", "Sunday November 22 2026 -- 10:00:00 UTC"])
        self.world.account("root2", admin=True)
        self.world.enter("root2")
        self.assertIn("Here now: root2", [line.text for line in self.kim.ask("ADMIN")])
        self.assertEqual(set(self.kim.numerics("INFO")), {"371", "374"})
        self.assertEqual(self.kim.numerics("LINKS"), ["365"])
        self.assertEqual(self.kim.numerics("MOTD"), ["422"])
        self.assertEqual(self.kim.numerics("USERS"), ["446"])

    def test_help(self) -> None:
        """Every command is explained."""
        said = self.kim.ask("HELP")
        self.assertEqual((said[0].command, said[-1].command), ("704", "706"))
        listed = " ".join(line.text for line in said).split()
        for name in VERBS:
            self.assertIn(name, listed)
            lines = self.kim.ask(f"HELPOP {name.lower()}")
            self.assertGreater(len(lines), 1, name)
            self.assertEqual({line.params[1] for line in lines}, {name})
            self.assertEqual((lines[0].command, lines[-1].command), ("704", "706"))
        self.assertEqual(self.kim.numerics("HELP NOSUCH"), ["524"])


class WhoTests(SynchronousTestCase):
    """WHO and WHOX."""

    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann", admin=True)
        self.kim = irc_enter(self.world, "kim", "#here", host="192.0.2.7")
        self.ann = irc_enter(self.world, "ann", "#here")

    def who(self, client: object, line: str) -> dict[str, str]:
        """What is told of whom: flags, by nick."""
        return {said.params[5]: said.params[6] for said in client.ask(line) if said.command == "352"}  # type: ignore[attr-defined]

    def test_room(self) -> None:
        """Everyone in it, with flags."""
        self.assertEqual(self.who(self.kim, "WHO #HERE"), {"kim": "H@", "ann": "H*"})
        self.assertEqual(self.who(self.kim, "WHO #here o"), {"ann": "H*"})
        self.assertEqual(self.kim.ask("WHO #Nowhere")[0].params[1], "#Nowhere")

    def test_both_prefixes(self) -> None:
        """For those who asked for them."""
        self.kim.ask("MODE #here +v kim")
        self.assertEqual(self.who(self.kim, "WHO #here")["kim"], "H@")
        self.ann.ask("CAP REQ multi-prefix")
        self.assertEqual(self.who(self.ann, "WHO #here")["kim"], "H@+")
        self.assertEqual([line.text for line in self.ann.ask("WHOIS kim") if line.command == "319"], ["@+#here"])

    def test_names_and_masks(self) -> None:
        """By nick, by ident, by realname; and one who is invisible by nick only, unless one is in a room with them."""
        self.assertEqual(self.who(self.kim, "WHO ANN"), {"ann": "H*"})
        for mask in ("a?n", "*NN", "~an*", "*real ann*"):
            self.assertEqual(self.who(self.kim, f"WHO :{mask}"), {"ann": "H*"}, mask)
        for mask in ("[a]*", "192.*", "nobody", "*" * 200 + "ann"):
            self.assertEqual(self.who(self.kim, f"WHO :{mask}"), {}, mask)
        self.assertEqual(self.who(self.kim, "WHO :" + "*a" * 50), {})
        for mask in ("*n*n", "a*n*", "**?n?", "The*ann", "*.*n*", "ANN*"):
            found = {"ann"} if mask != "*.*n*" else set()
            self.assertEqual(set(self.who(self.kim, f"WHO :{mask}")), found, mask)
        self.ann.user.flags = frozenset({"invisible"})
        lee = irc_enter(self.world, "lee")
        self.assertEqual(set(self.who(self.kim, "WHO *")), {"kim", "ann", "lee"})
        self.assertEqual(set(self.who(lee, "WHO *")), {"kim", "lee"})
        self.assertEqual(set(self.who(lee, "WHO #here")), {"kim"})
        self.assertEqual(set(self.who(lee, "WHO ann")), {"ann"})
        self.assertEqual(set(self.who(self.ann, "WHO *")), {"kim", "ann", "lee"})

    def test_a_mask_does_not_find_everyone(self) -> None:
        """Nobody is sent more than they can take."""
        self.patch(who, "MAX_FOUND", 1)
        self.patch(who, "MAX_MEMBERS", 1)
        self.assertEqual(self.kim.numerics("WHO *"), ["352", "416", "315"])
        self.assertEqual(self.kim.numerics("WHO #here"), ["352", "416", "315"])

    def test_whox(self) -> None:
        """Exactly the fields that were asked for, in their order."""
        self.world.clock.advance(5)
        lee = irc_enter(self.world, "lee")
        said = lee.ask("WHO ann %raoldfnshiuct,42")
        self.assertEqual(said[0].command, "354")
        host = self.ann.user.card.host
        fields = ["42", "*", "~ann", "255.255.255.255", host, "test.local", "ann", "H*", "0", "5", "ann", "n/a"]
        self.assertEqual(said[0].params[1:], [*fields, "The real ann"])
        self.assertEqual(self.kim.ask("WHO kim %ia")[0].params[1:], ["192.0.2.7", "0"])
        self.assertEqual(self.ann.ask("WHO kim %i")[0].params[1:], ["192.0.2.7"])
        self.assertEqual(self.kim.ask("WHO kim %n,1234567")[0].params[1:], ["kim"])


class WhoisTests(SynchronousTestCase):
    """WHOIS, WHOWAS, USERHOST and ISON."""

    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann", admin=True)
        self.ann = irc_enter(self.world, "ann", "#here", host="2001:db8::1")
        self.kim = irc_enter(self.world, "kim")

    def test_whois(self) -> None:
        """All that is known; the address only to those who may see it."""
        self.world.clock.advance(7)
        said = {line.command: line.params[2:] for line in self.kim.ask("WHOIS ann")}
        self.assertEqual(said["311"][-1], "The real ann")
        self.assertEqual(said["319"], ["@#here"])
        self.assertEqual(said["330"][0], "ann")
        self.assertEqual(said["317"][:2], ["7", "1795341600"])
        self.assertEqual(set(said), {"311", "319", "312", "313", "330", "317", "318"})
        own = {line.command: line.params[2:] for line in self.ann.ask("WHOIS test.local ANN")}
        self.assertEqual(own["338"][0], "2001:db8::1")
        self.assertEqual(self.kim.numerics("WHOIS nobody"), ["401", "318"])
        self.assertEqual(self.kim.numerics("WHOIS"), ["431"])

    def test_rooms_of_the_invisible(self) -> None:
        """Are shown to those who are in one with them."""
        self.ann.user.flags = frozenset({"invisible"})
        self.assertNotIn("319", self.kim.numerics("WHOIS ann"))
        self.kim.ask("JOIN #here")
        self.assertIn("319", self.kim.numerics("WHOIS ann"))

    def test_whowas(self) -> None:
        """Who left, or is called otherwise now, the last first; as many as are asked for."""
        bob = irc_enter(self.world, "bob", host="192.0.2.9")
        bob.ask("NICK rob")
        self.world.clock.advance(60)
        bob.ask("NICK bob", "QUIT :bye")
        self.assertEqual(self.kim.numerics("WHOWAS bob"), ["314", "312", "314", "312", "369"])
        said = self.kim.ask("WHOWAS BOB 1")
        self.assertEqual([line.command for line in said], ["314", "312", "369"])
        self.assertEqual(said[1].text, "2026-11-22 10:01:00 UTC")
        self.assertEqual(len(self.kim.ask("WHOWAS bob 0")), 5)
        self.assertEqual(len(self.kim.ask("WHOWAS bob -1")), 5)
        self.assertEqual(self.kim.numerics("WHOWAS nobody"), ["406", "369"])
        self.assertEqual(self.kim.numerics("WHOWAS"), ["431"])
        self.assertNotIn("192.0.2.9", str(self.kim.ask("WHOWAS bob")))
        self.assertIn("192.0.2.9", str(self.ann.ask("WHOWAS bob")))

    def test_a_renaming_that_is_taken_back_is_no_departure(self) -> None:
        """Nobody has left who is still there."""
        bob = irc_enter(self.world, "bob", "#here")
        self.world.store.full = True
        bob.ask("NICK rob")
        self.assertEqual(self.kim.numerics("WHOWAS bob"), ["406", "369"])

    def test_departures_are_forgotten(self) -> None:
        """There are not more and more."""
        last = departed.Departed()
        for _ in range(departed.MAX_DEPARTED + 5):
            last.add(self.kim.user, "", 0)
        self.assertEqual(len(list(last.find("kim"))), departed.MAX_DEPARTED)

    def test_userhost_and_ison(self) -> None:
        """Several at a time."""
        self.assertEqual(self.kim.ask("ISON Ann nobody :kim ann")[0].text, "ann kim")
        host = self.ann.user.card.host
        self.assertEqual(self.kim.ask("USERHOST ann nobody")[0].text, f"ann*=+~ann@{host}")
