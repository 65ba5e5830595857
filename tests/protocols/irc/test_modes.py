"""MODE: of rooms and of people."""

from __future__ import annotations

from chat_support import START, World
from irc_support import irc_enter
from test_rooms import lines
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.permissions import Role


class RoomModeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann")
        self.ann = irc_enter(self.world, "ann", "#dev")
        self.netcat = self.world.enter("kim", "#dev")
        self.ben = irc_enter(self.world, "ben", "#dev")

    def test_several_in_one_line_are_shown_to_everyone(self) -> None:
        self.assertEqual(
            lines(self.ann, "MODE #dev +mtl-t+v 9 ben"),
            [":ann!~ann@chat MODE #dev +mtl-t+v 9 ben"],
        )
        self.assertEqual(self.ben.heard()[0].params, ["#dev", "+mtl-t+v", "9", "ben"])
        self.assertEqual(
            self.netcat.read(),
            [
                f"user [ann] set {mode}"
                for mode in ("moderated", "topic-ops", "limit 9", "-topic-ops", "voice for [ben]")
            ],
        )
        self.assertEqual(lines(self.ben, "MODE #dev"), ["324 #dev +lmn 9", f"329 #dev {int(START)}"])
        self.assertEqual(lines(self.ben, "MODE #lobby"), ["324 #lobby +n"])

    def test_no_value_holds_a_second_line_or_moves_a_cursor(self) -> None:
        for value in ("+b a\x1b[2J\u202e*!*@*", "+k k\x1b[2J\rx", "+e m:x\x9b*"):
            self.ann.bytes(f"MODE #dev {value}\r\n".encode())
        self.world.settle()
        said = "".join(self.netcat.read()) + "".join(self.netcat.say("/mode", "/bans"))
        self.assertIn("set ban a\ufffd[2j\ufffd*", said)
        self.assertTrue(said.isprintable(), said)
        self.assertEqual({line.command for line in self.ben.heard()}, {"MODE"})

    def test_as_many_lines_as_it_takes(self) -> None:
        masks = ["x" * 30 + f"{i}!{'y' * 30}@*" for i in range(18)]
        for start in (0, 6, 12):
            self.ann.send(f"MODE #dev +bbbbbb {' '.join(masks[start : start + 6])}")
        said = [line.params[1:] for line in self.ann.ask("MODE #dev +o ben")]
        self.assertEqual([mask for line in said for mask in line[1:]], [*masks, "ben"])
        self.assertTrue(all(line[0] in ("+" + "b" * (len(line) - 1), "+o") for line in said), said)

    def test_no_mask_is_cut(self) -> None:
        """Not the longest, with the longest names, in letters of four bytes each."""
        letters = [chr(0x12000 + i) for i in range(20)]
        name, room = letters[0] * 32, "#" + letters[1] * 31
        ann, ben = irc_enter(self.world, name, room), irc_enter(self.world, letters[2] * 32, room)
        several = [letter * 22 + "!ident@*" for letter in letters[:3]]
        for sign in "+-":
            ann.ask(f"MODE {room} {sign}bbb {' '.join(several)}")
            told = [line.params[1:] for line in ben.heard()]
            self.assertEqual(told, [[f"{sign}bb", *several[:2]], [f"{sign}b", several[2]]])
        op = self.world.enter("op", room)
        self.world.chat.rooms[room].members[op.user] = Role.OP
        longest, name_only = letters[7] * 45 + "!abcdefghij@klm-nopq", letters[8] * 49 + "*"
        op.say(f"/ban {longest}", f"/mute {name_only}")
        self.assertEqual(len(longest.encode()), 200)
        self.assertIn("at most 200 bytes", op.say(f"/ban {letters[8] * 50}*")[-1])
        shown = [longest, f"m:{name_only}!*@*"]
        self.assertEqual(
            [line.params[1:] for line in ben.heard() if line.source.startswith("op")], [["+b", mask] for mask in shown]
        )
        self.assertEqual([line.params[2] for line in ben.ask(f"MODE {room} b") if line.command == "367"], shown)

    def test_what_is_so_already_is_not_said(self) -> None:
        self.assertEqual(lines(self.ann, "MODE #dev -m-l-k *", "MODE #dev +o ann", "MODE #dev -v ben"), [])

    def test_a_key_is_shown_to_members_only(self) -> None:
        self.ann.ask("MODE #dev +k sesame")
        eve = irc_enter(self.world, "eve")
        self.assertEqual(lines(self.ann, "MODE #dev")[0], "324 #dev +kn sesame")
        self.assertEqual(lines(eve, "MODE #dev")[0], "324 #dev +kn *")
        self.assertNotIn("sesame", "".join(event.text for event in self.world.store.log))

    def test_what_cannot_be(self) -> None:
        for line, answer in (
            ("MODE #dev +X", "472 X"),
            ("MODE #dev +l no", "696 #dev l no"),
            ("MODE #dev +l 0", "696 #dev l 0"),
            ("MODE #dev +l", "696 #dev l *"),
            ("MODE #dev +k :two words", "696 #dev k *"),
            ("MODE #dev +k off", "696 #dev k *"),
            ("MODE #dev +k a,b", "696 #dev k *"),
            ("MODE #dev +k", "696 #dev k *"),
            ("MODE #dev +o", "461 MODE"),
            ("MODE #dev +o nobody", "401 nobody"),
            ("MODE #none +m", "403 #none"),
        ):
            self.assertEqual(lines(self.ann, line)[0].split(" :")[0], answer, line)
        irc_enter(self.world, "eve")
        self.assertEqual(lines(self.ann, "MODE #dev +o eve")[0].split(" :")[0], "441 eve #dev")
        for line in ("MODE #dev +m", "MODE #dev -m", "MODE #dev +o ben", "MODE #dev +k x"):
            self.assertEqual(lines(self.ben, line)[0].split(" :")[0], "482 #dev", line)
        self.assertEqual(self.world.chat.rooms["#dev"].modes, {})

    def test_lists(self) -> None:
        for mode, said, entry, end in (
            ("+b bad!*@*", "+b bad!*@*", 367, 368),
            ("+b m:loud", "+b m:loud!*@*", 367, 368),
            ("+b a:Sam", "+b a:sam", 367, 368),
            ("+e *!*@192.0.2.9", "+e *!*@192.0.2.9", 348, 349),
            ("+e m:*!friend@*", "+e m:*!friend@*", 348, 349),
            ("+I pal", "+I pal!*@*", 346, 347),
        ):
            self.assertEqual(lines(self.ann, f"MODE #dev {mode}"), [f":ann!~ann@chat MODE #dev {said}"])
            shown = lines(self.ann, f"MODE #dev {said[:2]}")
            self.assertIn(f"{entry} #dev {said[3:]} ann {int(START)}", shown)
            self.assertEqual(shown[-1].split(" :")[0], f"{end} #dev")
        self.assertEqual(len(self.ben.heard()), 5)
        self.assertEqual(self.netcat.read()[:3], [f"user [ann] set {w}" for w in ("ban bad", "mute loud", "ban a:sam")])
        self.assertEqual(len(lines(self.ben, "MODE #dev b")), 4)
        self.assertEqual(len(lines(self.ben, "MODE #dev e")), 2)
        self.assertEqual(lines(self.ann, "MODE #dev -b BAD!*@*"), [":ann!~ann@chat MODE #dev -b bad!*@*"])
        self.assertEqual(lines(self.ann, "MODE #dev -b bad!*@*"), [])
        eve = irc_enter(self.world, "eve")
        self.assertEqual(lines(eve, "MODE #dev b")[0].split(" :")[0], "442 #dev")
        self.assertEqual(lines(self.ben, "MODE #dev +b eve")[0].split(" :")[0], "482 #dev")
        self.assertEqual(lines(self.ann, "MODE #dev +b a!b!c")[0].split(" :")[0], "696 #dev b a!b!c")

    def test_outside_messages(self) -> None:
        self.assertEqual(lines(self.ann, "MODE #dev +n"), [])
        self.assertEqual(lines(self.ann, "MODE #dev -n"), [":ann!~ann@chat MODE #dev -n"])
        self.assertEqual(self.netcat.read(), ["user [ann] set external"])
        self.assertEqual(lines(self.ann, "MODE #dev")[0], "324 #dev +")
        self.assertEqual(lines(self.ann, "MODE #dev +n"), [":ann!~ann@chat MODE #dev +n"])


class UserModeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.world.account("root", admin=True)
        self.ann = irc_enter(self.world, "ann", "#dev")
        self.ben = irc_enter(self.world, "ben", "#dev", caps=["message-tags"])

    def test_of_oneself_only(self) -> None:
        self.assertEqual(lines(self.ann, "MODE ann"), ["221 +"])
        self.assertEqual(lines(self.ann, "MODE ann +iBi", "MODE ANN"), [":ann!~ann@chat MODE ann +iB", "221 +Bi"])
        self.assertEqual(lines(self.ann, "MODE ann -iB+w"), [":ann!~ann@chat MODE ann -iB+w"])
        self.assertEqual(lines(self.ann, "MODE ann +w", "MODE ann +o"), [])
        self.assertEqual(lines(self.ann, "MODE ann +xi"), [":ann!~ann@chat MODE ann +i", "501 :Unknown MODE flag"])
        self.assertEqual(self.ann.numerics("MODE ben", "MODE ben +i", "MODE nobody"), ["502", "502", "401"])

    def test_a_program_is_marked_as_one(self) -> None:
        self.ann.ask("MODE ann +B", "PRIVMSG #dev :beep")
        self.assertIn("bot", self.ben.heard()[0].tags)
        self.ann.ask("MODE ann -B", "PRIVMSG ben :beep")
        self.assertNotIn("bot", self.ben.heard()[0].tags)

    def test_an_administrator_may_lay_that_down(self) -> None:
        self.ann.ask("OPER root correct-horse")
        self.assertEqual(lines(self.ann, "MODE ann"), ["221 +o"])
        self.assertEqual(lines(self.ann, "MODE ann -o", "MODE ann"), [":ann!~ann@chat MODE ann -o", "221 +"])
        self.assertFalse(self.world.chat.is_admin(self.ann.user))
