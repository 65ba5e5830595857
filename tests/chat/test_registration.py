"""Accounts: making one, logging in and out, changing the password; whoever waits for an answer meanwhile."""

from __future__ import annotations

from typing import Any

from chat_support import PASSWORD, World, WorldCase

from twisted_chat.chat import orders
from twisted_chat.chat.accounts import Account
from twisted_chat.chat.errors import Refused
from twisted_chat.delivery.turn import NOT_SENT

OTHER = "battery-staple"
WRONG = ["!! Wrong name or password.", "Login Id: "]


class RegistrationCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.world.account("ann")

    def stored(self, key: str) -> Any:
        """What the store has of an account."""
        return self.world.store._records.get(("account", key))

    def account(self, key: str) -> Account:
        account = self.world.chat.accounts.get(key)
        assert account is not None
        return account

    def at_prompt(self, *lines: str) -> list[str]:
        return self.world.connect().say(*lines)


class RegisterTests(RegistrationCase):
    def test_the_name_is_asked_for_its_password_from_then_on(self) -> None:
        kim = self.world.enter("kim")
        self.assertEqual(
            kim.say(f"/register {OTHER}"), ["-- The name kim is yours now: it will be asked for its password."]
        )
        kim.drop()
        self.assertEqual(self.at_prompt("kim"), ["Login Id: Password: "])
        self.assertEqual(self.stored("kim")["password"], f"hash of {OTHER}")

    def test_it_is_confirmed_only_when_it_is_kept(self) -> None:
        kim = self.world.enter("kim")
        self.world.store.hold = True
        self.assertEqual(kim.say(f"/register {OTHER}"), [])
        self.world.store.release()
        self.assertEqual(len(kim.read()), 1)

    def test_where_only_the_operator_makes_accounts(self) -> None:
        self.world.chat.registration = False
        kim = self.world.enter("kim")
        refused = ["!! Nobody can register here: the operator makes the accounts."]
        self.assertEqual(kim.say(f"/register {OTHER}"), refused)
        self.assertEqual(self.world.passwords.asked, 0)
        self.assertIsNone(self.stored("kim"))
        for command in ("/claim", "/unread", "/history with ann", "/cert", f"/password {OTHER} {PASSWORD}"):
            self.assertNotIn("/register", kim.say(command)[0])
        order = {"do": "register", "name": "kim", "password": f"hash of {OTHER}", "scram": "s"}
        orders.execute(self.world.chat, "1", order)
        self.world.settle()
        self.assertEqual(self.stored("kim")["scram"], "s")
        owner = self.world.connect()
        owner.say("kim", OTHER)
        self.assertTrue(owner.session.user.registered)
        self.assertFalse(kim.session.alive)

    def test_an_order_makes_no_second_account(self) -> None:
        before = self.account("ann")
        orders.execute(self.world.chat, "1", {"do": "register", "name": "Ann", "password": "x"})
        orders.execute(self.world.chat, "2", {"do": "register", "name": "new"})
        self.world.settle()
        self.assertEqual(self.account("ann"), before)
        answers = [self.world.store._records["answer", key]["text"] for key in "12"]
        self.assertEqual(answers, ["There is an account ann already.", "There is no account new."])

    def test_a_password_has_bounds(self) -> None:
        kim = self.world.enter("kim")
        for password in ("x" * 7, "x" * 1001):
            self.assertEqual(kim.say(f"/register {password}"), ["!! A password has from 8 to 1000 characters."])
        kim.say("/register " + "x" * 8)
        self.assertTrue(kim.user.registered)

    def test_rooms_and_roles_that_one_has_are_kept(self) -> None:
        ann, kim = self.world.enter("ann", "#room"), self.world.enter("kim", "#mine", "#room")
        ann.say("/op kim")
        kim.say(f"/register {OTHER}")
        records = self.world.store._records
        self.assertEqual(records["room", "#mine"]["roles"], {"kim": 4})
        self.assertEqual(records["room", "#room"]["roles"], {"ann": 4, "kim": 3})
        ann.say("/deop kim")
        self.assertEqual(records["room", "#room"]["roles"], {"ann": 4})

    def test_once_is_enough(self) -> None:
        kim = self.world.enter("kim")
        self.assertEqual(
            kim.say(f"/register {OTHER}", f"/register {OTHER}")[1:],
            ["!! You are logged in to the account kim already."],
        )

    def test_lines_that_follow_wait(self) -> None:
        kim = self.world.enter("kim")
        kim.send(f"/register {OTHER}", "one", "two")
        self.assertTrue(kim.session.busy)
        self.world.settle()
        self.assertEqual(kim.read()[1:], ["[kim] one", "[kim] two"])

    def test_whoever_leaves_meanwhile_has_no_account(self) -> None:
        kim = self.world.enter("kim")
        kim.send(f"/register {OTHER}")
        kim.drop()
        self.world.settle()
        self.assertIsNone(self.stored("kim"))
        self.assertIsNone(self.world.chat.accounts.get("kim"))

    def test_whoever_takes_the_name_meanwhile_is_not_surprised_by_an_account(self) -> None:
        kim = self.world.enter("kim")
        kim.send(f"/register {OTHER}")
        kim.drop()
        another = self.world.connect()
        another.send("kim", f"/register {PASSWORD}")
        self.world.settle()
        self.assertEqual(self.stored("kim")["password"], f"hash of {PASSWORD}")
        self.assertTrue(another.user.registered)

    def test_of_two_who_make_the_same_account_at_once_the_first_has_it(self) -> None:
        kim = self.world.enter("kim")
        kim.send(f"/register {PASSWORD}")
        orders.execute(self.world.chat, "1", {"do": "add-admin", "name": "kim", "password": f"hash of {OTHER}"})
        self.world.settle()
        self.assertEqual(kim.read(), ["!! The name kim is registered: /login with it."])
        self.assertEqual(self.stored("kim")["password"], f"hash of {OTHER}")
        self.assertFalse(self.world.chat.is_admin(kim.user))

    def test_what_cannot_be_kept_has_not_happened(self) -> None:
        kim = self.world.enter("kim", "#mine")
        self.world.store.full = True
        self.assertEqual(kim.say(f"/register {OTHER}"), [f"!! {NOT_SENT}"])
        self.assertFalse(kim.user.registered)
        self.assertEqual(self.world.chat.rooms["#mine"].roles, {})
        self.world.store.full = False
        kim.say(f"/register {PASSWORD}")
        self.assertEqual(self.stored("kim")["password"], f"hash of {PASSWORD}")

    def test_what_cannot_be_kept_leaves_nothing_either_of_one_who_has_gone(self) -> None:
        kim = self.world.enter("kim")
        self.world.store.hold = True
        kim.say(f"/register {OTHER}")
        kim.drop()
        self.world.settle()
        self.world.store.full = True
        self.world.store.release()
        self.world.store.hold = self.world.store.full = False
        self.world.clock.advance(2)
        self.assertIsNone(self.stored("kim"))
        self.assertIsNone(self.world.chat.accounts.get("kim"))


class LoginTests(RegistrationCase):
    def test_the_right_password_at_the_prompt(self) -> None:
        ann = self.world.connect()
        self.assertEqual(ann.say("ann"), ["Login Id: Password: "])
        self.assertEqual(ann.say(PASSWORD)[0], "user [ann] has entered the room")
        self.assertTrue(ann.user.registered)

    def test_the_name_is_shown_as_it_was_registered(self) -> None:
        self.assertEqual(self.at_prompt("ANN", PASSWORD)[0], "Login Id: Password: user [ann] has entered the room")

    def test_wrong_passwords_look_alike_for_known_and_unknown_names(self) -> None:
        self.world.chat.guests = False
        self.assertEqual(self.at_prompt("ann", OTHER)[1:], self.at_prompt("nobody", OTHER)[1:])
        self.assertEqual(
            self.at_prompt("ann", OTHER)[-2:], ["Login Id: Password: !! Wrong name or password.", WRONG[1]]
        )
        asked = self.world.passwords.asked
        self.world.chat.guests = True
        kim = self.world.enter("kim")
        one, other = kim.say(f"/login ann {OTHER}"), kim.say(f"/login nobody {OTHER}")
        self.assertEqual(one, other)
        self.assertEqual(one, ["!! Wrong name or password."])
        self.assertEqual(self.world.passwords.asked, asked + 2)

    def test_after_a_wrong_password_the_name_is_asked_for_again(self) -> None:
        ann = self.world.connect()
        ann.say("ann", OTHER)
        self.assertEqual(ann.say("ann"), ["Password: "])
        ann.say(PASSWORD)
        self.assertTrue(ann.user.registered)

    def test_lines_that_follow_wait(self) -> None:
        ann = self.world.connect()
        ann.send("ann", PASSWORD, "hello")
        self.assertIsNone(ann.user)
        self.world.settle()
        self.assertEqual(ann.read()[-1], "[ann] hello")

    def test_a_connection_that_breaks_meanwhile_is_forgotten(self) -> None:
        for name, *more in (("ann", PASSWORD), ("kim", f"/login ann {PASSWORD}")):
            client = self.world.connect()
            client.send(name, *more)
            client.drop()
            self.world.settle()
            self.assertEqual(self.world.chat.users, {})

    def test_a_guest_becomes_the_account_and_stays_in_its_rooms(self) -> None:
        bob, kim = self.world.enter("bob", "#dev"), self.world.enter("kim", "#dev")
        kim.say(f"/login ann {PASSWORD}")
        self.assertEqual(
            bob.read(),
            [
                "#lobby user [kim] is now [ann]",
                "user [kim] is now [ann]",
            ],
        )
        self.assertEqual([room.name for room in kim.user.rooms], ["#lobby", "#dev"])
        self.assertNotIn("kim", self.world.chat.users)

    def test_a_guest_whose_name_was_given_an_account_becomes_its_owner(self) -> None:
        kim = self.world.enter("kim", "#mine")
        orders.execute(self.world.chat, "1", {"do": "add-admin", "name": "kim", "password": f"hash of {OTHER}"})
        self.assertEqual(kim.say(f"/login kim {OTHER}"), ["-- You are logged in as kim."])
        self.assertTrue(self.world.chat.is_admin(kim.user))
        self.assertEqual(self.world.chat.rooms["#mine"].roles, {"kim": 4})

    def test_logging_in_twice_is_refused(self) -> None:
        ann = self.world.enter("ann")
        self.assertEqual(ann.say(f"/login ann {PASSWORD}"), ["!! You are logged in as ann already; /logout first."])

    def test_too_many_attempts(self) -> None:
        def refuse(address: str, name: object, hashed: str, password: str, done: Any) -> None:
            done(Refused("slow-down", "Wait."))

        self.world.passwords.check = refuse  # type: ignore[method-assign]
        ann = self.world.connect()
        self.assertEqual(ann.say("ann", PASSWORD), ["Login Id: Password: !! Wait.", "Login Id: "])
        self.assertFalse(ann.session.busy)
        kim = self.world.enter("kim")
        self.assertEqual(kim.say(f"/login ann {PASSWORD}"), ["!! Wait."])
        self.assertFalse(kim.session.busy)

    def test_a_suspended_account_is_told_so_but_only_with_the_right_password(self) -> None:
        self.world.account("sue", suspended="spam")
        self.assertEqual(
            self.at_prompt("sue", OTHER)[-2:], ["Login Id: Password: !! Wrong name or password.", "Login Id: "]
        )
        self.assertIn("!! This account is suspended: spam.", "\n".join(self.at_prompt("sue", PASSWORD)))
        kim = self.world.enter("kim")
        self.assertEqual(kim.say(f"/login sue {PASSWORD}"), ["!! This account is suspended: spam."])
        self.assertEqual(kim.user.name.shown, "kim")

    def test_without_guests_everyone_is_asked(self) -> None:
        world = World(guests=False)
        kim = world.connect()
        self.assertEqual(kim.say("kim"), ["Login Id: Password: "])
        self.assertEqual(kim.say(PASSWORD), WRONG)
        self.assertEqual(world.chat.users, {})

    def test_reserved_names_and_look_alikes_of_accounts(self) -> None:
        self.assertIn("is reserved", self.at_prompt("nickserv")[-2])
        self.world.account("alice")
        self.assertIn("looks too much like alice", self.at_prompt("а1ice")[-2])
        kim = self.world.enter("kim")
        self.assertIn("looks too much like alice", kim.say("/nick а1ice")[0])
        self.assertIn("is registered", kim.say("/nick alice")[0])
        self.assertIn("is reserved", kim.say("/nick root")[0])

    def test_a_login_that_cannot_be_kept_leaves_one_at_the_prompt(self) -> None:
        self.world.store.full = True
        ann = self.world.connect()
        said = ann.say("ann", PASSWORD)
        self.assertEqual(said[-2:], ["Login Id: Password: !! " + NOT_SENT, "Login Id: "])
        self.assertIsNone(ann.user)
        self.world.store.full = False
        ann.say("ann", PASSWORD)
        self.assertTrue(ann.user.registered)

    def test_a_second_connection_goes_with_the_first_one_s_login(self) -> None:
        self.world.store.hold = True
        bob = self.world.connect()
        bob.say("bob")
        first, second = self.world.connect(), self.world.connect()
        first.say("ann", PASSWORD)
        second.say("ann", PASSWORD)
        self.assertIs(first.user, second.user)
        self.world.store.full = True
        self.world.store.release()
        self.world.settle()
        self.assertEqual((first.user, second.user), (None, None))
        self.assertEqual([first.read()[-1], second.read()[-1]], ["Login Id: ", "Login Id: "])


class PasswordTests(RegistrationCase):
    def test_changing_it(self) -> None:
        ann = self.world.enter("ann")
        self.assertEqual(ann.say(f"/password {PASSWORD} {OTHER}"), ["-- Your password is changed."])
        self.assertEqual(self.stored("ann")["password"], f"hash of {OTHER}")
        self.assertEqual(self.at_prompt("ann", PASSWORD)[-1], "Login Id: ")

    def test_the_old_one_must_be_right_and_the_new_one_good(self) -> None:
        ann, kim = self.world.enter("ann"), self.world.enter("kim")
        self.assertEqual(ann.say(f"/password wrong-one {OTHER}"), ["!! The old password is wrong."])
        self.assertEqual(ann.say(f"/password {PASSWORD} short"), ["!! A password has from 8 to 1000 characters."])
        self.assertIn("You have no account", kim.say(f"/password {PASSWORD} {OTHER}")[0])
        self.assertEqual(self.stored("ann")["password"], f"hash of {PASSWORD}")

    def test_what_cannot_be_kept_has_not_happened(self) -> None:
        ann = self.world.enter("ann")
        self.world.store.full = True
        self.assertEqual(ann.say(f"/password {PASSWORD} {OTHER}"), [f"!! {NOT_SENT}"])
        self.assertEqual(self.account("ann").password, f"hash of {PASSWORD}")

    def test_what_was_another_one_when_the_new_one_was_ready_stays(self) -> None:
        ann = self.world.enter("ann")
        ann.send(f"/password {PASSWORD} {OTHER}")
        self.world.one_turn()
        self.world.chat.accounts.change("ann", password="hash of another")
        self.world.settle()
        self.assertEqual(ann.read(), ["!! Wrong name or password."])
        self.assertEqual(self.account("ann").password, "hash of another")

    def test_a_change_taken_back_is_not_kept_by_what_follows(self) -> None:
        ann = self.world.enter("ann")
        self.world.store.hold = True
        ann.say(f"/password {PASSWORD} {OTHER}")
        ann.drop()
        self.world.settle()
        self.world.store.full = True
        self.world.store.release()
        self.world.store.hold = self.world.store.full = False
        self.world.clock.advance(2)
        self.assertEqual(self.stored("ann")["password"], f"hash of {PASSWORD}")
        self.assertEqual(self.stored("ann"), dict(self.account("ann").record()))


class LogoutTests(RegistrationCase):
    def test_the_name_is_asked_for_again(self) -> None:
        bob, ann = self.world.enter("bob"), self.world.enter("ann")
        self.assertEqual(ann.say("/logout"), ["-- You are logged out.", "Login Id: "])
        self.assertEqual(bob.read(), ["user [ann] left the room"])
        self.assertEqual(ann.say("kim")[0], "user [kim] has entered the room")

    def test_what_is_said_meanwhile_is_not_seen(self) -> None:
        bob, ann = self.world.enter("bob"), self.world.enter("ann")
        ann.say("/logout")
        bob.say("hello")
        self.assertEqual(ann.read(), [])

    def test_other_connections_stay(self) -> None:
        one, two = self.world.enter("ann"), self.world.enter("ann")
        one.say("/logout")
        self.assertEqual(two.say("hello"), ["[ann] hello"])

    def test_lines_that_follow_are_answers_to_the_prompts(self) -> None:
        ann = self.world.enter("ann")
        said = ann.say("/logout", "ann", PASSWORD, "hello")
        self.assertEqual(said[-1], "[ann] hello")


class OutsideTests(RegistrationCase):
    """People whom others know than the store."""

    def setUp(self) -> None:
        super().setUp()

        def check(address: str, name: Any, hashed: str, password: str, done: Any) -> None:
            self.world.clock.callLater(0, done, name.key in ("out", "а1ice") and password == OTHER)

        self.world.passwords.outside = True
        self.world.passwords.check = check  # type: ignore[method-assign]

    def test_the_first_login_makes_the_account(self) -> None:
        kim = self.world.enter("kim")
        kim.say(f"/login out {OTHER}")
        self.assertEqual((kim.user.name.shown, kim.user.registered), ("out", True))
        self.assertEqual(self.stored("out")["password"], "")
        self.assertIn("kept elsewhere", kim.say(f"/password {OTHER} {PASSWORD}")[0])

    def test_a_guest_of_that_name_has_it(self) -> None:
        out = self.world.enter("out")
        self.assertEqual(out.say(f"/login out {OTHER}"), ["-- You are logged in as out."])
        self.assertTrue(out.user.registered)

    def test_taken_back_it_is_a_guest_s_name_again(self) -> None:
        out = self.world.enter("out")
        self.world.store.full = True
        out.say(f"/login out {OTHER}")
        self.assertFalse(out.user.registered)
        self.assertIsNone(self.world.chat.accounts.get("out"))

    def test_a_look_alike_of_an_account_or_a_guest_gets_none(self) -> None:
        alice, kim = self.world.enter("alice"), self.world.enter("kim")
        self.assertIn("looks too much like alice", kim.say(f"/login а1ice {OTHER}")[0])
        self.assertIsNone(self.stored("а1ice"))
        self.assertEqual(kim.user.name.shown, "kim")
        self.assertTrue(alice.user)
