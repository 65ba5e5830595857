"""What is left of people who went, of rooms and of accounts, when what came before could not be written."""

from __future__ import annotations

from typing import Any

from chat_support import PASSWORD, Client, World, WorldCase

from twisted_chat.chat.events import Kind


class TakenBackCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.store = self.world.store
        for name in ("ann", "zoe"):
            self.world.account(name)

    def tearDown(self) -> None:
        """A daemon that begins now finds the rooms that last, and all accounts, as they are here."""
        self.write()
        super().tearDown()
        self.assertEqual(self.lasting(self.world), self.lasting(World(self.store)))

    def lasting(self, world: World) -> tuple[dict[str, Any], dict[str, Any]]:
        rooms = {name: room.record() for name, room in world.chat.rooms.items() if room.lasting}
        return rooms, dict(world.chat.accounts.items())

    def lose(self, *lines: tuple[Client, str | None]) -> None:
        """These are said in one turn, which cannot be written; with C{None} the connection breaks."""
        self.store.full = True
        for client, line in lines:
            if line is None:
                client.drop()
            else:
                client.send(line)
        self.world.settle()
        self.write()

    def write(self) -> None:
        """The log can be written again; and is, with what waits for that."""
        self.store.full = False
        self.world.clock.advance(1)
        self.world.clock.advance(1)


class LeavingTests(TakenBackCase):
    def test_a_room_that_was_not_made_ends_no_other(self) -> None:
        ann, gia = self.world.enter("ann", "#dev"), self.world.enter("gia")
        self.lose((ann, "/rename #new"), (gia, "/join #dev"), (gia, "/mode secret on"), (gia, None))
        self.assertEqual(list(World(self.store).chat.rooms), ["#lobby", "#dev"])

    def test_who_left_a_room_with_another_name_comes_back_into_it(self) -> None:
        ann, zoe = self.world.enter("ann", "#dev"), self.world.enter("zoe", "#dev")
        self.lose((ann, "/rename #new"), (zoe, None))
        self.assertEqual([room.name for room in self.world.enter("zoe").user.rooms], ["#lobby", "#dev"])
        self.assertEqual(set(self.world.chat.rooms), {"#lobby", "#dev"})

    def test_a_room_that_was_not_closed_is_there_still(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.say("/drop #dev", "/topic plans")
        self.lose((ann, "/mode secret on"), (ann, None))
        self.assertEqual(self.store.topics(), [("#dev", "plans")])
        self.assertEqual(self.world.chat.rooms["#dev"].topic, "plans")

    def test_a_room_somebody_owns_after_all_is_there_still(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.say("/mode secret on", "for ever")
        self.lose((ann, "/mode secret off"), (ann, "/drop #dev"), (ann, "/mode secret on"), (ann, None))
        self.assertIn("for ever", str(self.world.enter("ann").say("/join #dev", "/history")))

    def test_a_closed_room_that_somebody_is_in_after_all_has_not_ended(self) -> None:
        bob, gia = self.world.enter("bob", "#dev"), self.world.enter("gia", "#dev")
        bob.say("/join #dev", "/mode secret on", "among us")
        self.lose((gia, "/leave #dev"), (bob, None))
        gia.read()
        self.assertIn("among us", str(gia.say("/join #dev", "/history")))

    def test_a_closed_room_that_was_left_twice_has_ended(self) -> None:
        """Left in vain, and then with the connection: what was said there is for nobody who comes after."""
        bob = self.world.enter("bob", "#dev")
        bob.say("/mode secret on", "among us")
        self.lose((bob, "/leave #dev"), (bob, None))
        self.assertNotIn("among us", str(self.world.enter("gia", "#dev").say("/history")))

    def test_one_more_connection_is_where_the_others_are(self) -> None:
        one = self.world.enter("zoe")
        bob = self.world.enter("bob")
        two = self.world.connect()
        self.store.hold = self.store.full = True
        one.send("/leave #lobby")
        self.world.settle()
        two.send("zoe", PASSWORD)
        self.world.settle()
        one.drop()
        self.world.settle()
        self.store.hold = False
        self.store.release()
        self.write()
        self.assertEqual([room.name for room in two.user.rooms], ["#lobby"])
        two.read()
        bob.say("hello")
        self.assertEqual(two.read(), ["[bob] hello"] if two.session.room else ["#lobby [bob] hello"])


class NameTests(TakenBackCase):
    def test_who_has_no_other_name_after_all_is_invited_still(self) -> None:
        ann, gia = self.world.enter("ann", "#dev"), self.world.enter("gia")
        ann.say("/mode invite-only on", "/invite gia")
        self.lose((gia, "/nick hal"))
        self.lose((gia, f"/login zoe {PASSWORD}"))
        gia.say("/join #dev")
        self.assertIn("#dev", [room.name for room in gia.user.rooms])


class ComingTests(TakenBackCase):
    """Somebody comes back to where they were, and the room has ended meanwhile."""

    def setUp(self) -> None:
        super().setUp()
        self.gia = self.world.enter("gia", "#dev")
        self.world.enter("ann", "#dev").drop()
        self.gia.say("/leave #dev")
        self.world.clock.advance(1)
        self.assertNotIn("#dev", self.world.chat.rooms)

    def test_it_is_theirs_then_and_that_is_kept(self) -> None:
        self.world.enter("ann")
        self.assertIn("#dev", World(self.store).chat.rooms)

    def test_also_when_they_log_in_later(self) -> None:
        self.gia.say(f"/login ann {PASSWORD}")
        self.assertEqual([e.kind for e in self.store.log if e.room == "#dev"][-1:], [Kind.JOIN])
        self.assertIn("[ann] here", str(self.gia.say("/join #dev", "here")))
        self.assertIn("#dev", World(self.store).chat.rooms)

    def test_it_was_not_made_by_who_has_not_come(self) -> None:
        ann = self.world.connect()
        ann.send("ann")
        self.world.settle()
        self.lose((ann, PASSWORD))
        self.assertNotIn("#dev", self.world.chat.rooms)

    def test_nor_by_who_is_not_logged_in_after_all(self) -> None:
        self.lose((self.gia, f"/login ann {PASSWORD}"))
        self.assertNotIn("#dev", self.world.chat.rooms)
        self.assertEqual([room.name for room in self.gia.user.rooms], ["#lobby"])

    def test_the_current_room_is_one_of_theirs(self) -> None:
        self.gia.say("/leave")
        self.store.full = self.store.hold = True
        self.gia.send(f"/login ann {PASSWORD}")
        self.world.settle()
        self.gia.send("/join #new")
        self.world.settle()
        self.store.hold = False
        self.store.release()
        self.write()
        self.assertIsNone(self.gia.session.room)

    def test_an_account_that_has_not_been_here_is_remembered_where_it_was(self) -> None:
        before = self.world.chat.accounts.get("ann")
        assert before is not None
        self.store.full = self.store.hold = True
        self.gia.send("/leave", f"/login ann {PASSWORD}")
        self.world.settle()
        self.gia.drop()
        self.world.settle()
        self.store.hold = False
        self.store.release()
        self.write()
        self.assertEqual(self.world.chat.accounts.get("ann"), before)
