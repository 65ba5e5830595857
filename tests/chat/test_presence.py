"""One person on several connections, and what waits for those who are away."""

from __future__ import annotations

from typing import Any

from chat_support import PASSWORD, Client, World, WorldCase


class PresenceCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.store = self.world.store
        self.world.account("ann")
        self.bob = self.world.enter("bob")

    def log_in(self, name: str = "ann") -> tuple[Client, list[str]]:
        """Someone with an account, and what they are shown as they come."""
        client = self.world.connect()
        return client, client.say(name, PASSWORD)

    def stored(self) -> Any:
        return self.store._records["account", "ann"]


class SeveralConnectionsTests(PresenceCase):
    def test_one_name_one_coming_and_one_going(self) -> None:
        one, _ = self.log_in()
        two, _ = self.log_in()
        self.assertEqual(self.bob.read(), ["user [ann] has entered the room"])
        self.assertEqual(self.bob.say("/who"), ["-- In #lobby (2):", "--  bob, ann"])
        one.drop()
        self.world.settle()
        self.assertEqual(self.bob.read(), [])
        two.drop()
        self.world.settle()
        self.assertEqual(self.bob.read(), ["user [ann] left the room"])

    def test_each_sees_everything_also_what_one_says_on_another(self) -> None:
        one, two = self.world.enter("ann"), self.world.enter("ann")
        one.say("hello")
        self.bob.say("hi", "/msg ann psst")
        one.say("/msg bob secret")
        self.assertEqual(two.read(), ["[ann] hello", "[bob] hi", "[bob -> ann] psst", "[ann -> bob] secret"])

    def test_each_enters_and_leaves_rooms_with_the_others(self) -> None:
        one, two = self.world.enter("ann"), self.world.enter("ann")
        one.say("/join #dev")
        self.assertEqual(two.read(), ["#dev user [ann] has entered the room"])
        one.say("hello")
        self.assertEqual(two.read(), ["#dev [ann] hello"])
        self.assertEqual(two.session.room.name, "#lobby")
        two.say("/leave #dev")
        self.assertEqual(one.say("x")[-1], "[ann] x")
        self.assertEqual(one.session.room.name, "#lobby")

    def test_one_who_comes_later_is_in_all_rooms(self) -> None:
        self.world.enter("ann", "#dev")
        two, said = self.log_in()
        self.assertIn("-- You are also in #dev.", said)
        self.assertEqual([room.name for room in two.user.rooms], ["#lobby", "#dev"])
        self.assertEqual(two.say("/join #dev", "hi")[-1], "[ann] hi")

    def test_one_that_is_dropped_in_vain_does_not_take_the_others_with_it(self) -> None:
        one, two = self.world.enter("ann"), self.world.enter("ann")
        self.store.full = True
        one.say("/join #dev")
        two.drop()
        self.world.settle()
        self.store.full = False
        one.read()
        self.assertEqual(one.say("still here"), ["[ann] still here"])

    def test_a_room_left_in_vain_while_one_connection_breaks(self) -> None:
        one, two = self.world.enter("ann", "#dev"), self.world.enter("ann")
        self.store.hold = True
        one.say("/leave #dev")
        two.drop()
        self.world.settle()
        self.store.full = True
        self.store.release()
        self.store.hold = self.store.full = False
        self.world.clock.advance(2)
        self.assertIn("#dev", [room.name for room in one.user.rooms])


class DisplacedTests(PresenceCase):
    def test_a_guest_with_an_account_s_name_makes_room_for_its_owner(self) -> None:
        guest = self.world.enter("cat")
        self.world.account("cat")
        owner, said = self.log_in("cat")
        self.assertEqual(guest.read()[-1], "-- This name belongs to an account, whose owner has just come.")
        self.assertTrue(guest.wire.disconnecting)
        self.assertEqual(said[0], "Login Id: Password: user [cat] has entered the room")
        self.assertEqual(self.bob.read()[-2:], ["user [cat] left the room", "user [cat] has entered the room"])
        self.assertTrue(owner.user.registered)
        guest.drop()

    def test_an_account_s_stale_connection_does_not_keep_its_owner_out(self) -> None:
        self.world.enter("ann")
        again, _ = self.log_in()
        self.assertEqual(again.say("here")[-1], "[ann] here")


class AwayTests(PresenceCase):
    """What happens to an account while it is not here."""

    def test_direct_messages_wait_and_come_once_in_order(self) -> None:
        self.assertEqual(self.bob.say("/msg ann one")[1:], ["-- ann is not here, and will receive it on coming back."])
        self.bob.say("/msg ANN two")
        ann, said = self.log_in()
        direct = [line.split(" ", 3)[3] for line in said if "->" in line]
        self.assertEqual(direct, ["[bob -> ann] one", "[bob -> ann] two"])
        self.assertTrue(all(line.startswith("~") for line in said if "->" in line))
        self.assertEqual([line for line in self.log_in()[1] if "->" in line], [])
        for client in self.world.clients():
            if client.user is ann.user and client is not self.bob:
                client.drop()
        self.world.settle()
        self.assertEqual([line for line in self.log_in()[1] if "->" in line], [])

    def test_what_came_while_here_does_not_come_again(self) -> None:
        ann = self.world.enter("ann")
        self.bob.say("/msg ann one")
        self.assertEqual(ann.read(), ["[bob -> ann] one"])
        ann.drop()
        self.bob.say("/msg ann two")
        _, said = self.log_in()
        self.assertEqual([line[-3:] for line in said if "->" in line], ["two"])

    def test_after_a_kill_only_the_last_one_comes_again(self) -> None:
        self.world.enter("ann")
        for text in ("one", "two", "three"):
            self.bob.say(f"/msg ann {text}")
        # Killed: nobody says goodbye. A new process opens the same log.
        self.world = World(self.store)
        self.store.feed = self.world.turn.feed
        self.world.fanout._last_id = self.store._last_id
        _, said = self.log_in()
        self.assertEqual([line.rsplit(" ")[-1] for line in said if "->" in line], ["three"])
        self.bob = self.world.enter("bob")

    def test_who_is_gone_again_before_they_were_sent_finds_them_the_next_time(self) -> None:
        self.bob.say("/msg ann one")
        for hold in ("hold", "hold_reads"):
            setattr(self.store, hold, True)
            client = self.world.connect()
            client.say("ann", PASSWORD)
            client.drop()
            self.world.settle()
            setattr(self.store, hold, False)
            if self.store.waiting:
                self.store.release()
            self.store.release_reads()
            self.world.clock.advance(2)
        _, said = self.log_in()
        self.assertEqual([line[-3:] for line in said if "->" in line], ["one"])

    def test_a_login_that_cannot_be_kept_leaves_them_waiting(self) -> None:
        self.bob.say("/msg ann one")
        self.store.full = True
        client, said = self.log_in()
        self.assertNotIn("one", "".join(said))
        self.store.full = False
        self.assertIn("[bob -> ann] one", "\n".join(client.say("ann", PASSWORD)))

    def test_a_message_that_cannot_be_kept_is_not_there_later(self) -> None:
        self.store.full = True
        self.bob.say("/msg ann one")
        self.store.full = False
        self.assertNotIn("->", "".join(self.log_in()[1]))

    def test_nobody_else_can_read_them(self) -> None:
        self.bob.say("/msg ann one")
        eve = self.world.enter("eve")
        said = "".join(eve.say("/history", "/search one", "/join @ann", "/unread", "/history 9 after 0"))
        self.assertNotIn("-> ann", said)

    def test_rooms_are_joined_again(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.drop()
        self.world.settle()
        self.assertEqual(self.stored()["rooms"], ("#lobby", "#dev"))
        ann, _ = self.log_in()
        self.assertEqual([room.name for room in ann.user.rooms], ["#lobby", "#dev"])

    def test_not_those_left_nor_those_one_is_banned_from(self) -> None:
        owner = self.world.enter("owner", "#dev")
        ann = self.world.enter("ann", "#dev", "#own")
        ann.say("/leave #own")
        ann.drop()
        owner.say("/ban ann")
        ann, _ = self.log_in()
        self.assertEqual([room.name for room in ann.user.rooms], ["#lobby"])

    def test_not_one_that_is_gone_when_another_now_looks_the_same(self) -> None:
        owner, ann = self.world.enter("owner", "#modem"), self.world.enter("ann", "#modem")
        ann.drop()
        owner.drop()
        self.world.settle()
        self.world.enter("new", "#modern")
        ann, _ = self.log_in()
        self.assertEqual([room.name for room in ann.user.rooms], ["#lobby"])

    def test_how_much_is_new_is_told_and_shown(self) -> None:
        ann = self.world.enter("ann", "#dev")
        self.bob.say("/join #dev", "/join #lobby")
        ann.drop()
        self.bob.say("one", "/me two", "/join #dev", "three", "/nick rob")
        ann, said = self.log_in()
        self.assertEqual(said[-1], "-- New since you left: 2 in #lobby, 1 in #dev. /unread shows them.")
        self.world.all_read()
        lines = [line.split(" ", 3)[-1] if line[0] == "~" else line for line in ann.say("/unread")]
        self.assertEqual([line for line in lines if line[0] != "-"], ["[bob] one", "* bob two", "#dev [bob] three"])

    def test_nothing_is_new(self) -> None:
        self.world.enter("ann").drop()
        self.world.settle()
        self.assertNotIn("New since", "".join(self.log_in()[1]))

    def test_guests_are_not_remembered(self) -> None:
        self.assertIn("remembered for accounts", self.bob.say("/unread")[0])

    def test_seen(self) -> None:
        self.assertEqual(self.bob.say("/seen ann"), ["-- ann was here 1 hour ago."])
        ann = self.world.enter("ann")
        self.assertEqual(self.bob.say("/seen ANN"), ["-- ann is here."])
        ann.drop()
        self.world.settle()
        self.bob.read()
        self.world.clock.advance(120)
        self.assertEqual(self.bob.say("/seen ann"), ["-- ann was here 2 minutes ago."])
        self.assertEqual(self.bob.say("/seen nobody"), ["!! Nobody knows a nobody."])


class ShunnedTests(PresenceCase):
    """Who is shunned notices nothing: the same is sent to them as to anyone else."""

    def transcript(self, shunned: bool) -> tuple[list[str], list[str]]:
        world = World()
        world.account("root", admin=True)
        world.account("ann")
        admin, bob = world.enter("root"), world.enter("bob")
        spam, second = world.enter("ann", "#dev"), world.enter("ann")
        bob.say("/away out")
        if shunned:
            admin.say("/shun ann")
        world.all_read()
        said = spam.say(
            "/join #lobby", "hello", "/me waves", "/msg bob hi", "/msg root hi", "/msg ghost x", "/invite bob"
        )
        said += spam.say("/join #dev", "hello", "/invite bob")
        said += spam.say("/realname Buy", "/join #new", "/away buy", "/whois ann", "/who", "/away", "/msg ann me")
        heard = bob.read()
        spam.say("/quit my last word")
        world.settle()
        return said + second.read(), heard + bob.read()

    def test_what_they_are_sent_is_as_ever_and_nobody_else_is_sent_anything(self) -> None:
        (said, heard), (as_ever, aloud) = self.transcript(True), self.transcript(False)
        self.assertEqual(said, as_ever)
        self.assertIn("[ann] hello", aloud)
        self.assertEqual(heard, [])
