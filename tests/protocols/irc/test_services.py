"""NickServ, ChanServ, REGISTER, and slash commands that a client passes on."""

from __future__ import annotations

from typing import Any

from chat_support import PASSWORD, World, WorldCase
from irc_support import IRCClient, Said, irc_connect, irc_enter

from twisted_chat.protocols.irc.services import CHANSERV, NICKSERV

OTHER = "battery-staple"


class ServicesCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        for name in ("ann", "zoe"):
            self.world.account(name)

    def tearDown(self) -> None:
        super().tearDown()
        for client in self.world.clients():
            if isinstance(client, IRCClient):
                self.assertNotIn("service:", client.protocol.session.dialect.here.__dict__["_voice"])

    def tell(self, client: IRCClient, service: str, text: str) -> list[Said]:
        """What comes when something is said to a service."""
        return client.ask(f"PRIVMSG {service} :{text}")

    def notices(self, client: IRCClient, service: str, text: str) -> list[str]:
        """What the service answers; it is its own answer."""
        said = [each for each in self.tell(client, service, text) if each.command == "NOTICE"]
        said = [each for each in said if not each.params[0].startswith("#")]
        for each in said:
            self.assertEqual(each.source, f"{service}!service@test.local")
        return [each.text for each in said]

    def account(self, key: str) -> Any:
        return self.world.chat.accounts.get(key)

    def roles(self, room: str) -> Any:
        return self.world.chat.rooms[room].roles


class NickServTests(ServicesCase):
    def test_an_account_by_all_its_ways(self) -> None:
        ways = [
            "PRIVMSG NickServ :REGISTER",
            "PRIVMSG nickserv@test.local :register",
            "NICKSERV REGISTER",
            "NS register",
        ]
        for i, way in enumerate(ways):
            kim = irc_enter(self.world, f"kim{i}")
            said = kim.ask(f"{way} {OTHER} kim@example.com")
            self.assertEqual([each.command for each in said], ["900", "NOTICE"], way)
            self.assertIn("is yours now", said[1].text)
            self.assertTrue(kim.user.registered)
            self.assertEqual(self.account(f"kim{i}").password, f"hash of {OTHER}")

    def test_what_is_said_to_it_is_not_kept_and_seen_by_nobody(self) -> None:
        bob = irc_enter(self.world, "bob", "#dev")
        kim = irc_enter(self.world, "kim", "#dev", caps=["echo-message"])
        said = self.tell(kim, "NickServ", f"IDENTIFY ann {PASSWORD}")
        self.assertEqual((said[0].command, said[0].nick), ("PRIVMSG", "kim"))
        self.assertEqual([each.command for each in bob.heard()], ["NICK"])
        self.assertFalse(any(PASSWORD in event.text for event in self.world.store.log))
        kim.ask(f"NOTICE NickServ :LOGOUT {PASSWORD}")
        self.assertTrue(kim.user.registered)

    def test_logging_in_and_out(self) -> None:
        kim = irc_enter(self.world, "kim", "#dev")
        self.assertEqual(self.notices(kim, "NickServ", "IDENTIFY ann wrong-one"), ["Wrong name or password."])
        self.assertEqual(self.notices(kim, "NickServ", f"IDENTIFY ann {PASSWORD}"), ["You are logged in as ann."])
        self.assertEqual(kim.user.name.shown, "ann")
        self.assertIn("logged in as ann already", self.notices(kim, "NickServ", f"LOGIN zoe {PASSWORD}")[0])
        self.assertIn("You are logged out", self.notices(kim, "NickServ", "LOGOUT")[0])
        self.assertFalse(kim.user.registered)

    def test_answers_after_it_are_the_server_s_again(self) -> None:
        kim = irc_enter(self.world, "kim", "#dev")
        self.notices(kim, "NickServ", "INFO ann")
        self.assertEqual(kim.ask("ROOMS")[0].source, "test.local")
        kim.send(f"NS IDENTIFY ann {PASSWORD}", "ROOMS")
        self.world.settle()
        self.assertEqual([each.source for each in kim.heard() if each.command == "NOTICE"][-1], "test.local")

    def test_other_connections_end(self) -> None:
        old = irc_enter(self.world, "ann")
        kim = irc_enter(self.world, "kim")
        self.assertIn("1 other connection of yours ended.", self.notices(kim, "NickServ", f"GHOST ann {PASSWORD}"))
        self.assertTrue(old.session.closing)

    def test_password_and_giving_up(self) -> None:
        ann = irc_enter(self.world, "ann")
        changed = self.notices(ann, "NickServ", f"SET PASSWORD {PASSWORD} {OTHER}")
        self.assertEqual(changed, ["Your password is changed."])
        self.assertIn("Nothing else", self.notices(ann, "NickServ", "SET EMAIL a b")[0])
        self.assertIn("logged in to only", self.notices(ann, "NickServ", f"DROP zoe {OTHER}")[0])
        self.assertEqual(self.notices(ann, "NickServ", f"DROP ann {OTHER}"), ["The account ann is given up."])
        self.assertIsNone(self.account("ann"))

    def test_info_cert_and_help(self) -> None:
        ann = irc_enter(self.world, "ann")
        self.assertIn("and is here.", self.notices(ann, "NickServ", "INFO")[0])
        self.assertIn("was here", self.notices(ann, "NickServ", "INFO zoe")[0])
        self.assertEqual(self.notices(ann, "NickServ", "INFO bob"), ["bob is no account."])
        self.assertIn("0 certificates", self.notices(ann, "NickServ", "CERT")[0])
        self.assertIn("shows no certificate", self.notices(ann, "NickServ", "CERT ADD")[0])
        self.assertIn("does not open", self.notices(ann, "NickServ", "CERT DEL abc")[0])
        self.assertIn("Usage", self.notices(ann, "NickServ", "CERT FOO")[0])
        for service in (NICKSERV, CHANSERV):
            listed = "\n".join(self.notices(ann, service.name, "HELP"))
            for name, row in service.words.items():
                self.assertIn(row.usage, listed)
                self.assertEqual(self.notices(ann, service.name, f"HELP {name.lower()}")[0], row.usage)
        self.assertIn("There is no FOO", self.notices(ann, "NickServ", "FOO bar")[0])
        self.assertEqual(self.notices(ann, "NickServ", "IDENTIFY"), ["Usage: IDENTIFY [ACCOUNT] PASSWORD"])
        self.assertTrue(self.notices(ann, "ChanServ", " "))


class ChanServTests(ServicesCase):
    def setUp(self) -> None:
        super().setUp()
        self.bob = irc_enter(self.world, "bob", "#dev")
        self.ann = irc_enter(self.world, "ann", "#dev")
        self.bob.ask("CS OP #dev ann")
        self.world.all_read()

    def ask(self, text: str) -> list[str]:
        return self.notices(self.ann, "ChanServ", text)

    def test_owning_a_room(self) -> None:
        self.assertEqual(self.ask("REGISTER #dev"), ["#dev is yours."])
        self.assertEqual(self.roles("#dev"), {"ann": 4})
        self.assertEqual(self.ask("INFO #dev"), ["#dev is owned by ann; 2 are in it."])
        self.assertEqual(self.ask("LIST"), ["#dev: owner"])
        self.assertEqual(self.ask("TRANSFER #dev zoe"), ["#dev is zoe's."])
        self.assertEqual(self.roles("#dev"), {"ann": 3, "zoe": 4})
        self.assertIn("not yours", self.ask("DROP #dev")[0])

    def test_what_cannot_be_kept_is_not_confirmed(self) -> None:
        for words in ("REGISTER #dev", "TRANSFER #mine zoe"):
            ann = irc_enter(self.world, "ann", "#mine")
            self.world.store.full = True
            said = self.notices(ann, "ChanServ", words)
            self.world.store.full = False
            self.assertNotIn("yours", "".join(said))
            self.assertNotIn("zoe's", "".join(said))

    def test_what_one_says_to_it_in_several_lines_comes_back_as_such(self) -> None:
        ann = irc_enter(self.world, "ann", caps=["batch", "draft/multiline", "message-tags", "echo-message"])
        ann.send("BATCH +1 draft/multiline NickServ", "@batch=1 PRIVMSG NickServ :HELP")
        said = ann.ask("@batch=1 PRIVMSG NickServ ::other 001 ann :hello", "BATCH -1")
        self.assertEqual({each.nick for each in said}, {"ann", "NickServ"})

    def test_giving_it_up(self) -> None:
        self.ask("REGISTER #dev")
        self.assertEqual(self.ask("DROP #dev"), ["#dev is nobody's now."])
        self.assertEqual(self.roles("#dev"), {})

    def test_roles(self) -> None:
        self.ask("REGISTER #dev")
        irc_enter(self.world, "zoe", "#dev")
        steps = [
            ("ACCESS #dev ADD zoe OP", 3),
            ("ACCESS #dev DEL zoe", None),
            ("FLAGS #dev zoe +v", 2),
            ("FLAGS #dev zoe -v", None),
            ("AMODE #dev +o zoe", 3),
            ("DEOP #dev zoe", None),
            ("VOICE #dev zoe", 2),
            ("DEVOICE #dev zoe", None),
        ]
        for line, role in steps:
            self.assertEqual(self.ask(line), [])
            self.assertEqual(self.roles("#dev").get("zoe"), role, line)
        self.ask("OP #dev zoe")
        self.assertEqual(self.ask("ACCESS #dev LIST")[1:], ["owner ann", "op zoe"])
        for wrong in ("FLAGS #dev zoe +x", "ACCESS #dev ADD zoe KING", "FLAGS #dev zoe", "AMODE #dev +o"):
            self.assertIn("Usage", self.ask(wrong)[0], wrong)

    def test_keeping_it_civil(self) -> None:
        self.ask("REGISTER #dev")
        self.ask("TOPIC #dev what it is about")
        self.assertEqual(self.world.chat.rooms["#dev"].topic, "what it is about")
        self.ask("KICK #dev bob be nice")
        self.assertEqual([(each.command, each.text) for each in self.bob.heard()][-1], ("KICK", "be nice"))
        self.assertIn("holds for 2 hours", self.ask("BAN #dev bob 2h spam")[0])
        self.assertIn("lifted", self.ask("UNBAN #dev bob")[0])
        self.ask("INVITE #dev bob")
        self.assertEqual(self.bob.heard()[-1].command, "INVITE")
        self.assertEqual(self.ask("MODE #dev moderated on"), [])
        self.assertEqual(self.ask("MODE #dev"), ["Modes of #dev: moderated."])

    def test_a_room_that_one_is_not_in(self) -> None:
        irc_enter(self.world, "eve", "#other")
        for line in ("OP #other ann", "KICK #other eve", "REGISTER #other", "ACCESS #other LIST"):
            self.assertEqual(self.ask(line), ["You are not in #other."], line)
        self.assertIn("There is no room", self.ask("INFO #nowhere")[0])


class RegisterTests(ServicesCase):
    def test_one_s_nick(self) -> None:
        for i, name in enumerate(("*", "kim1")):
            kim = irc_enter(self.world, f"kim{i}")
            said = kim.ask(f"REGISTER {name} * {OTHER}")
            self.assertEqual([each.command for each in said], ["900", "REGISTER"])
            self.assertEqual(said[1].params[:2], ["SUCCESS", f"kim{i}"])
            self.assertTrue(kim.user.registered)
            self.assertEqual(kim.ask(f"REGISTER * * {OTHER}")[0].params[1], "ALREADY_AUTHENTICATED")

    def test_the_chat_s_own_command(self) -> None:
        kim = irc_enter(self.world, "kim")
        self.assertEqual(kim.numerics(f"REGISTER {OTHER}"), ["900"])
        self.assertTrue(kim.user.registered)
        self.assertEqual(kim.numerics("REGISTER a b"), ["461"])
        self.assertEqual(irc_connect(self.world).numerics(f"REGISTER {OTHER}"), ["461"])

    def test_before_one_has_come_in(self) -> None:
        kim = irc_connect(self.world)
        self.assertEqual(kim.ask(f"REGISTER * * {OTHER}")[0].params[:2], ["REGISTER", "NEED_NICK"])
        said = kim.ask("CAP LS 302", "NICK kim", f"REGISTER * * {OTHER}")
        self.assertEqual([each.command for each in said[-2:]], ["REGISTER", "900"])
        said = kim.ask("USER k 0 * :Kim", "CAP END")
        self.assertEqual((said[0].command, said[0].params[0]), ("001", "kim"))
        self.assertTrue(kim.user.registered)

    def test_what_is_refused(self) -> None:
        irc_enter(self.world, "bob")
        kim = irc_enter(self.world, "kim")
        cases = {
            f"REGISTER other * {OTHER}": "ACCOUNT_NAME_MUST_BE_NICK",
            "REGISTER * * short": "WEAK_PASSWORD",
            f"REGISTER a,b * {OTHER}": "BAD_ACCOUNT_NAME",
            "VERIFY kim 123": "INVALID_CODE",
        }
        for line, code in cases.items():
            self.assertEqual(kim.ask(line)[0].params[1], code, line)
        early = irc_connect(self.world)
        early.ask("NICK ann")
        self.assertEqual(early.ask(f"REGISTER * * {OTHER}")[0].params[1], "ACCOUNT_EXISTS")
        self.world.chat.guests = False
        early.ask("NICK new")
        self.assertEqual(early.ask(f"REGISTER * * {OTHER}")[0].command, "FAIL")
        self.assertIsNone(self.account("new"))

    def test_where_only_the_operator_makes_accounts(self) -> None:
        """REGISTER is not offered, refused where it is tried, and those who are here are told when that changes."""
        capability = "draft/account-registration"
        kim, old = irc_enter(self.world, "kim", caps=[capability, "cap-notify"]), irc_enter(self.world, "old")
        early = irc_connect(self.world)
        self.assertIn(f"{capability}=before-connect", " ".join(s.text for s in early.ask("CAP LS 302")).split())
        self.world.chat.registration = False
        self.world.irc.offer()
        self.world.irc.offer()
        self.world.settle()
        self.assertEqual([said.params for said in kim.heard()], [["kim", "DEL", capability]])
        self.assertEqual([said.params for said in early.heard()], [["*", "DEL", capability]])
        self.assertEqual(old.heard(), [])
        self.assertEqual(kim.ask("CAP LIST")[0].text, "cap-notify")
        self.assertEqual(kim.ask(f"CAP REQ {capability}")[0].params[1], "NAK")
        self.assertEqual(kim.ask(f"CAP REQ -{capability}")[0].params[1], "ACK")
        self.assertNotIn(capability, " ".join(said.text for said in early.ask("CAP LS 302")))
        why = "Nobody can register here: the operator makes the accounts."
        early.ask("NICK new")
        for client, name in ((kim, "kim"), (early, "new")):
            said = client.ask(f"REGISTER * * {OTHER}")[0]
            self.assertEqual((said.command, said.params), ("FAIL", ["REGISTER", "TEMPORARILY_UNAVAILABLE", name, why]))
        self.assertEqual(self.notices(kim, "NickServ", f"REGISTER {OTHER}"), [why])
        self.assertEqual(kim.ask(f"REGISTER {OTHER}")[0].text, why)
        self.assertEqual(self.world.passwords.asked, 0)
        self.world.chat.registration = True
        self.world.irc.offer()
        self.world.settle()
        self.assertEqual([said.params for said in kim.heard()], [["kim", "NEW", f"{capability}=before-connect"]])
        self.assertEqual(kim.ask(f"REGISTER * * {OTHER}")[0].command, "900")

    def test_it_is_not_offered_where_nobody_may_come_in_without_an_account(self) -> None:
        client = irc_connect(World(guests=False))
        self.assertNotIn("registration", " ".join(said.text for said in client.ask("CAP LS 302")))

    def test_what_cannot_be_kept(self) -> None:
        kim = irc_connect(self.world)
        kim.ask("CAP LS 302", "NICK kim")
        self.world.store.full = True
        self.assertNotIn("REGISTER", [each.command for each in kim.ask(f"REGISTER * * {OTHER}")])
        self.world.store.full = False
        kim.ask("USER k 0 * :Kim", "CAP END")
        self.assertFalse(kim.user.registered)


class PassedOnTests(ServicesCase):
    def test_a_slash_command_is_about_the_room_one_talks_in(self) -> None:
        kim = irc_enter(self.world, "kim", "#one", "#two")
        kim.ask("PRIVMSG #one :this")
        number = self.world.store.log[-1].id
        kim.ask(f"PIN {number}")
        self.assertEqual(self.world.chat.rooms["#one"].pins, (number,))
        kim.ask(f"UNPIN #one {number}")
        self.assertEqual(self.world.chat.rooms["#one"].pins, ())
        kim.ask("PRIVMSG #two :that")
        kim.ask(f"PIN #one {number}")
        self.assertEqual(self.world.chat.rooms["#one"].pins, (number,))

    def test_when_one_has_left_that_room(self) -> None:
        """Then about the only one that is left; of several none is guessed."""
        kim = irc_enter(self.world, "kim", "#one", "#two", "#three")
        kim.ask("PRIVMSG #two :that")
        two = self.world.store.log[-1].id
        kim.ask("PRIVMSG #one :this", "PART #one")
        why = "FAIL * NO_ROOM :You are in 2 rooms: say first which one this is about, such as #three."
        kim.ask("CAP REQ standard-replies")
        for command in (f"PIN {two}", "ME waves", "BANS", "LEAVE", "HISTORY"):
            (said,) = kim.ask(command)
            self.assertEqual(f"{said.command} {' '.join(said.params[:-1])} :{said.text}", why, command)
        self.assertEqual(kim.ask("SEARCH that")[-1].text, "Found 1 line.")
        kim.ask(f"PIN #two {two}")
        self.assertEqual(self.world.chat.rooms["#two"].pins, (two,))
        self.assertIn("NO_ROOM", kim.ask("PIN")[0].params)
        self.assertIn("442", kim.numerics("PIN #lobby 1"))
        self.assertIn("403", kim.numerics("PIN #one 1"))
        kim.ask("PART #three", f"UNPIN {two}")
        self.assertEqual(self.world.chat.rooms["#two"].pins, ())
        kim.ask("PART #two")
        self.assertIn("You are in no room", kim.ask("PIN")[0].text)

    def test_it_follows_the_room_to_another_name(self) -> None:
        kim = irc_enter(self.world, "kim", "#one", "#two")
        kim.ask("PRIVMSG #one :this", "RENAME #one #uno")
        kim.ask(f"PIN {self.world.store.log[0].id}", "JOIN #one")
        said = kim.ask("PIN")
        self.assertIn("#uno has no pinned messages.", said[-1].text)

    def test_a_message_to_a_room_is_no_message_to_its_first_word(self) -> None:
        kim, ann = irc_enter(self.world, "kim", "#one", "#two"), irc_enter(self.world, "ann", "#two")
        kim.ask("MSG #two ann is late")
        self.assertEqual([said.params for said in ann.heard()], [["#two", "ann is late"]])
        ann.ask("PRIVMSG #two :see #one")
        self.assertEqual(kim.ask("SEARCH #one")[-1].text, "Found 1 line.")

    def test_however_one_wrote_its_name(self) -> None:
        """Not about another room."""
        ann = irc_enter(self.world, "ann", "#dev", "#ops")
        ann.ask("PRIVMSG #DEV :here")
        ann.ask("PIN 99999")
        self.assertEqual(ann.protocol.session.room, self.world.chat.rooms["#dev"])

    def test_a_room_one_is_not_in(self) -> None:
        irc_enter(self.world, "bob", "#dev")
        kim = irc_enter(self.world, "kim", "#one")
        self.assertIn("442", kim.numerics("PIN #dev"))
        self.assertIn("421", kim.numerics("FROBNICATE"))
