"""One person on IRC and one in netcat, in the same room; and one account on both."""

from __future__ import annotations

from chat_support import WorldCase
from irc_support import irc_enter


class InterplayTests(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.world.account("ann")
        self.line = self.world.enter("kim", "#dev")
        self.irc = irc_enter(self.world, "bob", "#dev")

    def heard(self) -> tuple[list[str], list[str]]:
        """What came on the line protocol, and on IRC: without the sources' hosts."""
        self.world.settle()
        said = [f"{s.nick} {s.command} {' '.join(s.params)}" for s in self.irc.heard()]
        return self.line.read(), said

    def test_each_sees_what_the_other_says_and_does(self) -> None:
        self.line.send("hello")
        self.assertEqual(self.heard(), (["[kim] hello"], ["kim PRIVMSG #dev hello"]))
        self.line.send("/me waves")
        self.assertEqual(self.heard(), (["* kim waves"], ["kim PRIVMSG #dev \x01ACTION waves\x01"]))
        self.irc.send("PRIVMSG #dev :hi", "PRIVMSG #dev :\x01ACTION nods\x01", "NOTICE #dev :note")
        self.assertEqual(self.heard(), (["[bob] hi", "* bob nods", "-bob- note"], []))

    def test_each_is_told_of_the_others_topics_kicks_and_renames(self) -> None:
        self.line.send("/topic tea")
        self.assertEqual(self.heard(), (["user [kim] set the topic: tea"], ["kim TOPIC #dev tea"]))
        self.irc.send("NICK bobby")
        self.assertEqual(self.heard(), (["user [bob] is now [bobby]"], ["bob NICK bobby"]))
        self.line.send("/nick kimchi")
        self.assertIn("kim NICK kimchi", self.heard()[1])
        self.line.send("/kick bobby spam")
        line, irc = self.heard()
        self.assertIn("user [bobby] was kicked by [kimchi] (spam)", line)
        self.assertEqual(irc, ["kimchi KICK #dev bobby spam"])

    def test_direct_messages_go_both_ways(self) -> None:
        self.line.send("/msg bob psst")
        self.assertEqual(self.heard(), (["[kim -> bob] psst"], ["kim PRIVMSG bob psst"]))
        self.irc.send("PRIVMSG kim :yes?")
        self.assertEqual(self.heard(), (["[bob -> kim] yes?"], []))

    def test_one_sees_ones_own_coming_and_going_on_irc(self) -> None:
        self.irc.send("PART #dev")
        self.assertEqual(self.heard(), (["user [bob] left the room"], ["bob PART #dev"]))
        self.irc.send("JOIN #dev")
        line, irc = self.heard()
        self.assertEqual(line, ["user [bob] has entered the room"])
        self.assertEqual(irc[0], "bob JOIN #dev")

    def test_one_without_rooms_is_told_of_ones_new_name(self) -> None:
        self.irc.send("PART #dev")
        self.heard()
        self.irc.send("NICK bobby")
        self.assertEqual(self.heard()[1], ["bob NICK bobby"])

    def test_who_leaves_the_chat_quits_once_however_many_rooms_were_shared(self) -> None:
        self.irc.send("JOIN #lobby")
        self.heard()
        self.line.drop()
        self.world.settle()
        quits = [s for s in self.irc.heard() if s.command == "QUIT"]
        self.assertEqual([s.nick for s in quits], ["kim"])

    def test_one_account_is_one_person_on_both(self) -> None:
        ann = self.world.enter("ann", "#dev")
        self.heard()
        other = irc_enter(self.world, "ann")
        self.assertEqual(self.heard(), ([], []))
        other.send("PRIVMSG #dev :from irc")
        self.world.settle()
        self.assertEqual(ann.read(), ["[ann] from irc"])
        ann.send("from netcat")
        self.world.settle()
        self.assertEqual([s.text for s in other.heard()], ["from netcat"])
        ann.send("/leave #dev")
        self.world.settle()
        self.assertEqual([s.command for s in other.heard()], ["PART"])
        self.heard()
        other.send("QUIT")
        self.world.settle()
        self.assertEqual(self.heard(), ([], []))
        self.assertIn("ann", self.world.chat.users)

    def test_a_second_connection_is_told_of_the_rooms_the_first_is_in(self) -> None:
        self.world.enter("ann", "#dev")
        other = irc_enter(self.world, "ann")
        self.assertEqual(
            set(self.world.chat.users["ann"].rooms), {self.world.chat.rooms[r] for r in ("#lobby", "#dev")}
        )
        self.assertEqual(set(other.session.formats), {"#lobby", "#dev"})

    def test_nothing_is_seen_on_irc_that_is_not_kept(self) -> None:
        self.world.store.hold = True
        self.line.send("hello")
        self.assertEqual(self.heard(), ([], []))
        self.world.store.release()
        self.assertEqual(self.heard(), (["[kim] hello"], ["kim PRIVMSG #dev hello"]))

    def test_the_line_protocols_forms_are_not_to_be_chosen_here(self) -> None:
        self.assertEqual([s.command for s in self.irc.ask("FORMAT json")], ["421"])
        self.line.send("hello")
        self.assertEqual(self.heard()[1], ["kim PRIVMSG #dev hello"])

    def test_what_looks_like_a_blank_is_none_and_a_cr_ends_no_line(self) -> None:
        self.assertEqual([s.command for s in self.irc.ask("NICK a\xa0b")], ["432"])
        self.irc.send("PRIVMSG #dev :one\rQUIT :two")
        self.assertEqual(self.heard(), (["[bob] one QUIT :two"], []))
