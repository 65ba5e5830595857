"""Administrators of the server, in the chat and from outside."""

from __future__ import annotations

from typing import Any

from chat_support import PASSWORD, World, WorldCase

from twisted_chat.chat import orders
from twisted_chat.chat.events import AUDIT, Event, Kind, Put
from twisted_chat.delivery.turn import NOT_SENT


class AdminCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.store = self.world.store
        self.world.account("root", admin=True)
        self.world.account("ann")
        self.root = self.world.enter("root")
        self.ann = self.world.enter("ann", "#room")
        self.bob = self.world.enter("bob", host="198.51.100.7")
        self.world.all_read()

    def audit(self) -> list[tuple[str, str, str]]:
        return [(event.actor, event.text, event.target) for event in self.store.log if event.stream == AUDIT]

    def come_back(self) -> None:
        """The disk has room again; what is a fact is written."""
        self.store.full = False
        self.world.clock.advance(2)


class ChatTests(AdminCase):
    def test_each_act_is_in_the_audit_log_in_its_commit(self) -> None:
        for line, entry in (
            ("/kill bob rude", ("root", "kill: rude", "bob")),
            ("/gban spam* 2h rude", ("root", "gban for 2 hours: rude", "spam*")),
            ("/ungban spam*", ("root", "ungban", "spam*")),
            ("/shun ann", ("root", "shun", "ann")),
            ("/shun ann", ("root", "unshun", "ann")),
        ):
            commits = len(self.store.batches)
            self.root.say(line)
            batch = self.store.batches[commits]
            audits = [(e.actor, e.text, e.target) for e in batch if isinstance(e, Event) and e.kind is Kind.AUDIT]
            self.assertEqual(audits, [entry])
            self.assertEqual(any(isinstance(record, Put) for record in batch), "kill" not in line, line)

    def test_kill_ends_all_connections(self) -> None:
        second = self.world.enter("ann")
        self.world.all_read()
        self.root.say("/kill ann rude")
        for client in (self.ann, second):
            self.assertEqual(client.read()[-1], "-- You are disconnected: rude.")
            self.assertTrue(client.wire.disconnecting)
        self.assertEqual(self.bob.read(), ["user [ann] left the room (rude)"])

    def test_who_is_killed_while_the_disk_is_full_is_out_and_it_is_written_later(self) -> None:
        self.store.full = True
        self.root.say("/kill bob")
        self.assertTrue(self.bob.wire.disconnecting)
        self.come_back()
        self.assertEqual(self.audit(), [("root", "kill", "bob")])
        self.assertIn("-- bob is disconnected.", self.root.read())

    def test_gban_by_name_pattern_and_address(self) -> None:
        for mask in ("bob", "b*", "198.51.100.0/24"):
            self.root.say(f"/gban {mask}")
            self.assertTrue(self.bob.wire.disconnecting, mask)
            self.bob.drop()
            again = self.world.connect("198.51.100.7")
            self.assertIn("You are banned from this server", again.say("bob")[0])
            again.drop()
            self.root.say(f"/ungban {mask}")
            self.bob = self.world.enter("bob", host="198.51.100.7")
        self.assertEqual(self.store._records.keys() & {("ban", "bob"), ("ban", "b*")}, set())

    def test_gban_holds_for_accounts_too_and_for_names_taken_later(self) -> None:
        self.root.say("/gban ann", "/gban spam*")
        self.assertTrue(self.ann.wire.disconnecting)
        self.assertIn("You are banned", "".join(self.world.connect().say("ann", PASSWORD)))
        self.assertIn("You are banned", self.bob.say("/nick spammer")[-1])

    def test_gban_goes_by_itself_and_outlasts_a_restart(self) -> None:
        self.root.say("/gban bob 10m")
        self.bob.drop()
        self.world.clock.advance(599)
        restarted = World(self.store)
        self.assertEqual(list(restarted.chat.bans), ["bob"])
        self.store.feed = self.world.turn.feed
        self.assertIn("You are banned", self.world.connect("198.51.100.7").say("bob")[0])
        self.world.clock.advance(1)
        self.bob = self.world.enter("bob", host="198.51.100.7")
        self.assertTrue(self.bob.user)
        self.root.say("/gban other")
        self.assertNotIn(("ban", "bob"), self.store._records)

    def test_gban_while_the_disk_is_full_holds_and_is_written_later(self) -> None:
        self.store.full = True
        self.root.say("/gban bob")
        self.assertTrue(self.bob.wire.disconnecting)
        self.assertIn("You are banned", self.world.connect("198.51.100.7").say("bob")[0])
        self.come_back()
        self.assertIn(("ban", "bob"), self.store._records)
        self.assertIn("-- bob is banned from the server for ever.", self.root.read())

    def test_nobody_bans_administrators(self) -> None:
        self.root.say("/gban r*", "/gban 192.0.2.0/24")
        self.assertFalse(self.root.wire.disconnecting)
        again = self.world.connect()
        again.say("root", PASSWORD)
        self.assertTrue(again.user)

    def test_what_cannot_be_kept_has_not_happened(self) -> None:
        self.root.say("/gban spam*")
        for line in ("/ungban spam*", "/shun ann", "/shun bob", "/announce hear"):
            before = (dict(self.world.chat.bans), dict(self.world.chat.shunned), self.world.chat.accounts.get("ann"))
            self.world.all_read()
            self.store.full = True
            self.assertEqual(self.root.say(line), [f"!! {NOT_SENT}"], line)
            self.store.full = False
            after = (dict(self.world.chat.bans), dict(self.world.chat.shunned), self.world.chat.accounts.get("ann"))
            self.assertEqual(after, before, line)
            self.assertEqual(self.ann.read() + self.bob.read(), [])

    def test_announce_reaches_everyone_everywhere(self) -> None:
        self.bob.say("/leave")
        self.world.all_read()
        self.assertEqual(self.root.say("/announce hear"), ["[root -> everyone] hear"])
        for client in (self.ann, self.bob):
            self.assertEqual(client.read(), ["[root -> everyone] hear"])

    def test_shun_is_noticed_by_the_others_only_by_silence_and_lasts(self) -> None:
        self.assertEqual(self.root.say("/shun ann"), ["-- ann is shunned."])
        self.assertEqual(self.ann.read(), [])
        restarted = World(self.store)
        self.assertIn("ann", restarted.chat.shunned)
        self.store.feed = self.world.turn.feed
        self.assertEqual(self.root.say("/shun ann"), ["-- ann is no longer shunned."])
        self.ann.say("/join #lobby", "hello")
        self.assertEqual(self.bob.read(), ["[ann] hello"])

    def test_a_guest_is_shunned_under_another_name_too_until_it_is_taken_back(self) -> None:
        self.root.say("/shun bob")
        self.bob.say("/nick rob", "hello")
        self.assertNotIn("[rob] hello", self.root.read())
        self.bob.drop()
        again = self.world.enter("new", host="198.51.100.7")
        again.say("hello")
        self.assertNotIn("[new] hello", self.root.read())
        self.assertEqual(self.root.say("/shun bob"), ["-- bob is no longer shunned."])
        again.say("hello")
        self.assertIn("[new] hello", self.root.read())

    def test_it_takes_an_account_that_is_logged_in_to(self) -> None:
        self.root.drop()
        self.world.account("kim", admin=True)
        guest = self.world.enter("guest")
        self.assertIn("for administrators", guest.say("/announce hear")[0])
        self.assertIn("[kim -> everyone] hear", guest.say(f"/login kim {PASSWORD}", "/announce hear"))


class OrderTests(AdminCase):
    """What an operator orders by the command line."""

    def order(self, do: str, name: str = "ann", **more: Any) -> str:
        """@return: what is answered, with C{!!} when it could not be done."""
        orders.execute(self.world.chat, "7", {"do": do, "name": name, **more})
        self.world.settle()
        return self.answer()

    def answer(self) -> str:
        answer = self.store._records.pop(("answer", "7"))
        self.assertNotIn(("order", "7"), self.store._records)
        return ("" if answer["ok"] else "!! ") + str(answer["text"])

    def stored(self, name: str = "ann") -> Any:
        return self.store._records.get(("account", name))

    def test_administering(self) -> None:
        self.assertEqual(self.order("add-admin"), "ann administers the server.")
        self.assertEqual(self.ann.say("/announce hear")[-1], "[ann -> everyone] hear")
        self.order("remove-admin")
        self.assertIn("for administrators", self.ann.say("/announce hear")[-1])
        self.assertFalse(self.stored()["admin"])

    def test_a_new_account(self) -> None:
        self.assertEqual(self.order("add-admin", "new"), "!! There is no account new.")
        self.assertIn("administers", self.order("add-admin", "new", password=f"hash of {PASSWORD}"))
        self.assertTrue(self.world.enter("new").user.registered)
        self.assertIn("!! ", self.order("add-admin", "аnn", password="x"))

    def test_another_password(self) -> None:
        self.order("reset-password", password="hash of another-one")
        self.assertIn("Wrong", "".join(self.world.connect().say("ann", PASSWORD)))
        self.assertTrue(self.world.connect().say("ann", "another-one"))
        self.assertEqual(self.stored()["password"], "hash of another-one")
        self.assertEqual(self.order("reset-password")[:2], "!!")

    def test_suspending_acts_at_once(self) -> None:
        second = self.world.enter("ann")
        self.assertEqual(self.order("suspend", reason="rude"), "ann is suspended.")
        for client in (self.ann, second):
            self.assertEqual(client.read()[-1], "-- This account is suspended: rude.")
            self.assertTrue(client.wire.disconnecting)
        self.assertIn("suspended: rude", "".join(self.world.connect().say("ann", PASSWORD)))
        self.order("unsuspend")
        self.assertTrue(self.world.enter("ann").user)

    def test_erasing_leaves_nothing_of_the_account_or_of_its_rooms(self) -> None:
        self.ann.say("/op root")
        self.assertIn(("room", "#room"), self.store._records)
        self.assertIn("erased", self.order("erase"))
        self.assertTrue(self.ann.wire.disconnecting)
        self.assertIsNone(self.stored())
        self.assertNotIn("#room", self.world.chat.rooms)
        self.assertNotIn(("room", "#room"), self.store._records)
        self.ann.drop()
        self.world.clock.advance(5)
        self.assertIsNone(self.stored())
        self.assertFalse(self.world.enter("ann").user.registered)

    def test_each_is_in_the_audit_log_in_the_commit_of_what_it_does(self) -> None:
        for do in ("add-admin", "remove-admin", "suspend", "unsuspend", "erase"):
            commits = len(self.store.batches)
            self.order(do, reason="because")
            (batch,) = self.store.batches[commits:]
            audits = [(e.text.partition(":")[0], e.target) for e in batch if isinstance(e, Event) and e.stream == AUDIT]
            self.assertEqual(audits, [(do, "ann")])
            kinds = [record.kind for record in batch if isinstance(record, Put)]
            self.assertLessEqual({"account", "order", "answer"}, set(kinds))

    def test_one_that_makes_no_sense_is_answered(self) -> None:
        for order in (
            {},
            {"do": "dance", "name": "ann"},
            {"do": "suspend", "name": "[]"},
            {"do": "erase", "name": "x"},
        ):
            orders.execute(self.world.chat, "7", order)
            self.world.settle()
            self.assertEqual(self.answer()[:2], "!!")

    def test_it_is_followed_once_although_the_disk_is_full(self) -> None:
        self.store.full = True
        orders.execute(self.world.chat, "7", {"do": "suspend", "name": "ann"})
        self.world.settle()
        self.assertNotIn(("answer", "7"), self.store._records)
        self.come_back()
        self.assertEqual(self.answer(), "ann is suspended.")
        self.assertEqual(len(self.audit()), 1)

    def test_what_others_could_not_keep_is_not_kept_by_it(self) -> None:
        self.store.hold = True
        self.ann.say(f"/password {PASSWORD} another-one")
        orders.execute(self.world.chat, "7", {"do": "add-admin", "name": "ann"})
        self.store.full = True
        self.world.settle()
        self.store.release()
        self.store.hold = False
        self.come_back()
        self.assertEqual((self.stored()["admin"], self.stored()["password"]), (True, f"hash of {PASSWORD}"))
