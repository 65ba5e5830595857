"""Certificates: adding, removing, and logging in with one instead of a password."""

from __future__ import annotations

from chat_support import Client, World, WorldCase

from twisted_chat.chat import orders, registration
from twisted_chat.chat.accounts import from_record
from twisted_chat.chat.certificates import MAX_CERTIFICATES
from twisted_chat.chat.errors import Refused

ONE, TWO = "1" * 64, "2" * 64


class CertificateTests(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.world.account("kim")
        self.world.account("bob")

    def connect(self, shown: str | None) -> Client:
        client = self.world.connect()
        client.wire.certificate = shown  # type: ignore[attr-defined]
        return client

    def enter(self, name: str, shown: str | None = None, *lines: str) -> Client:
        client = self.connect(shown)
        client.send(name, "correct-horse")
        self.world.settle()
        for line in lines:
            client.say(line)
        client.read()
        return client

    def refused(self, code: str, *arguments: object) -> None:
        why = self.assertRaises(Refused, registration.log_in_by_certificate, self.world.chat, *arguments)
        self.assertEqual(why.code, code)

    def test_one_that_was_added_opens_the_account_without_a_password(self) -> None:
        kim = self.enter("kim", ONE)
        self.assertEqual(kim.say("/cert add"), [f"-- The certificate {ONE} opens your account now."])
        kim.drop()
        again = self.connect(ONE)
        self.assertEqual(again.say("kim")[0], "Login Id: user [kim] has entered the room")
        self.assertTrue(again.user.registered)
        self.assertEqual(self.world.passwords.asked, 1)

    def test_it_is_kept(self) -> None:
        self.enter("kim", ONE, "/cert add")
        (record,) = [put.value for batch in self.world.store.batches for put in batch if getattr(put, "value", None)][
            -1:
        ]
        self.assertEqual(from_record(record).certificates, (ONE,))
        world = World(self.world.store)
        self.assertEqual(world.chat.accounts.by_certificate(ONE).name, "kim")  # type: ignore[union-attr]

    def test_it_opens_no_other_account(self) -> None:
        self.enter("kim", ONE, "/cert add")
        other = self.connect(ONE)
        self.assertEqual(other.say("bob"), ["Login Id: Password: "])
        self.refused("wrong-certificate", other.session, ONE, "bob")
        self.refused("wrong-certificate", other.session, TWO, "kim")
        self.refused("wrong-certificate", other.session, TWO, None)
        self.refused("no-certificate", other.session, None, "kim")
        self.assertIsNone(other.user)

    def test_without_a_name_it_is_whose_it_is(self) -> None:
        self.enter("kim", ONE, "/cert add")
        client = self.connect(ONE)
        registration.log_in_by_certificate(self.world.chat, client.session, ONE)
        self.world.settle()
        self.assertEqual(client.user.name.shown, "kim")
        self.refused("logged-in", client.session, ONE, None)

    def test_a_guest_becomes_the_owner(self) -> None:
        self.enter("kim", ONE, "/cert add")
        guest = self.connect(ONE)
        guest.say("somebody")
        registration.log_in_by_certificate(self.world.chat, guest.session, ONE, "KIM")
        self.world.settle()
        self.assertEqual(guest.user.name.shown, "kim")

    def test_who_is_suspended_or_banned_stays_out(self) -> None:
        self.enter("kim", ONE, "/cert add").drop()
        orders.execute(self.world.chat, "1", {"do": "suspend", "name": "kim", "reason": "spam"})
        client = self.connect(ONE)
        self.assertIn("!! This account is suspended: spam.", "\n".join(client.say("kim")))
        self.refused("suspended", client.session, ONE, None)

    def test_one_that_was_removed_opens_nothing(self) -> None:
        kim = self.enter("kim", ONE, "/cert add")
        colons = ":".join(ONE[i : i + 2] for i in range(0, 64, 2)).upper()
        self.assertEqual(kim.say(f"/cert remove {colons}"), [f"-- The certificate {ONE} no longer opens your account."])
        self.assertIsNone(self.world.chat.accounts.by_certificate(ONE))
        self.assertEqual(self.connect(ONE).say("kim"), ["Login Id: Password: "])
        self.assertEqual(
            kim.say(f"/cert remove {ONE}"),
            ["!! That certificate does not open your account. /cert lists those that do."],
        )

    def test_it_opens_one_account_only(self) -> None:
        self.enter("kim", ONE, "/cert add")
        bob = self.enter("bob", ONE)
        self.assertEqual(bob.say("/cert add"), ["!! This certificate opens another account."])

    def test_an_account_that_is_erased_lets_go_of_its_certificate(self) -> None:
        self.enter("kim", ONE, "/cert add")
        orders.execute(self.world.chat, "1", {"do": "erase", "name": "kim"})
        self.world.settle()
        self.assertIsNone(self.world.chat.accounts.by_certificate(ONE))
        bob = self.enter("bob", ONE)
        self.assertIn("opens your account now", bob.say("/cert add")[0])

    def test_a_password_that_the_operator_resets_takes_the_certificates_away(self) -> None:
        self.enter("kim", ONE, "/cert add")
        orders.execute(self.world.chat, "1", {"do": "reset-password", "name": "kim", "password": "hash of another"})
        self.world.settle()
        answer = self.world.store._records["answer", "1"]["text"]
        self.assertEqual(answer, "The password of kim is changed. Its certificates are removed.")
        self.assertEqual(self.connect(ONE).say("kim"), ["Login Id: Password: "])

    def test_what_cannot_be_written_is_taken_back(self) -> None:
        kim = self.enter("kim", ONE)
        self.world.store.full = True
        self.assertIn("!! Not sent", kim.say("/cert add")[0])
        self.assertIsNone(self.world.chat.accounts.by_certificate(ONE))
        self.world.store.full = False
        kim.say("/cert add")
        self.world.store.full = True
        self.assertIn("!! Not sent", kim.say(f"/cert remove {ONE}")[0])
        self.assertIsNotNone(self.world.chat.accounts.by_certificate(ONE))
        self.flushLoggedErrors()

    def test_there_is_an_end_to_how_many(self) -> None:
        for i in range(MAX_CERTIFICATES):
            self.enter("kim", f"{i:064}", "/cert add").drop()
        kim = self.enter("kim", ONE)
        self.assertEqual(kim.say("/cert add"), [f"!! An account has at most {MAX_CERTIFICATES} certificates."])

    def test_the_list_and_what_is_refused(self) -> None:
        kim = self.enter("kim", ONE)
        self.assertEqual(
            kim.say("/cert"),
            [
                "-- Your account is opened by 0 certificates.",
                "-- /cert add adds the one that this connection shows.",
            ],
        )
        kim.say("/cert add")
        self.assertEqual(
            kim.say("/cert"), ["-- Your account is opened by 1 certificate.", f"-- {ONE} (this connection)"]
        )
        self.assertEqual(kim.say("/cert add"), ["!! This certificate opens your account already."])
        for line in ("/cert add me", "/cert remove", "/cert what"):
            self.assertEqual(kim.say(line), ["!! Usage: /cert, /cert add or /cert remove FINGERPRINT"])
        plain = self.enter("kim")
        self.assertEqual(
            plain.say("/cert add"), ["!! This connection shows no certificate: connect with TLS, and one of yours."]
        )
        guest = self.connect(ONE)
        guest.say("guest")
        self.assertEqual(guest.say("/cert add"), ["!! You have no account. /register PASSWORD makes one of your name."])

    def test_programs_get_it_as_data(self) -> None:
        kim = self.enter("kim", ONE, "/format json", "/cert add")
        kim.send("/cert")
        self.world.settle()
        (answer,) = kim.objects()
        self.assertEqual((answer["type"], answer["certificates"], answer["shown"]), ("certificates", [ONE], ONE))
