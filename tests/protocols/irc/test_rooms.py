"""IRC's commands about rooms: JOIN, PART, TOPIC, NAMES, LIST, INVITE, KICK."""

from __future__ import annotations

from chat_support import START, World
from irc_support import IRCClient, irc_enter
from twisted.trial.unittest import SynchronousTestCase


def lines(client: IRCClient, *sent: str) -> list[str]:
    """What comes in answer, without the server's name and the client's."""
    client.send(*sent)
    client.world.settle()
    server, own = f":{client.protocol.server} ", f" {client.user.name.shown} "
    said = client.read()
    return [line.removeprefix(server).replace(own, " ", 1) if line.startswith(server) else line for line in said]


class RoomTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.ann = irc_enter(self.world, "ann", "#dev")
        self.netcat = self.world.enter("kim", "#dev")
        self.ben = irc_enter(self.world, "ben", "#dev")

    def test_joining_several_rooms_some_with_keys(self) -> None:
        self.world.account("owner")
        owner = irc_enter(self.world, "owner", "#one", "#two")
        owner.ask("MODE #one +k first", "MODE #two +k second")
        eve = irc_enter(self.world, "eve")
        self.assertEqual(eve.numerics("JOIN #one,#two,nothash first"), ["JOIN", "353", "366", "475", "403"])
        self.assertEqual(eve.numerics("JOIN #two second"), ["JOIN", "353", "366"])
        self.assertEqual(eve.numerics("JOIN #two"), [])
        self.assertEqual(eve.numerics("JOIN 0"), ["PART", "PART"])

    def test_without_the_names_for_those_who_do_not_want_them(self) -> None:
        eve = irc_enter(self.world, "eve", caps=["draft/no-implicit-names"])
        self.assertEqual(eve.numerics("JOIN #dev"), ["JOIN"])
        self.assertEqual(eve.numerics("NAMES #dev"), ["353", "366"])

    def test_a_reason_for_leaving_is_seen_by_all(self) -> None:
        self.assertEqual(
            lines(self.ben, "PART #dev :lunch\x1b[2J \x02now"), [":ben!~ben@chat PART #dev :lunch\ufffd[2J now"]
        )
        self.assertEqual(self.ann.heard()[0].params, ["#dev", "lunch\ufffd[2J now"])
        self.assertEqual(self.netcat.read(), ["user [ben] left the room (lunch\ufffd[2J now)"])
        self.assertEqual(
            lines(self.ben, "PART #dev,#nowhere"),
            ["442 #dev :You are not in #dev.", lines(self.ben, "PART #nowhere")[0]],
        )

    def test_someone_muted_leaves_without_a_word(self) -> None:
        self.world.chat.rooms["#dev"].modes["moderated"] = True
        self.ben.ask("PART #dev :buy now")
        self.assertEqual(self.netcat.read(), ["user [ben] left the room"])

    def test_a_topic_and_who_set_it(self) -> None:
        self.assertEqual(lines(self.ann, "TOPIC #dev"), ["331 #dev :No topic is set"])
        self.assertEqual(self.ann.numerics("TOPIC #dev :news"), ["TOPIC"])
        self.assertEqual(self.netcat.read(), ["user [ann] set the topic: news"])
        self.world.clock.advance(60)
        told = ["332 #dev :news", f"333 #dev ann {int(START)}"]
        self.assertEqual(lines(self.ben, "TOPIC #dev")[1:], told)
        eve = irc_enter(self.world, "eve")
        self.assertEqual(lines(eve, "TOPIC #dev", "TOPIC #none")[0], "442 #dev :You are not in #dev.")
        self.assertEqual(lines(eve, "JOIN #dev")[1:3], told)
        again = World(self.world.store)
        room = again.chat.rooms["#dev"]
        self.assertEqual((room.topic, room.topic_by, room.topic_at), ("news", "ann", START))

    def test_a_topic_only_ops_may_set(self) -> None:
        self.ann.ask("MODE #dev +t")
        self.world.all_read()
        self.assertEqual(self.ben.numerics("TOPIC #dev :mine"), ["482"])
        self.assertEqual(self.ann.numerics("TOPIC #dev :" + "x" * 350), ["TOPIC"])
        self.assertEqual(self.world.chat.rooms["#dev"].topic, "x" * 300)
        self.assertEqual(self.ann.ask("TOPIC #dev :")[0].params, ["#dev", ""])

    def test_names(self) -> None:
        self.ann.ask("MODE #dev +v ben")
        self.world.all_read()
        self.assertEqual(
            lines(self.ann, "NAMES #dev,#none"), ["353 = #dev :@ann kim +ben", "366 #dev,#none :End of /NAMES list"]
        )
        eve = irc_enter(self.world, "eve", "#own", caps=["multi-prefix", "userhost-in-names"])
        self.ann.ask("MODE #dev +v ann")
        self.assertEqual(lines(eve, "NAMES #dev")[0], "353 = #dev :@+ann!~ann@chat kim!user@chat +ben!~ben@chat")
        self.assertEqual([line.split()[2] for line in lines(eve, "NAMES")[:-1]], ["#lobby", "#dev", "#own"])

    def test_voice_is_kept_by_who_was_an_op_meanwhile(self) -> None:
        self.ann.ask("MODE #dev +v ben", "MODE #dev +o ben", "MODE #dev -o ben")
        self.assertEqual(lines(self.ann, "NAMES #dev")[-2], "353 = #dev :@ann kim +ben")
        self.ann.ask("MODE #dev -v ben")
        self.assertEqual(lines(self.ann, "NAMES #dev")[-2], "353 = #dev :@ann kim ben")

    def test_list_and_its_conditions(self) -> None:
        self.world.clock.advance(600)
        eve = irc_enter(self.world, "eve", "#own")
        eve.ask("TOPIC #own :mine")

        def found(condition: str = "") -> list[str]:
            said = eve.ask(f"LIST {condition}")
            self.assertEqual([said[0].command, said[-1].command], ["321", "323"])
            return [" ".join(line.params[1:]) for line in said[1:-1]]

        self.assertEqual(found(), ["#dev 3 ", "#lobby 1 ", "#own 1 mine"])
        for condition, names in (
            ("#dev", "#dev"), ("#none", ""), ("#d*", "#dev"),
             ("!#d*", "#lobby #own"), (">1", "#dev"), ("<2", "#lobby #own"),
            ("C>5", "#dev"), ("C<5", "#own"), ("T<5", "#own"), ("T>5", ""),
             ("#*,>1", "#dev"), ("#DEV", "#dev"), ("nonsense", ""),
        ):  # fmt: skip
            self.assertEqual(" ".join(line.split()[0] for line in found(condition)), names, condition)

    def test_list_does_not_tell_when_a_topic_was_set_that_is_not_shown(self) -> None:
        self.ann.ask("TOPIC #dev :plans", "MODE #dev +p")
        eve = irc_enter(self.world, "eve")
        for condition in ("T<5", "T>5", "#dev,T<5"):
            self.assertNotIn("#dev", "".join(lines(eve, f"LIST {condition}")))
        self.assertEqual(lines(eve, "LIST #dev,C<5")[1], "322 #dev 3 :")
        self.assertEqual(lines(self.ben, "LIST T<5")[1], "322 #dev 3 :plans")

    def test_invitations(self) -> None:
        eve = irc_enter(self.world, "eve")
        self.assertEqual(lines(self.ann, "INVITE eve #dev"), ["341 eve #dev"])
        self.assertEqual(
            lines(eve, "INVITE"), [":ann!~ann@chat INVITE eve #dev", "336 #dev", "337 :End of /INVITE list"]
        )
        self.assertEqual(lines(self.ann, "INVITE ben #dev"), ["443 ben #dev :ben is in #dev already."])
        self.assertEqual(lines(self.ann, "INVITE nobody #dev"), ["401 nobody :There is no nobody here."])
        self.assertEqual(lines(eve, "INVITE ann #dev"), ["442 #dev :You are not in #dev."])
        self.assertEqual(lines(self.ann, "INVITE eve"), ["461 INVITE :Not enough parameters"])
        self.assertEqual(self.netcat.read(), [])
        self.assertEqual(self.ben.read(), [])

    def test_members_who_ask_for_it_hear_of_invitations(self) -> None:
        cat = irc_enter(self.world, "cat", "#dev", caps=["invite-notify"])
        eve, dan = irc_enter(self.world, "eve", caps=["invite-notify"]), self.world.enter("dan")
        self.assertEqual(self.ann.numerics("INVITE eve #dev", "INVITE dan #dev"), ["341", "341"])
        both = [":ann!~ann@chat INVITE eve #dev", ":ann!~ann@chat INVITE dan #dev"]
        self.assertEqual(cat.read(), both)
        self.assertEqual(eve.read(), both[:1])
        self.assertEqual(dan.read(), ["-- ann invites you to #dev: /join #dev"])
        self.assertEqual(cat.numerics("INVITE eve #dev"), ["341"])

    def test_an_invitation_lets_in_whatever_keeps_others_out(self) -> None:
        self.world.account("owner")
        owner = irc_enter(self.world, "owner", "#closed")
        owner.ask("MODE #closed +ikl key 1")
        eve = irc_enter(self.world, "eve")
        self.assertEqual(eve.numerics("JOIN #closed"), ["473"])
        owner.ask("INVITE eve #closed")
        self.assertEqual(eve.numerics("JOIN #closed"), ["INVITE", "JOIN", "353", "366"])

    def test_kicking(self) -> None:
        irc_enter(self.world, "eve", "#dev")
        self.assertEqual(lines(self.ben, "KICK #dev eve")[0].split()[0], "482")
        self.assertEqual(
            [said.params for said in self.ann.ask("KICK #dev eve,ben :too\x1b loud")],
            [["#dev", "eve", "too\ufffd loud"], ["#dev", "ben", "too\ufffd loud"]],
        )
        self.assertEqual(
            self.netcat.read(), [f"user [{name}] was kicked by [ann] (too\ufffd loud)" for name in ("eve", "ben")]
        )
        self.assertEqual(lines(self.ann, "KICK #dev eve")[0].split(" :")[0], "441 eve #dev")
        self.assertEqual(lines(self.ann, "KICK #dev nobody")[0].split(" :")[0], "401 nobody")
        self.assertEqual(self.ann.numerics("KICK #none eve", "KICK #a,#b eve,ben,kim"), ["403", "461"])
        self.ben.ask("JOIN #dev")
        self.assertEqual(self.ann.ask("KICK #dev ben")[-1].params, ["#dev", "ben", "ann"])


class RenameTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.ann = irc_enter(self.world, "ann", "#old", caps=["draft/channel-rename"])
        self.ben = irc_enter(self.world, "ben", "#old", caps=["extended-join"])
        self.netcat = self.world.enter("kim", "#old")
        self.ann.ask("TOPIC #old :plans")
        self.world.all_read()

    def test_with_the_capability_and_without(self) -> None:
        told = [":ann!~ann@chat RENAME #old #new :clear\ufffder"]
        self.assertEqual(lines(self.ann, "RENAME #old #new :clear\x1ber"), told)
        said = self.ben.heard()
        self.assertEqual([line.command for line in said], ["PART", "JOIN", "332", "333", "353", "366"])
        self.assertEqual(said[0].params, ["#old", "clear\ufffder"])
        self.assertEqual((said[1].nick, said[1].params), ("ben", ["#new", "*", "The real ben"]))
        self.assertEqual(self.netcat.read()[:1], ["user [ann] renamed the room to #new (clear\ufffder)"])
        self.ann.ask("PRIVMSG #new :hello")
        self.assertEqual(self.ben.heard()[0].params, ["#new", "hello"])
        self.assertEqual(self.netcat.read(), ["[ann] hello"])
        self.assertEqual(self.ben.numerics("JOIN #old"), ["JOIN", "353", "366"])

    def test_what_is_refused(self) -> None:
        irc_enter(self.world, "eve", "#other")
        for line, answer in (
            ("RENAME #old #other", "FAIL RENAME CHANNEL_NAME_IN_USE #old #other"),
            ("RENAME #old #old", "FAIL RENAME CANNOT_RENAME #old #old"),
            ("RENAME #old #b@d", "FAIL RENAME CANNOT_RENAME #old #b@d"),
            ("RENAME #other #new", "442 #other"),
            ("RENAME #none #new", "403 #none"),
            ("RENAME #old", "461 RENAME"),
        ):
            self.assertEqual(lines(self.ann, line)[0].split(" :")[0], answer, line)
        self.assertEqual(lines(self.ben, "RENAME #old #new")[0].split(" :")[0], "482 #old")
