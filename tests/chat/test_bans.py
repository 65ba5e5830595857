"""Masks, exceptions and mutes: whom they are about, and who is told."""

from __future__ import annotations

from chat_support import World
from irc_support import irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.events import Kind
from twisted_chat.chat.masks import Who, by_address, matcher, parse_mask

BOB = Who("bob", "~Robert", ("Cloak.Example", "q3k7.m2xa.ip"), ("192.0.2.7", "2001:db8::7"), "bob")


class MaskTests(SynchronousTestCase):
    def test_a_mask_of_all_three_is_about_what_others_see_and_about_the_address(self) -> None:
        for mask, about in (
            ("bob!*@cloak.example", True), ("*!~robert@*", True), ("*!*@192.0.2.*", True), ("b*!*@2001:db8::7", True),
            ("BOB!~ROBERT@*", True), ("bob!root@*", False), ("rob!*@cloak.example", False), ("*!*@198.51.100.*", False),
            ("*!*@cloak", False), ("~robert@cloak*", True), ("a:bob", True),
            ("q3k7.*.ip", True), ("*!*@*.ip", True), ("a:b?b", True), ("a:rob", False),
            ("[b]ob!*@*", False),
        ):  # fmt: skip
            self.assertIs(matcher(parse_mask(mask))(BOB), about, mask)

    def test_who_is_not_logged_in_is_no_account(self) -> None:
        self.assertFalse(matcher("a:bob")(BOB._replace(account="")))

    def test_of_several_ways_to_write_the_same_the_shortest_is_kept(self) -> None:
        for text, mask in (
            ("Bob!*@*", "bob"), ("spam*!*", "spam*"), ("*!*@192.0.2.7", "192.0.2.7/32"),
            ("*@192.0.2.0/24", "192.0.2.0/24"),
            ("bob@host", "*!bob@host"), ("bob!", "bob"), ("A:Bob", "a:bob"),
        ):  # fmt: skip
            self.assertEqual(parse_mask(text), mask)
        self.assertEqual(parse_mask("*!*@*", everyone=True), "*!*@*")

    def test_which_tell_an_address(self) -> None:
        for mask in ("192.0.2.7/32", "*!*@192.0.*", "kim!*@2001:db8::*", "*!*@192.0.2.0/24"):
            self.assertTrue(by_address(mask), mask)
        for mask in ("kim", "spam*", "*!*@cloak.example", "a:kim", "*!*@*", "192*"):
            self.assertFalse(by_address(mask), mask)


class ListTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        for name in ("ann", "bob", "opal"):
            self.world.account(name)
        self.ann = self.world.enter("ann", "#room")
        self.bob = self.world.enter("bob", "#room", host="198.51.100.7")
        self.cat = self.world.enter("cat", "#room")
        self.opal = self.world.enter("opal", "#room")
        self.ann.say("/op opal")
        self.world.all_read()

    def test_the_room_is_told_but_of_addresses_the_ops_alone_and_the_log_nothing(self) -> None:
        self.ann.say("/ban spam*", "/mute 203.0.113.0/24", "/unmute 203.0.113.0/24")
        self.assertEqual(self.cat.read(), ["user [ann] set ban spam*"])
        self.assertEqual(
            self.opal.read(),
            ["user [ann] set ban spam*", "user [ann] set mute 203.0.113.0/24", "user [ann] set -mute 203.0.113.0/24"],
        )
        kept = [e.text for e in self.world.store.log if e.kind is Kind.MODE and e.room == "#room"]
        self.assertEqual(kept, ["op", "ban spam*"])
        self.assertEqual(self.cat.say("/bans"), ["-- ban spam* for ever, by ann"])

    def test_an_exception_of_a_ban(self) -> None:
        self.ann.say("/except ban a:bob", "/ban 198.51.100.0/24")
        self.bob.say("/leave", "/join #room")
        self.assertIn(self.bob.user, self.world.chat.rooms["#room"].members)
        self.ann.say("/unexcept ban a:bob")
        self.bob.say("/leave")
        self.assertEqual(self.bob.say("/join #room"), ["!! You are banned from #room."])

    def test_an_exception_of_a_mute(self) -> None:
        self.ann.say("/mute *!*@198.51.100.*", "/except mute bob")
        self.assertEqual(self.bob.say("hello")[-1], "[bob] hello")
        self.ann.say("/unexcept mute bob")
        self.assertEqual(self.bob.say("hello"), ["user [ann] set -except-mute bob", "!! You are muted in #room."])

    def test_an_exception_of_the_need_for_an_invitation(self) -> None:
        self.bob.say("/leave")
        self.ann.say("/mode invite-only on", "/except invite a:bob")
        self.assertIn("-- You are now in #room, with 3 others.", self.bob.say("/join #room"))
        self.cat.say("/leave")
        self.assertEqual(self.cat.say("/join #room"), ["!! #room is for those who are invited."])

    def test_they_last(self) -> None:
        self.ann.say("/except ban bob", "/except mute c*", "/except invite dan")
        self.assertEqual(
            self.ann.say("/except all bob"), ["!! There are exceptions of ban, mute, invite, and none of all."]
        )
        room = World(self.world.store).chat.rooms["#room"]
        self.assertEqual(
            {what: list(made) for what, made in room.exceptions.items()},
            {"ban": ["bob"], "mute": ["c*"], "invite": ["dan"]},
        )
        self.assertEqual(self.ann.say("/bans")[0], "-- except-ban bob for ever, by ann")

    def test_a_mute_takes_the_voice_and_a_voice_ends_it(self) -> None:
        self.ann.say("/voice bob", "/mute bob")
        self.assertEqual(self.bob.say("hello")[-1], "!! You are muted in #room.")
        self.ann.say("/voice bob")
        self.assertEqual(self.bob.say("hello")[-1], "[bob] hello")

    def test_who_is_banned_and_still_there_cannot_speak(self) -> None:
        irc = irc_enter(self.world, "ian", "#room")
        self.ann.say("/op ian")
        irc.ask("MODE #room +b bob")
        self.assertEqual(self.bob.read(), ["user [ann] set op for [ian]", "user [ian] set ban bob"])
        self.assertEqual(self.bob.say("hello"), ["!! You are banned from #room."])

    def test_outsiders_may_speak_where_the_room_admits_it(self) -> None:
        self.ann.say("/mode external on")
        eve, ian = self.world.enter("eve"), irc_enter(self.world, "ian", caps=["echo-message"])
        self.world.all_read()
        self.assertEqual(ian.ask("PRIVMSG #room :hello")[-1].params, ["#room", "hello"])
        self.assertEqual(self.cat.read(), ["[ian] hello"])
        self.ann.say("/mute ian")
        self.assertEqual(ian.numerics("PRIVMSG #room :hello"), ["404"])
        self.ann.say("/mode external off")
        self.assertEqual(ian.numerics("PRIVMSG #room :hello"), ["404"])
        self.ann.say("/mode external on", "/mode secret on")
        self.assertEqual(ian.ask("PRIVMSG #room :hello")[0].command, ian.ask("PRIVMSG #none :hello")[0].command)
        self.assertEqual(eve.read(), [])
