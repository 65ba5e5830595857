"""What people might try, or stumble over: ways around a rule, and rules that come undone."""

from __future__ import annotations

from chat_support import World, WorldCase
from irc_support import irc_enter

from twisted_chat.chat import orders


def rooms_kept(world: World) -> dict[str, object]:
    return {key: value for kind, key, value in world.store.records() if kind == "room"}


class EvasionCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        for name in ("ann", "bea", "root1"):
            self.world.account(name)
        self.world.account("boss", admin=True)


class SeveralConnectionsTests(EvasionCase):
    """The log cannot be written, and someone has more than one connection."""

    def fail_commit(self) -> None:
        """The commit that is under way fails; then there is room again."""
        self.world.settle()
        self.world.store.release()
        self.world.store.hold = self.world.store.full = False
        self.world.settle()
        self.world.all_read()

    def test_who_did_not_come_in_after_all_hears_nothing_on_any_connection(self) -> None:
        owner = self.world.enter("bea", "#plan")
        first = self.world.enter("ann")
        self.world.store.hold = self.world.store.full = True
        first.send("/join #plan")
        self.world.settle()
        second = self.world.connect()
        second.send("ann", "correct-horse")
        self.fail_commit()
        owner.say("for us only")
        self.assertEqual((first.read(), second.read()), ([], []))

    def test_who_did_not_come_in_after_all_says_nothing_there(self) -> None:
        owner = self.world.enter("bea", "#plan")
        first, second = self.world.enter("ann"), self.world.enter("ann")
        self.world.store.hold = self.world.store.full = True
        first.send("/join #plan")
        second.send("/join #plan")
        self.fail_commit()
        second.say("hello")
        self.assertNotIn("[ann] hello", owner.read())

    def test_who_was_not_kicked_after_all_hears_the_room_on_every_connection(self) -> None:
        owner = self.world.enter("bea", "#plan")
        self.world.enter("ann", "#plan")
        self.world.store.hold = self.world.store.full = True
        owner.send("/kick ann")
        self.world.settle()
        second = self.world.connect()
        second.send("ann", "correct-horse")
        self.fail_commit()
        owner.say("still here?")
        self.assertEqual(second.read(), ["#plan [bea] still here?"])


class ComingBackTests(EvasionCase):
    def test_a_room_made_anew_meanwhile_is_somebody_elses(self) -> None:
        self.world.enter("gus", "#x")
        ann = self.world.enter("ann", "#x")
        ann.drop()
        self.world.chat.rooms["#x"].roles.clear()
        for client in list(self.world.clients()):
            client.drop()
        self.world.settle()
        self.world.clock.advance(5)
        self.world.enter("bea", "#x").say("/mode secret on", "the treasure")
        ann = self.world.connect()
        self.assertNotIn("treasure", "".join(ann.say("ann", "correct-horse")))
        self.assertEqual([room.name for room in ann.user.rooms], ["#lobby"])

    def test_a_ban_from_the_lobby_outlasts_a_reconnection(self) -> None:
        boss, gus = self.world.enter("boss"), self.world.enter("gus")
        boss.say("/ban gus")
        self.assertNotIn(self.world.chat.rooms["#lobby"], gus.user.rooms)
        gus.drop()
        self.world.settle()
        gus = self.world.enter("gus")
        boss.read()
        gus.say("still here")
        self.assertEqual(boss.read(), [])

    def test_an_op_cannot_keep_the_owner_out_by_a_pattern(self) -> None:
        owner, op = self.world.enter("ann", "#x"), self.world.enter("bea", "#x")
        owner.say("/op bea")
        owner.drop()
        self.world.settle()
        op.say("/ban an*")
        self.assertIn(self.world.chat.rooms["#x"], self.world.enter("ann").user.rooms)

    def test_a_connection_from_a_banned_address_takes_one_out_of_the_room(self) -> None:
        owner = self.world.enter("bea", "#x")
        owner.say("/ban 198.51.100.0/24")
        self.world.enter("ann", "#x")
        second = self.world.enter("ann", host="198.51.100.7")
        self.world.all_read()
        owner.say("secret")
        self.assertEqual(second.read(), [])

    def test_a_message_that_was_never_taken_waits_for_the_next_time(self) -> None:
        ann, gus = self.world.enter("ann"), self.world.enter("gus")
        ann.session.pauseProducing()
        gus.say("/msg ann are you there?")
        ann.drop()
        self.world.settle()
        ann = self.world.connect()
        self.assertIn("[gus -> ann] are you there?", "".join(ann.say("ann", "correct-horse")))


class RoleTests(EvasionCase):
    def test_an_op_who_registers_can_be_made_none_again(self) -> None:
        owner, gus = self.world.enter("ann", "#x"), self.world.enter("gus", "#x")
        owner.say("/op gus")
        gus.say("/register correct-horse")
        self.world.all_read()
        owner.say("/deop gus")
        self.assertIn("takes the role op", gus.say("/mode moderated on")[-1])

    def test_what_was_said_in_a_room_that_guests_closed_is_gone_with_them(self) -> None:
        for mode in ("secret on", "invite-only on", "key word", "members-only on"):
            for leave in ("/leave", "/quit", "restart"):
                gus = self.world.enter("gus", "#x")
                gus.say("the treasure", "/topic treasure", f"/mode {mode}", "more treasure")
                if leave == "restart":
                    self.world = World(self.world.store)
                else:
                    gus.say(leave)
                self.world.settle()
                self.assertNotIn("#x", self.world.chat.rooms, (mode, leave))
                eve = self.world.enter("eve")
                said = eve.say("/join #x", "/history 100", "/search treasure", "/mode moderated on")
                self.assertNotIn("treasure", "".join(said[:-1]).replace("/search treasure", ""), (mode, leave))
                self.assertEqual(said[-1], "user [eve] set moderated")
                eve.say("/quit")
                self.assertEqual(rooms_kept(self.world), {}, (mode, leave))
                self.world.check()

    def test_nor_is_it_for_others_when_the_account_that_owned_it_is_gone(self) -> None:
        for give_up in (True, False):
            self.world = World()
            self.world.account("olga")
            olga = self.world.enter("olga", "#x")
            olga.say("the treasure", "/topic treasure", "/mode secret on")
            if give_up:
                olga.say("/leave #x", "/unregister correct-horse")
                self.world.settle()
            else:
                orders.execute(self.world.chat, "7", {"do": "erase", "name": "olga"})
                self.world.settle()
            self.assertNotIn("#x", self.world.chat.rooms)
            eve = self.world.enter("eve")
            self.assertNotIn("treasure", "".join(eve.say("/join #x", "/history 100")))
            self.world.check()

    def test_one_that_they_opened_again_is_as_before(self) -> None:
        gus = self.world.enter("gus", "#x")
        gus.say("hello", "/mode key word", "/mode key off", "/leave")
        self.assertIn("hello", "".join(self.world.enter("eve").say("/join #x")))
        self.assertEqual(rooms_kept(self.world), {})

    def test_who_becomes_their_account_keeps_the_rooms_they_made(self) -> None:
        gus = self.world.enter("gus", "#mine")
        self.world.enter("eve", "#mine")
        gus.say("/login ann correct-horse")
        self.world.settle()
        gus.say("/join #mine")
        self.assertEqual(gus.say("/mode moderated on")[-1], "user [ann] set moderated")

    def test_numbers_beyond_all_measure_are_refused(self) -> None:
        ann = self.world.enter("ann", "#x")
        for number in ("0" * 9 + "1999", "9" * 400, "9" * 8, "0", "-1"):
            self.assertIn("Usage: /mode slow NUMBER", ann.say(f"/mode slow {number}")[0])
        self.assertEqual(ann.say("hello"), ["[ann] hello"])


class NameTests(EvasionCase):
    def test_an_invitation_of_a_guest_is_not_the_next_ones_of_that_name(self) -> None:
        owner, gus = self.world.enter("ann", "#x"), self.world.enter("gus")
        owner.say("/mode invite-only on", "/invite gus")
        gus.drop()
        self.world.settle()
        eve = self.world.enter("eve")
        eve.say("/nick gus")
        self.assertEqual(eve.say("/join #x"), ["!! #x is for those who are invited."])

    def test_nor_is_it_after_a_restart(self) -> None:
        owner = self.world.enter("ann", "#plan")
        self.world.enter("gia")
        self.world.enter("bea")
        owner.say("/mode invite-only", "/invite gia", "/invite bea")
        self.world = World(self.world.store)
        self.assertEqual(self.world.chat.rooms["#plan"].invited, {"bea"})

    def test_what_only_looks_like_a_reserved_name_is_reserved(self) -> None:
        for name in ("server", "Server", "\u0455erver", "\u0430dmin"):
            client = self.world.connect()
            self.assertIn("reserved", "".join(client.say(name)), name)


class SilenceTests(EvasionCase):
    def test_a_shunned_guests_address_does_not_silence_accounts(self) -> None:
        boss, ann = self.world.enter("boss"), self.world.enter("ann")
        self.world.enter("troll")
        boss.say("/shun troll")
        self.world.all_read()
        ann.say("hello")
        self.assertEqual(boss.read(), ["[ann] hello"])

    def test_what_a_shunned_person_says_of_themselves_is_shown_to_them_alone(self) -> None:
        boss, ann, bea = self.world.enter("boss", "#x"), self.world.enter("ann", "#x"), self.world.enter("bea", "#x")
        boss.say("/op ann", "/shun ann")
        ann.say("/realname Buy at shop", "/away at the shop")
        bea.read()
        shown = bea.say("/whois ann", "/who", "/msg ann hello", "/format json", "/whois ann", "/who")
        self.assertIn("ann is in #lobby, #x", "".join(shown))
        self.assertNotIn("shop", "".join(shown))
        self.assertNotIn("(away)", "".join(shown))
        self.assertIn('"away":null', shown[-1])
        mine = "\n".join(ann.say("/whois ann", "/who"))
        for words in ("Called Buy at shop.", "Away: at the shop", "ann (away)"):
            self.assertIn(words, mine)
        boss.say("/shun ann")
        self.assertIn("Buy at shop", "".join(bea.say("/whois ann")))

    def test_nor_does_what_they_do_as_an_op_carry_words(self) -> None:
        boss, ann = self.world.enter("boss"), self.world.enter("ann", "#x")
        for name in ("gus", "hal"):
            self.world.enter(name, "#x")
        bea = self.world.enter("bea", "#x")
        bea.say("rude")
        id = self.world.store.log[-1].id
        boss.say("/shun ann")
        ann.say("/kick gus buy", "/ban hal 1h buy", f"/delete {id} buy", "/rename #new buy", "/leave #new buy")
        heard = bea.read()
        self.assertEqual(len(heard), 7, heard)
        self.assertNotIn("buy", "".join(heard) + "".join(bea.say("/bans")))

    def test_a_mute_is_about_what_is_said_in_the_room(self) -> None:
        """What people say of themselves is seen everywhere, and is an administrator's to stop."""
        owner, gus = self.world.enter("ann", "#x"), self.world.enter("gus", "#x")
        owner.say("/mute gus")
        gus.say("/realname Gus", "/away out")
        self.assertIn("-- Called Gus.", owner.say("/whois gus"))

    def test_who_may_not_speak_leaves_without_a_word(self) -> None:
        owner, gus = self.world.enter("ann", "#x"), self.world.enter("gus", "#x")
        owner.say("/mute gus")
        gus.say("/quit rude words")
        self.assertIn("user [gus] left the room", owner.read())

    def test_a_mute_does_not_end_by_logging_in(self) -> None:
        """Under another name; the room is one that lets nobody in."""
        owner, gia = self.world.enter("bea", "#plan"), irc_enter(self.world, "gia", "#plan")
        hal = irc_enter(self.world, "hal", "#plan")
        owner.say("/mute gia", "/mode invite-only")
        self.world.enter("boss")
        for client, name in ((gia, "ann"), (gia, "boss"), (hal, "root1")):
            client.ask(f"NS IDENTIFY {name} correct-horse")
            client.ask("PRIVMSG #plan :here I am")
        said = [line for line in owner.read() if "here I am" in line]
        self.assertEqual(said, ["[root1] here I am"])

    def test_nor_by_being_one_more_connection_of_an_account(self) -> None:
        owner, gia = self.world.enter("bea", "#plan"), irc_enter(self.world, "gia", "#plan")
        owner.say("/mute gia", "/mode invite-only")
        ann = self.world.enter("ann")
        gia.ask("NS IDENTIFY ann correct-horse")
        self.assertEqual([room.name for room in ann.session.user.rooms], ["#lobby"])

    def test_what_programs_say_to_each_other_is_said_slowly_too(self) -> None:
        owner, gia = self.world.enter("bea", "#plan"), irc_enter(self.world, "gia", "#plan")
        hal = irc_enter(self.world, "hal", "#plan")
        owner.say("/mode slow 60")
        hal.read()
        gia.ask("PRIVMSG #plan :\x01BUY this\x01", "PRIVMSG #plan :\x01BUY this\x01", "PRIVMSG #plan :this")
        self.assertEqual([said.text for said in hal.heard()], ["\x01BUY this\x01"])

    def test_slow_mode_does_not_begin_anew_by_leaving(self) -> None:
        owner, gus = self.world.enter("ann", "#x"), self.world.enter("gus", "#x")
        owner.say("/mode slow 600")
        gus.say("one")
        self.assertIn("is in slow mode", gus.say("/leave", "/join #x", "two")[-1])
        self.assertIn("is in slow mode", gus.say("/nick gustav", "three")[-1])

    def test_nor_by_being_one_more_connection_of_an_account_that_is_here(self) -> None:
        self.world.account("zoe")
        owner, zoe = self.world.enter("bea", "#x"), self.world.enter("zoe", "#x")
        owner.say("/mode slow 600")
        gus = self.world.enter("gus", "#x")
        gus.say("one")
        gus.say("/login zoe correct-horse")
        self.assertIs(gus.session.user, zoe.session.user)
        self.assertIn("is in slow mode", gus.say("/join #x", "two")[-1])

    def test_nor_by_being_an_account_that_has_said_something_before(self) -> None:
        self.world.account("zoe")
        owner, gus = self.world.enter("bea", "#x"), self.world.enter("gus", "#x")
        owner.say("/mode slow 600")
        gus.say("one")
        self.world.clock.advance(500)
        zoe = self.world.enter("zoe", "#x")
        zoe.say("two")
        zoe.drop()
        self.world.clock.advance(200)
        gus.say("/login zoe correct-horse")
        self.assertIn("wait 400 s", gus.say("three")[-1])

    def test_slow_mode_forgets_what_is_taken_back(self) -> None:
        """Who is not logged in after all has not spoken as the account."""
        self.world.account("zoe")
        owner, zoe = self.world.enter("bea", "#x"), self.world.enter("zoe", "#x")
        owner.say("/mode slow 600")
        gus = self.world.enter("gus", "#x")
        gus.say("one")
        self.world.store.full = True
        gus.say("/login zoe correct-horse")
        self.world.store.full = False
        self.world.settle()
        self.assertEqual(zoe.say("two")[-1], "[zoe] two")

    def test_unread_lines_say_where_they_were_said_and_are_counted_by_room(self) -> None:
        ann, bea = self.world.enter("ann", "#x"), self.world.enter("bea", "#x")
        ann.drop()
        self.world.settle()
        bea.say("in x", "/join #lobby", "in the lobby", "again")
        ann = self.world.enter("ann")
        lines = [line.removeprefix("~ 2026-11-22 10:00:00 ") for line in ann.say("/unread")]
        self.assertEqual(lines[:3], ["[bea] in the lobby", "[bea] again", "-- 2 lines in #lobby since you left."])
        self.assertEqual(lines[3:], ["#x [bea] in x", "-- 1 line in #x since you left."])
