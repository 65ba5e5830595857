"""METADATA: what people and rooms say of themselves by key."""

from __future__ import annotations

from chat_support import PASSWORD, World
from irc_support import IRCClient, irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.chat import Chat
from twisted_chat.chat.metadata import MAX_KEYS, MAX_SUBSCRIPTIONS, values
from twisted_chat.protocols.irc import metadata

CAPS = ("batch", "draft/metadata-3")


class MetadataTests(SynchronousTestCase):
    """Setting, showing, being told."""

    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann")
        self.ann = irc_enter(self.world, "ann", "#here", caps=CAPS)
        self.kim = irc_enter(self.world, "kim", caps=CAPS)

    def brief(self, client: IRCClient, *lines: str) -> list[list[str]]:
        """What comes, without batches: the number or the code, and what it is about."""
        said = [line for line in client.ask(*lines) if line.command != "BATCH"]
        return [[line.command, *line.params[1:]] for line in said]

    def test_set_and_get(self) -> None:
        """Of oneself; everyone may read it."""
        self.assertEqual(
            self.brief(self.ann, "METADATA * SET url :https://a b"), [["761", "ann", "url", "*", "https://a b"]]
        )
        said = self.kim.ask("METADATA Ann GET url avatar !")
        self.assertEqual((said[0].command, said[0].params), ("BATCH", ["+metadata", "metadata", "ann"]))
        self.assertEqual([line.tags for line in said[1:-1]], [{"batch": "metadata"}] * 3)
        self.assertEqual([line.command for line in said[1:-1]], ["761", "766", "FAIL"])
        self.assertEqual(self.brief(self.kim, "METADATA ann LIST"), [["761", "ann", "url", "*", "https://a b"]])
        self.assertEqual(self.brief(self.kim, "WHOIS ann")[-3][:3], ["760", "ann", "url"])
        self.assertEqual(self.brief(self.ann, "METADATA ann SET url"), [["766", "ann", "url", "key not set"]])
        self.assertEqual(self.brief(self.ann, "METADATA ann LIST"), [])

    def test_refusals(self) -> None:
        """Each with its code."""
        self.ann.ask("METADATA #here SET a 1")
        for line, code in [
            ("nobody LIST", ["INVALID_TARGET", "nobody"]),
            ("#nowhere GET a", ["INVALID_TARGET", "#nowhere"]),
            ("ann SET a 1", ["KEY_NO_PERMISSION", "ann", "a"]),
            ("ann CLEAR", ["KEY_NO_PERMISSION", "ann", "*"]),
            ("#here SET a 2", ["KEY_NO_PERMISSION", "#here", "a"]),
            ("* SET A 2", ["KEY_INVALID", "A"]),
            ("* SET " + "a" * 51 + " 2", ["KEY_INVALID", "a" * 51]),
            ("* SET a", ["KEY_NOT_SET", "*", "a"]),
            ("* SET a :" + "é" * 151, ["INVALID_VALUE", "a"]),
            ("* NOSUCH", ["SUBCOMMAND_INVALID", "NOSUCH"]),
        ]:
            said = self.kim.ask("METADATA " + line)
            self.assertEqual([each.params[1:-1] for each in said], [code], line)
        self.assertEqual(self.brief(self.kim, "METADATA * SET"), [["461", "METADATA", "Not enough parameters"]])

    def test_limits(self) -> None:
        """So many keys, so many subscriptions; nothing is left of them afterwards."""
        self.kim.ask(*(f"METADATA * SET k{i} v" for i in range(MAX_KEYS)))
        self.assertEqual(self.brief(self.kim, "METADATA * SET more v")[0][1:3], ["LIMIT_REACHED", "*"])
        self.assertEqual(self.brief(self.kim, "METADATA * SET k0 w")[0][0], "761")
        said = self.brief(self.kim, "METADATA * SUB " + " ".join(f"k{i}" for i in range(MAX_SUBSCRIPTIONS + 2)))
        self.assertEqual(said[0][1:3], ["TOO_MANY_SUBS", f"k{MAX_SUBSCRIPTIONS}"])
        listed = [key for line in self.brief(self.kim, "METADATA * SUBS") for key in line[1:]]
        self.assertEqual(" ".join(listed).split(), [f"k{i}" for i in range(MAX_SUBSCRIPTIONS)])
        self.assertEqual(self.brief(self.kim, "METADATA * UNSUB k0 nosuch !")[-1][0], "771")
        self.assertEqual(len(self.brief(self.kim, "METADATA * CLEAR")), MAX_KEYS)
        self.kim.drop()
        self.assertFalse(self.world.chat.subscriptions)
        self.assertEqual(self.world.chat.subscriptions._sessions, {})

    def test_kept(self) -> None:
        """An account's and a lasting room's; a guest's not."""
        self.ann.ask("METADATA * SET url :a", "METADATA #here SET url :h")
        self.kim.ask("METADATA * SET url :k")
        after = Chat(self.world.turn, self.world.clock.seconds, self.world.passwords)
        after.restore(self.world.store.topics(), self.world.store.records())
        account = after.accounts.get("ann")
        assert account is not None
        self.assertEqual((account.metadata, after.rooms["#here"].metadata), ({"url": "a"}, {"url": "h"}))
        self.assertNotIn("'k'", str(self.world.store.records()))

    def test_a_guest_makes_an_account(self) -> None:
        """And has said the same of themselves as before."""
        self.kim.ask("METADATA * SET url :k", "NickServ REGISTER long-enough-1")
        self.world.settle()
        self.assertTrue(self.kim.user.registered)
        self.assertEqual(values(self.world.chat, self.kim.user), {"url": "k"})
        self.assertIn("{'url': 'k'}", str(self.world.store.records()))

    def test_taken_back(self) -> None:
        """When it could not be kept; nobody is told."""
        self.kim.ask("JOIN #here", "METADATA * SUB url")
        self.world.store.full = True
        self.ann.ask("METADATA * SET url :a", "METADATA #here SET url :h")
        self.world.settle()
        self.assertEqual(values(self.world.chat, self.ann.user), {})
        self.assertEqual(self.world.chat.rooms["#here"].metadata, {})
        self.assertEqual(self.kim.read(), [])

    def test_nothing_to_clear(self) -> None:
        dan = irc_enter(self.world, "dan", caps=CAPS[1:])
        self.assertEqual(dan.ask("METADATA * CLEAR"), [])

    def test_what_cannot_be_kept_is_not_confirmed(self) -> None:
        """But said to be so."""
        self.ann.ask("METADATA * SET url 1")
        self.world.store.full = True
        for line in ("SET url 2", "SET url", "CLEAR"):
            self.assertEqual([said.command for said in self.ann.ask(f"METADATA * {line}")], ["NOTICE"])
        self.world.store.full = False
        self.assertEqual(self.brief(self.ann, "METADATA * LIST"), [["761", "ann", "url", "*", "1"]])

    def test_being_told(self) -> None:
        """Of what one has subscribed to, in a room together or watching; not of one's own doing."""
        self.kim.ask("METADATA * SUB url")
        self.ann.ask("METADATA * SET url :a", "METADATA #here SET url :h")
        self.assertEqual(self.kim.read(), [])
        told = [line for line in self.brief(self.kim, "JOIN #here") if line[0] == "761"]
        self.assertEqual(told, [["761", "#here", "url", "*", "h"], ["761", "ann", "url", "*", "a"]])
        self.ann.ask("METADATA * SUB url", "METADATA * SET color red", "METADATA * SET url :b")
        self.assertEqual(self.brief(self.kim), [["761", "ann", "url", "*", "b"]])
        self.assertEqual(self.brief(self.ann), [])
        self.kim.ask("PART #here", "MONITOR + ann")
        self.ann.ask("METADATA #here SET url :i", "METADATA * CLEAR")
        self.assertEqual(self.brief(self.kim), [["766", "ann", "url", "key not set"]])
        self.kim.ask("METADATA * SET url :k", "JOIN #here")
        self.assertEqual(self.brief(self.ann)[1:], [["761", "kim", "url", "*", "k"]])
        self.kim.ask("METADATA * SET url :l")
        self.assertEqual(self.brief(self.ann), [["761", "kim", "url", "*", "l"]])
        self.assertEqual(self.brief(self.ann, "METADATA #here SYNC")[1][-1], "l")
        self.assertIn(["774", "#here", "0"], self.brief(self.ann, "METADATA * SUB avatar"))

    def test_the_former_draft(self) -> None:
        """Has a message of its own for it."""
        lee = irc_enter(self.world, "lee", "#here", caps=["batch", "draft/metadata-2"])
        lee.ask("METADATA * SUB url")
        self.ann.ask("METADATA * SET url :a", "METADATA * SET url")
        said = [(line.command, line.params) for line in lee.heard()]
        self.assertEqual(said, [("METADATA", ["ann", "url", "*", "a"]), ("METADATA", ["ann", "url", "*"])])

    def test_many(self) -> None:
        """Is for later."""
        self.patch(metadata, "MAX_TOLD", 0)
        self.ann.ask("METADATA * SET url :a")
        self.kim.ask("METADATA * SUB url")
        self.assertIn(["774", "#here", "5"], self.brief(self.kim, "JOIN #here"))

    def test_before_registration(self) -> None:
        """Oneself only; it is told with the greeting, and kept."""
        early = irc_connect(self.world)
        self.assertEqual(early.numerics("METADATA * SET url :a"), ["451"])
        early.send(f"CAP REQ :{' '.join(CAPS)}", f"PASS {PASSWORD}", "NICK ann", "USER a 0 * :Ann", "METADATA ann LIST")
        self.assertEqual(early.ask("METADATA * SET url :a")[-2].params[1], "INVALID_TARGET")
        said = [line for line in early.ask("CAP END") if line.tags.get("batch") == "metadata"]
        self.assertEqual([line.params[1:] for line in said], [["ann", "url", "*", "a"]])
        self.assertEqual(values(self.world.chat, self.ann.user), {"url": "a"})

    def test_closed_rooms(self) -> None:
        """Are read by those who are in them; a secret one is not even there."""
        self.ann.ask("METADATA #here SET url :h", "MODE #here +i")
        for line in ("LIST", "GET url", "SYNC"):
            self.assertEqual(self.brief(self.kim, f"METADATA #here {line}")[0][1], "KEY_NO_PERMISSION")
        self.ann.ask("MODE #here +s")
        for line in ("LIST", "GET url", "SYNC", "SET url x", "CLEAR"):
            secret = self.kim.ask(f"METADATA #here {line}", f"METADATA #none {line}")
            self.assertEqual({str(each.params).replace("#none", "#here") for each in secret}.__len__(), 1, line)
