"""SCRAM-SHA-256: the example of RFC 7677, what is refused, and what is kept of a password."""

from __future__ import annotations

from base64 import b64decode, b64encode

from chat_support import PASSWORD, World
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import registration, scram
from twisted_chat.chat.names import parse_name

# RFC 7677, section 3.
SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CLIENT_NONCE, SERVER_NONCE = "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


class ExampleTests(SynchronousTestCase):
    def dialogue(self, first: bytes = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO") -> scram.Dialogue:
        found = scram.read_first(first)
        dialogue = scram.Dialogue(found, b"", scram.make("pencil", SALT, 4096))
        # The example's nonce is no base64.
        dialogue._nonce = CLIENT_NONCE + SERVER_NONCE
        dialogue.challenge = f"r={dialogue._nonce},s={b64encode(SALT).decode()},i=4096"
        return dialogue

    def final(self, proof: str = PROOF, binding: str = "biws", nonce: str = CLIENT_NONCE + SERVER_NONCE) -> bytes:
        return f"c={binding},r={nonce},p={proof}".encode()

    def test_it_is_as_in_the_rfc(self) -> None:
        self.assertEqual(self.dialogue().check(self.final()), f"v={SIGNATURE}".encode())

    def test_anything_else_is_wrong(self) -> None:
        wrong = [
            self.final(proof=PROOF.replace("d", "e", 1)),
            self.final(proof="!!"),
            self.final(proof=""),
            self.final(binding="eSws"),
            self.final(nonce=CLIENT_NONCE),
            self.final(nonce=""),
            b"",
            b"c=biws",
            b"\xff,p=",
        ]
        for data in wrong:
            self.assertIsNone(self.dialogue().check(data), data)

    def test_first_messages(self) -> None:
        first = scram.read_first(b"y,a=zoe,n=a=2Cb=3Dc,r=abc,ext=1")
        self.assertEqual(first, ("y,a=zoe,", "n=a=2Cb=3Dc,r=abc,ext=1", "zoe", "a,b=c", "abc"))
        wrong = [
            b"p=tls-unique,,n=u,r=x",
            b"n,,m=x,n=u,r=x",
            b"n,,n=u",
            b"n,,n=u,r=",
            b"",
            b"\xff",
            b"n,,r=x,n=u",
            b"n,u",
        ]
        for data in wrong:
            self.assertRaises(ValueError, scram.read_first, data)

    def test_what_is_kept_comes_back(self) -> None:
        made = scram.make("pencil", SALT, 4096)
        self.assertEqual(scram.from_record(made.record()), made)
        self.assertIsNone(scram.from_record(""))

    def test_passwords_are_prepared(self) -> None:
        self.assertEqual(scram.make("e\u0301", SALT, 1), scram.make("\u00e9", SALT, 1))


class KeptTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()

    def kept(self, key: str) -> str:
        found: str = self.world.store._records["account", key]["scram"]  # type: ignore[assignment]
        return found

    def test_with_a_new_password_and_a_changed_one(self) -> None:
        kim = self.world.enter("kim")
        kim.say("/register one-password")
        first = self.kept("kim")
        self.assertEqual(scram.from_record(first), scram.make("one-password", b"salt", 1))
        kim.say("/password one-password another-one")
        self.assertEqual(scram.from_record(self.kept("kim")), scram.make("another-one", b"salt", 1))

    def test_once_a_password_from_before_was_right(self) -> None:
        self.world.account("ann")
        self.world.connect().say("ann", "battery-staple")
        self.assertEqual(self.kept("ann"), "")
        self.world.connect().say("ann", PASSWORD)
        self.assertEqual(scram.from_record(self.kept("ann")), scram.make(PASSWORD, b"salt", 1))

    def test_names_without_one_look_the_same_every_time_and_after_a_restart(self) -> None:
        chat, name = self.world.chat, parse_name("nobody")
        first = registration.verifier(chat, name)
        self.world.settle()
        self.assertEqual((first.iterations, len(first.salt)), (scram.ITERATIONS, scram.SALT_LEN))
        self.assertNotEqual(registration.verifier(chat, parse_name("noone")).salt, first.salt)
        again = World(self.world.store)
        again.passwords.random = lambda size: b"x" * size  # type: ignore[method-assign]
        self.assertEqual(registration.verifier(again.chat, name), first)
