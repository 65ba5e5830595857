"""Owning rooms and accounts: claiming, handing on, giving up; and ending one's other connections."""

from __future__ import annotations

from typing import Any

from chat_support import PASSWORD, World, WorldCase

from twisted_chat.chat import metadata
from twisted_chat.chat.rooms import Room
from twisted_chat.delivery.turn import NOT_SENT


class OwnershipCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        for name in ("ann", "zoe"):
            self.world.account(name)

    def roles(self, room: str) -> Any:
        return self.world.chat.rooms[room].roles

    def kept(self, kind: str, key: str) -> Any:
        return self.world.store._records.get((kind, key))


class ClaimTests(OwnershipCase):
    def test_an_op_with_an_account_owns_what_nobody_owns(self) -> None:
        self.world.enter("bob", "#dev").say("/op ann")
        ann = self.world.enter("ann", "#dev")
        self.assertIn("takes being an op", ann.say("/claim")[0])
        self.world.clients()[0].say("/op ann")
        ann.read()
        self.assertEqual(ann.say("/claim"), ["user [ann] set owner for [ann]"])
        self.assertEqual(self.kept("room", "#dev")["roles"], {"ann": 4})
        self.assertEqual(ann.say("/claim"), ["!! #dev is yours already."])

    def test_guests_and_owned_rooms(self) -> None:
        ann, bob = self.world.enter("ann", "#dev"), self.world.enter("bob", "#dev")
        self.assertIn("owned by accounts", bob.say("/claim")[0])
        zoe = self.world.enter("zoe", "#dev")
        ann.say("/op zoe")
        zoe.read()
        self.assertIn("owned already", zoe.say("/claim")[0])
        zoe.say("/leave #dev")
        self.assertIn("owned already", zoe.say("/claim")[0])

    def test_what_cannot_be_kept(self) -> None:
        self.world.enter("bob", "#dev")
        ann = self.world.enter("ann", "#dev")
        self.world.clients()[0].say("/op ann")
        ann.read()
        self.world.store.full = True
        self.assertEqual(ann.say("/claim"), [f"!! {NOT_SENT}"])
        self.assertEqual(self.roles("#dev"), {"ann": 3})


class TransferTests(OwnershipCase):
    def test_another_account_owns_it_and_who_did_is_an_op(self) -> None:
        ann, zoe = self.world.enter("ann", "#dev"), self.world.enter("zoe", "#dev")
        ann.say("/transfer zoe")
        self.assertEqual(zoe.read(), ["user [ann] set owner for [zoe]"])
        self.assertEqual(self.kept("room", "#dev")["roles"], {"ann": 3, "zoe": 4})
        room = self.world.chat.rooms["#dev"]
        self.assertEqual([(u.name.key, int(r)) for u, r in room.members.items()], [("ann", 3), ("zoe", 4)])
        self.assertEqual(ann.say("/transfer ann"), ["!! #dev is not yours."])

    def test_only_to_accounts_and_by_the_owner(self) -> None:
        ann, bob = self.world.enter("ann", "#dev"), self.world.enter("bob", "#dev")
        self.assertEqual(ann.say("/transfer bob"), ["!! There is no account bob."])
        self.assertEqual(ann.say("/transfer ann"), ["!! ann owns #dev already."])
        self.assertEqual(bob.say("/transfer zoe"), ["!! #dev is not yours."])
        self.assertEqual(self.world.enter("zoe").say("/transfer ann"), ["!! #lobby is not yours."])

    def test_what_cannot_be_kept(self) -> None:
        ann = self.world.enter("ann", "#dev")
        self.world.store.full = True
        self.assertEqual(ann.say("/transfer zoe"), [f"!! {NOT_SENT}"])
        self.assertEqual(self.roles("#dev"), {"ann": 4})

    def test_roles_are_listed(self) -> None:
        ann = self.world.enter("ann", "#dev")
        self.assertEqual(self.world.enter("gus").say("/roles"), ["-- No account has a role in #lobby."])
        ann.say("/transfer zoe")
        self.assertEqual(ann.say("/roles"), ["-- #dev has 2 roles given to accounts.", "-- owner zoe", "-- op ann"])


class DropTests(OwnershipCase):
    def test_nobody_owns_it_and_nothing_is_set(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.say("/mode slow 5", "/ban spam*", "/op zoe")
        self.assertEqual(ann.say("/drop #dev")[-1], "-- #dev is nobody's now.")
        room = self.world.chat.rooms["#dev"]
        self.assertEqual((room.roles, room.modes, room.bans), ({}, {}, {}))
        self.assertIsNone(self.kept("room", "#dev"))
        ann.say("/leave")
        self.assertNotIn("#dev", self.world.chat.rooms)

    def test_who_set_its_topic_is_still_known(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.say("/topic plans", "/drop #dev")
        self.assertEqual(World(self.world.store).chat.rooms["#dev"].topic_by, "ann")

    def test_nor_are_exceptions_and_what_is_said_of_it(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.say("/except ban bob", "/except invite zoe")
        room = self.world.chat.rooms["#dev"]
        metadata.put(self.world.chat, ann.session, room, {"url": "1"})
        room.voiced.add("ann")
        ann.say("/drop #dev")
        self.assertEqual(room.record(), Room(room.name, room.skeleton, room.made).record())

    def test_a_closed_room_is_not_opened_by_it(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.say("/mode secret on")
        self.assertIn("/mode secret off", ann.say("/drop #dev")[0])
        self.assertEqual(self.roles("#dev"), {"ann": 4})

    def test_only_by_the_owner(self) -> None:
        ann, zoe = self.world.enter("ann", "#dev"), self.world.enter("zoe", "#dev")
        ann.say("/op zoe")
        zoe.read()
        self.assertEqual(zoe.say("/drop #dev"), ["!! #dev is not yours."])
        self.assertEqual(ann.say("/drop #lobby"), ["!! #lobby is not yours."])

    def test_what_cannot_be_kept(self) -> None:
        ann = self.world.enter("ann", "#dev")
        ann.say("/mode slow 5")
        self.world.store.full = True
        self.assertEqual(ann.say("/drop #dev"), [f"!! {NOT_SENT}"])
        self.assertEqual((self.roles("#dev"), self.world.chat.rooms["#dev"].modes), ({"ann": 4}, {"slow": 5}))


class AccountTests(OwnershipCase):
    def test_an_account_given_up(self) -> None:
        ann, other = self.world.enter("ann", "#dev"), self.world.enter("ann")
        self.assertEqual(ann.say("/unregister wrong-password"), ["!! The password is wrong."])
        self.assertEqual(ann.say(f"/unregister {PASSWORD}"), ["-- The account ann is given up."])
        self.assertTrue(other.session.closing)
        self.assertIsNone(self.kept("account", "ann"))
        self.assertFalse(ann.user.registered)
        self.assertEqual(self.roles("#dev"), {})
        ann.drop()
        self.assertIn("has entered", self.world.connect().say("ann")[0])
        self.assertNotIn("#dev", self.world.chat.rooms)

    def test_direct_messages_to_who_had_the_name_are_not_for_who_has_it_next(self) -> None:
        bob = self.world.enter("bob")
        bob.say("/msg ann for the first one")
        ann = self.world.connect()
        self.world.store.hold_reads = True
        ann.send("ann", PASSWORD)
        self.world.settle()
        ann.drop()
        self.world.store.hold_reads = False
        self.world.store.release_reads()
        self.world.chat.accounts.forget("ann")
        again = self.world.enter("ann")
        again.say("/register another-one")
        again.drop()
        self.world.settle()
        said = self.world.connect().say("ann", "another-one")
        self.assertNotIn("for the first one", "\n".join(said))

    def test_what_cannot_be_kept(self) -> None:
        ann = self.world.enter("ann", "#dev")
        self.world.store.full = True
        self.assertEqual(ann.say(f"/unregister {PASSWORD}"), [f"!! {NOT_SENT}"])
        self.assertTrue(ann.user.registered)
        self.assertEqual(self.roles("#dev"), {"ann": 4})
        self.world.store.full = False
        self.assertIsNotNone(self.world.chat.accounts.get("ann"))

    def test_other_connections_end(self) -> None:
        one, two = self.world.enter("ann"), self.world.enter("ann")
        self.assertEqual(two.say("/ghost"), ["-- 1 other connection of yours ended."])
        self.assertTrue(one.session.closing)
        self.assertEqual(two.say("/ghost"), ["-- You have no other connection."])

    def test_of_an_account_that_one_is_not_yet(self) -> None:
        one, bob = self.world.enter("ann"), self.world.enter("bob")
        self.assertEqual(bob.say("/ghost"), ["!! Only an account has several connections."])
        self.assertIn("Usage", bob.say("/ghost ann")[0])
        self.assertEqual(bob.say("/ghost ann wrong-password"), ["!! Wrong name or password."])
        self.assertFalse(one.session.closing)
        self.assertEqual(bob.say(f"/ghost ann {PASSWORD}")[-1], "-- 1 other connection of yours ended.")
        self.assertTrue(one.session.closing)
        self.assertEqual(bob.user.name.shown, "ann")
