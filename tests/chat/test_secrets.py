"""An outsider learns nothing of a secret room: what they are sent is the same, byte for byte, where there is none.

Some things cannot be hidden, and are not in the comparison:

- Ids are of the whole log: from a gap one learns that something happened elsewhere, though not where. In the world
  without the room, the insiders therefore say as much in direct messages.
- A name can only be taken once: who joins a room of that name (or gives it to another), or of one that looks the same,
  either comes in, as into any room of which one knows the name, or learns that it cannot be joined; never why.
"""

from __future__ import annotations

from chat_support import Client, World
from irc_support import irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.commands import COMMANDS
from twisted_chat.protocols.irc import VERBS

ARGUMENTS = [
    "",
    "#secret",
    "secret",
    "#5ecret",
    "ann",
    "ben",
    "treasure",
    "3",
    "9",
    "11 ids",
    "ann #secret",
    "#secret x",
]
# What leaves the world of the comparison, and is looked at by itself.
APART = {"join", "rename", "quit", "logout", "login", "register", "password"}
# The same for IRC; PASS and the like have no second time.
IRC_APART = {"JOIN", "RENAME", "QUIT", "AUTHENTICATE", "OPER", "NICK", "PASS", "USER", "WEBIRC", "KILL", "VERIFY"}
IRC_ARGUMENTS = [
    "",
    "#secret",
    "#5ecret",
    "#s*",
    "!#x",
    ">0",
    "ann",
    "a*",
    "#secret :words",
    "#secret,#nothing :words",
    "@#secret :words",
    "ann #secret",
    "#secret ann",
    "#secret ann :words",
    "#secret +o eve",
    "#secret b",
    "#secret -s",
    "#secret +b a!b@c",
    "LATEST #secret * 10",
    "BEFORE #secret msgid=9 10",
    "TARGETS timestamp=2020-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z 10",
    "#secret timestamp=2026-01-01T00:00:00.000Z",
    "#secret 9 :words",
    "#secret LIST",
    "#secret GET url",
    "#secret SET url :words",
    "#secret SUBS",
    "ChanServ :INFO #secret",
    "ChanServ :OP #secret eve",
    "NickServ :INFO ann",
]


class SecretRoomTests(SynchronousTestCase):
    def world(self, secret: bool, *modes: str) -> World:
        world = World()
        for name in ("ann", "eve"):
            world.account(name, rooms=("#lobby",), markers={"#lobby": 0, "#secret": 0})
        ann, ben = world.enter("ann"), world.enter("ben")
        if secret:
            ann.say("/join #secret", "/mode secret on", *(f"/mode {mode}" for mode in modes if " on" not in mode))
            ben.say("/join #secret 7")
            ben.say("the treasure", "/me digs", "/topic treasure")
            ann.say(*(f"/mode {mode}" for mode in modes if " on" in mode))
            ann.say("/op ben", "/ban mallory", "/pin 9")
            ann.say("/join #lobby")
            ben.say("/join #lobby")
            return world
        like = self.world(True, *modes)
        for _ in range(len(like.store.log) - len(world.store.log)):
            ann.say("/msg ben treasure")
        return world

    def transcript(self, secret: bool, name: str, format: str) -> bytes:
        """All that an outsider receives who tries everything, in the lobby and in a room of their own."""
        world = self.world(secret)
        eve = world.enter(name)
        seen = b""
        lines = [f"/{command} {argument}" for command in COMMANDS if command not in APART for argument in ARGUMENTS]
        lines.remove("/leave ")
        for first in (f"/format {format}", "/join #own"):
            eve.send(first)
            for line in lines:
                eve.send(line)
                world.settle()
                seen += line.encode() + b"\n" + eve.wire.value()
                eve.wire.clear()
            eve.send("/mode secret off", "/mode moderated off")
        self.assertTrue(eve.user, "put out")
        if name == "eve":
            # Going, and coming back.
            eve.send("/logout", "eve", "correct-horse", "/unread", "/rooms")
            world.settle()
            seen += eve.wire.value()
        return seen

    def test_an_outsider_sees_the_same_as_where_there_is_none(self) -> None:
        for name in ("eve", "guest"):
            for format in ("text", "json"):
                there, not_there = self.transcript(True, name, format), self.transcript(False, name, format)
                self.assertGreater(len(there), 20_000)
                for one, other in zip(there.split(b"\n"), not_there.split(b"\n"), strict=False):
                    self.assertEqual(one, other)
                self.assertEqual(there, not_there)

    def irc_transcript(self, secret: bool) -> list[tuple[str, bytes]]:
        """All that an outsider on IRC receives who tries everything, in no room and in one of their own."""
        world = self.world(secret)
        mallory = irc_enter(world, "mallory", caps=["message-tags", "batch", "draft/chathistory", "labeled-response"])
        seen = []
        for place in ("JOIN #own", "JOIN #own"):
            for verb in sorted(VERBS.keys() - IRC_APART):
                for argument in IRC_ARGUMENTS:
                    mallory.send(f"{verb} {argument}")
                    world.settle()
                    seen.append((f"{verb} {argument}", mallory.wire.value()))
                    mallory.wire.clear()
            mallory.send(place)
            world.settle()
            mallory.wire.clear()
        self.assertTrue(mallory.user, "put out")
        return seen

    def test_an_outsider_on_irc_sees_the_same_as_where_there_is_none(self) -> None:
        there, not_there = self.irc_transcript(True), self.irc_transcript(False)
        self.assertGreater(sum(len(said) for _, said in there), 20_000)
        for one, other in zip(there, not_there, strict=True):
            self.assertEqual(one, other)

    def test_on_irc_who_cannot_join_is_not_told_why(self) -> None:
        for mode in ("invite-only on", "key 7", "limit 2"):
            world = self.world(True, mode)
            eve = irc_enter(world, "eve2")
            said = {
                line.replace(name, "X") for name in ("#secret", "#ѕecret") for line in self.one(eve, f"JOIN {name}")
            }
            self.assertEqual(len(said), 1, said)

    def one(self, client: Client, line: str) -> list[str]:
        client.send(line)
        client.world.settle()
        return client.read()

    def test_insiders_do_see_it(self) -> None:
        world = self.world(True)
        ben = next(client for client in world.clients() if client.user.name.shown == "ben")
        world.all_read()
        self.assertIn("-- #secret (2): treasure", ben.say("/rooms"))
        self.assertIn("-- ann is in #lobby, #secret.", ben.say("/whois ann"))
        self.assertIn("-- In #secret (2):", ben.say("/who #secret"))
        self.assertEqual(len(ben.say("/search treasure")), 3)

    def refusals(self, client: Client, *names: str) -> set[str]:
        found = {line.replace(name, "X") for name in names for line in client.say(f"/join {name}")}
        return found

    def test_who_cannot_join_is_not_told_why(self) -> None:
        for mode in ("invite-only on", "key 7", "limit 2"):
            world = self.world(True, mode)
            eve = world.enter("eve")
            # By its own name, and by one that looks the same.
            self.assertEqual(self.refusals(eve, "#secret", "#ѕecret"), {"!! X cannot be joined."}, mode)
            self.assertEqual(self.refusals(eve, "#secret 8"), {"!! #secret cannot be joined."}, mode)
        world = self.world(True)
        mallory = world.enter("mallory")
        self.assertEqual(self.refusals(mallory, "#secret", "#ѕecret"), {"!! X cannot be joined."})
        self.assertNotIn("secret", world.chat.looks)

    def test_nor_who_takes_its_name_for_another_room(self) -> None:
        world = self.world(True)
        eve = world.enter("eve", "#own", "#open", "#own")
        names = ("#secret", "#ѕecret", "#open")
        found = {line.replace(name, "X") for name in names for line in eve.say(f"/rename {name}")}
        self.assertEqual(found, {"!! The name X cannot be used."})

    def test_who_knows_the_name_may_come_in(self) -> None:
        eve = self.world(True).enter("eve")
        self.assertIn("-- You are now in #secret, with 2 others.", eve.say("/join #secret"))

    def test_one_that_has_just_become_secret_or_been_left_is_not_shown_either(self) -> None:
        world = World()
        world.account("ann")
        ann, eve = world.enter("ann", "#secret"), world.enter("eve", "#secret", "#lobby")
        ann.say("the treasure", "/mode secret on", "/kick eve")
        world.all_read()
        self.assertEqual(eve.say("/rooms"), ["-- #lobby (2)"])
        self.assertEqual(eve.say("/search treasure"), ["-- Found 0 lines."])
        self.assertEqual(eve.say("/whois ann")[0], "-- ann is in #lobby.")
        self.assertEqual(eve.say("/leave #secret")[0][:2], "!!")
        ann.say("more")
        self.assertEqual(eve.read(), [])

    def test_who_was_banned_from_it_meanwhile_is_told_nothing_at_the_next_login(self) -> None:
        world = World()
        world.account("ann")
        world.account("eve")
        ann, eve = world.enter("ann", "#secret"), world.enter("eve", "#secret")
        ann.say("/mode secret on")
        eve.drop()
        ann.say("/ban eve", "the treasure")
        world.settle()
        eve = world.connect()
        said = eve.say("eve", "correct-horse", "/unread", "/rooms")
        self.assertNotIn("secret", "".join(said))
