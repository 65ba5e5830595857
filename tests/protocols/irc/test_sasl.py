"""Logging in over IRC: SASL and PASS, before and after registration, and what the others see of it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from chat_support import PASSWORD, WorldCase
from irc_support import IRCClient, irc_connect, irc_enter
from scram_client import respond

from twisted_chat.chat import bans, scram
from twisted_chat.chat.permissions import Role

CERTIFICATE = "ab" * 32


def plain(name: str, password: str = PASSWORD, authzid: str = "") -> str:
    """What a client says with PLAIN."""
    return "AUTHENTICATE " + b64encode("\0".join((authzid, name, password)).encode()).decode()


class SaslCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.world.account("ann")

    def connect(self) -> IRCClient:
        client = irc_connect(self.world)
        client.ask("CAP REQ sasl")
        return client

    def answers(self, client: IRCClient, *lines: str) -> list[str]:
        """Commands and numerics of what comes."""
        return [said.command for said in client.ask(*lines)]

    def user(self, key: str) -> Any:
        return self.world.chat.users[key]


class BeforeTests(SaslCase):
    def test_plain_and_the_account_s_name_whatever_nick_was_asked_for(self) -> None:
        ann = self.connect()
        said = ann.ask("AUTHENTICATE PLAIN")
        self.assertEqual([(s.command, s.params) for s in said], [("AUTHENTICATE", ["+"])])
        said = ann.ask(plain("ann"))
        self.assertEqual([s.command for s in said], ["900", "903"])
        self.assertEqual(said[0].params[2], "ann")
        said = ann.ask("NICK somebody", "USER a 0 * :Ann", "CAP END")
        self.assertEqual((said[0].command, said[0].params[0]), ("001", "ann"))
        self.assertTrue(self.user("ann").registered)

    def test_what_is_wrong_fails_and_may_be_tried_again(self) -> None:
        ann = self.connect()
        wrong = [
            plain("ann", "battery-staple"),
            plain("nobody"),
            plain("ann", ""),
            plain(""),
            plain("ann", authzid="bob"),
            plain("ann", PASSWORD + "\0x"),
            "AUTHENTICATE !!!",
            "AUTHENTICATE " + b64encode(b"\0ann\0\xff").decode(),
            "AUTHENTICATE +",
        ]
        for line in wrong:
            self.assertEqual(self.answers(ann, "AUTHENTICATE PLAIN", line), ["AUTHENTICATE", "904"], line)
        self.assertEqual(self.answers(ann, "AUTHENTICATE PLAIN", plain("ann", authzid="ANN"))[1:], ["900", "903"])

    def test_long_responses_come_in_pieces_and_have_an_end(self) -> None:
        self.world.account("zoe", password="hash of " + "x" * 289)
        zoe = self.connect()
        data = b64encode(b"\0".join([b"zoe", b"zoe", b"x" * 292])).decode()
        self.assertEqual(len(data), 400)
        self.assertEqual(self.answers(zoe, "AUTHENTICATE PLAIN", "AUTHENTICATE " + data), ["AUTHENTICATE"])
        self.assertEqual(self.answers(zoe, "AUTHENTICATE +"), ["904"])
        self.assertEqual(self.answers(zoe, "AUTHENTICATE PLAIN", "AUTHENTICATE " + "A" * 401), ["AUTHENTICATE", "905"])
        many = ["AUTHENTICATE " + "A" * 400] * 9
        self.assertEqual(self.answers(zoe, "AUTHENTICATE PLAIN", *many), ["AUTHENTICATE", "904"])

    def test_mechanisms_are_told(self) -> None:
        ann = self.connect()
        said = ann.ask("AUTHENTICATE FOO")
        self.assertEqual([s.command for s in said], ["908", "904"])
        self.assertIn("PLAIN", said[0].params[1].split(","))
        listed = " ".join(s.text for s in ann.ask("CAP LS 302"))
        self.assertIn("sasl=PLAIN", listed)
        self.assertNotIn("EXTERNAL", listed)

    def test_giving_up(self) -> None:
        ann = self.connect()
        self.assertEqual(self.answers(ann, "AUTHENTICATE PLAIN", "AUTHENTICATE *"), ["AUTHENTICATE", "906"])
        said = self.answers(ann, "AUTHENTICATE PLAIN", "NICK kim", "USER k 0 * :Kim", "CAP END")
        self.assertEqual(said[:3], ["AUTHENTICATE", "906", "001"])
        self.assertFalse(self.user("kim").registered)

    def test_lines_wait_while_the_password_is_checked(self) -> None:
        ann = self.connect()
        ann.send("AUTHENTICATE PLAIN", plain("ann"), "NICK ann", "USER a 0 * :Ann", "CAP END")
        self.assertTrue(ann.session.busy)
        self.world.settle()
        self.assertTrue(self.user("ann").registered)

    def test_an_account_that_is_suspended_meanwhile_or_erased(self) -> None:
        self.world.account("sue", suspended="spam")
        sue = self.connect()
        self.assertEqual(self.answers(sue, "AUTHENTICATE PLAIN", plain("sue"))[1:], ["904"])
        ann = self.connect()
        ann.ask("AUTHENTICATE PLAIN", plain("ann"))
        self.world.chat.accounts.forget("ann")
        ann.ask("NICK kim", "USER a 0 * :Ann", "CAP END")
        self.assertEqual(list(self.world.chat.users), ["kim"])
        self.assertFalse(self.user("kim").registered)

    def test_external_is_for_those_with_a_certificate(self) -> None:
        self.world.account("cat", certificates=(CERTIFICATE,))
        cat = self.connect()
        cat.wire.certificate = CERTIFICATE  # type: ignore[attr-defined]
        self.assertIn("EXTERNAL", " ".join(s.text for s in cat.ask("CAP LS 302")))
        for named in ("+", b64encode(b"cat").decode()):
            said = self.answers(cat, "AUTHENTICATE EXTERNAL", "AUTHENTICATE " + named)
            self.assertEqual(said, ["AUTHENTICATE", "900", "903"])
        other = b64encode(b"ann").decode()
        self.assertEqual(self.answers(cat, "AUTHENTICATE EXTERNAL", "AUTHENTICATE " + other)[1:], ["904"])

    def test_pass_with_the_account_s_name(self) -> None:
        ann = irc_connect(self.world)
        said = ann.ask(f"PASS ann:{PASSWORD}", "NICK kim", "USER k 0 * :Kim")
        self.assertEqual((said[0].command, said[0].params[0]), ("001", "ann"))
        self.assertTrue(self.user("ann").registered)

    def test_a_login_that_cannot_be_kept_ends_the_connection(self) -> None:
        self.world.store.full = True
        ann = self.connect()
        ann.ask("AUTHENTICATE PLAIN", plain("ann"), "NICK ann", "USER a 0 * :Ann", "CAP END", "JOIN #dev")
        self.assertTrue(ann.session.closing)
        self.assertTrue(ann.wire.disconnecting)


class ScramTests(SaslCase):
    def setUp(self) -> None:
        super().setUp()
        self.world.account("ann", scram=scram.make(PASSWORD, b"pepper", 10).record())

    def challenge(self, client: IRCClient, name: str, header: str = "n,,") -> str:
        """The server's first message."""
        client.ask("AUTHENTICATE SCRAM-SHA-256")
        (said,) = client.ask("AUTHENTICATE " + b64encode(f"{header}n={name},r=abc".encode()).decode())
        return b64decode(said.params[0]).decode() if said.command == "AUTHENTICATE" else said.command

    def proof(self, name: str, password: str, challenge: str, header: str = "n,,") -> str:
        return "AUTHENTICATE " + b64encode(respond(password, f"n={name},r=abc", header, challenge)).decode()

    def test_who_knows_the_password(self) -> None:
        ann = self.connect()
        (said,) = ann.ask(self.proof("ann", PASSWORD, self.challenge(ann, "ann")))
        self.assertEqual(b64decode(said.params[0])[:2], b"v=")
        self.assertEqual(self.answers(ann, "AUTHENTICATE +"), ["900", "903"])
        ann.ask("NICK ann", "USER a 0 * :Ann", "CAP END")
        self.assertTrue(self.user("ann").registered)

    def test_who_does_not_and_whom_nobody_knows(self) -> None:
        ann = self.connect()
        self.assertEqual(self.answers(ann, self.proof("ann", "x", self.challenge(ann, "ann"))), ["904"])
        first, second = self.challenge(ann, "nobody"), ""
        ann.ask("AUTHENTICATE *")
        second = self.challenge(ann, "nobody")
        self.assertEqual(first.split(",")[1:], second.split(",")[1:])
        self.assertEqual(len(first), len(second))
        self.assertEqual(self.answers(ann, "AUTHENTICATE " + b64encode(b"c=biws,r=x,p=AAAA").decode()), ["904"])

    def test_another_s_account_or_a_changed_password(self) -> None:
        ann = self.connect()
        self.assertEqual(self.challenge(ann, "ann", "n,a=zoe,"), "904")
        proof = self.proof("ann", PASSWORD, self.challenge(ann, "ann", "n,a=ann,"), "n,a=ann,")
        ann.ask(proof)
        self.world.chat.accounts.change("ann", password="", scram="")
        self.assertEqual(self.answers(ann, "AUTHENTICATE +"), ["904"])


class AfterTests(SaslCase):
    def log_in(self, client: IRCClient, name: str = "ann") -> Any:
        return client.ask("AUTHENTICATE PLAIN", plain(name))[1:]

    def test_a_guest_is_renamed_in_place(self) -> None:
        bob = irc_enter(self.world, "bob", "#dev", caps=["account-notify"])
        kim = irc_enter(self.world, "kim", "#dev", caps=["sasl"])
        said = self.log_in(kim)
        self.assertEqual([(s.command, s.nick) for s in said[2:]], [("NICK", "kim")])
        self.assertEqual([s.command for s in said[:2]], ["900", "903"])
        self.assertEqual(
            [(s.nick, s.command, s.params) for s in bob.heard()],
            [("kim", "NICK", ["ann"]), ("ann", "ACCOUNT", ["ann"])],
        )
        self.assertEqual([room.name for room in self.user("ann").rooms], ["#dev"])
        self.assertEqual(kim.ask("PRIVMSG bob :hi"), [])
        self.assertEqual(bob.heard()[0].nick, "ann")

    def test_roles_are_put_together(self) -> None:
        bob = irc_enter(self.world, "bob", "#dev")
        kim = irc_enter(self.world, "kim", "#mine", "#dev", caps=["sasl"])
        self.world.chat.rooms["#dev"].roles["ann"] = Role.OP
        self.log_in(kim)
        # What the nick has in front of it others are told.
        self.assertEqual([(s.nick, s.params) for s in bob.heard()][1:], [("test.local", ["#dev", "+o", "ann"])])
        rooms = self.world.chat.rooms
        self.assertEqual(rooms["#mine"].roles, {"ann": 4})
        self.assertEqual(rooms["#dev"].members[self.user("ann")], 3)
        self.assertIn("ann", self.world.store._records["room", "#mine"]["roles"])

    def test_the_role_of_an_account_that_comes_in_is_told(self) -> None:
        bob = irc_enter(self.world, "bob", "#dev")
        self.world.chat.rooms["#dev"].roles["ann"] = Role.VOICE
        ann = irc_enter(self.world, "ann", "#dev")
        self.assertEqual([(s.command, s.params) for s in bob.heard()], [])
        ann.ask("PART #dev")
        bob.heard()
        ann.ask("JOIN #dev")
        said = [(s.command, s.params) for s in bob.heard()]
        self.assertEqual(said, [("JOIN", ["#dev"]), ("MODE", ["#dev", "+v", "ann"])])

    def test_nobody_stays_where_the_account_is_banned(self) -> None:
        zoe = irc_enter(self.world, "zoe", "#dev")
        kim = irc_enter(self.world, "kim", "#dev", caps=["sasl"])
        bans.ban(self.world.chat, zoe.session, "ann", None, "", "#dev")
        self.world.settle()
        self.world.all_read()
        said = self.log_in(kim)
        self.assertEqual([s.command for s in said], ["900", "903", "NICK", "PART"])
        self.assertEqual([s.command for s in zoe.heard()], ["NICK", "PART"])

    def test_one_more_connection_of_an_account_that_is_here(self) -> None:
        ann = irc_enter(self.world, "ann", "#dev", "#own")
        bob = irc_enter(self.world, "bob", "#dev")
        kim = irc_enter(self.world, "kim", "#dev", "#guests", caps=["sasl"])
        self.world.all_read()
        said = self.log_in(kim)
        self.assertEqual([s.command for s in said[:5]], ["900", "903", "PART", "PART", "NICK"])
        joined = [s.params[0] for s in said if s.command == "JOIN"]
        self.assertEqual(joined, ["#dev", "#own", "#guests"])
        self.assertEqual([(s.nick, s.command) for s in bob.heard()], [("kim", "QUIT")])
        self.assertEqual(len(self.user("ann").sessions), 2)
        self.assertEqual([s.command for s in ann.heard()][:2], ["QUIT", "JOIN"])

    def test_another_account_on_the_same_connection(self) -> None:
        self.world.account("joe")
        bob = irc_enter(self.world, "bob", "#dev")
        ann = irc_enter(self.world, "ann", "#dev", caps=["sasl"])
        self.world.all_read()
        self.assertEqual([s.command for s in self.log_in(ann, "joe")][:2], ["900", "903"])
        self.assertEqual([(s.nick, s.command) for s in bob.heard()], [("ann", "QUIT"), ("joe", "JOIN")])
        self.assertNotIn("ann", self.world.chat.users)

    def test_what_cannot_be_kept_has_not_happened(self) -> None:
        bob = irc_enter(self.world, "bob", "#dev")
        kim = irc_enter(self.world, "kim", "#dev", caps=["sasl"])
        self.world.store.full = True
        self.log_in(kim)
        self.assertFalse(self.user("kim").registered)
        self.assertNotIn("ann", self.world.chat.users)
        self.world.store.full = False
        kim.ask("PRIVMSG #dev :still here")
        self.assertEqual([s.nick for s in bob.heard()], ["kim"])

    def test_whoever_leaves_while_it_is_being_kept(self) -> None:
        kim = irc_enter(self.world, "kim", "#dev", caps=["sasl"])
        self.world.store.hold = True
        kim.send("AUTHENTICATE PLAIN", plain("ann"))
        self.world.settle()
        kim.drop()
        self.world.settle()
        self.world.store.full = True
        self.world.store.release()
        self.world.store.hold = self.world.store.full = False
        self.world.clock.advance(2)
        self.assertEqual(self.world.chat.users, {})
        self.assertEqual([e.actor for e in self.world.store.log if e.kind.name == "LEAVE"], ["kim"])

    def test_logging_out_is_being_a_guest_again(self) -> None:
        bob = irc_enter(self.world, "bob", "#dev")
        ann = irc_enter(self.world, "ann", "#dev")
        self.world.all_read()
        said = ann.ask("LOGOUT")
        self.assertEqual([s.command for s in said], ["901", "PART", "NICK"])
        self.assertEqual([s.command for s in bob.heard()], ["QUIT"])
        self.assertFalse(ann.user.registered)
        self.assertEqual(ann.user.rooms, ())
        self.assertEqual(said[-1].text, ann.user.name.shown)
