"""Every command: right, with too little, with too much, and unknown ones. As people see it."""

from __future__ import annotations

from typing import Any

from chat_support import START, Box, Client, Seat, Trusting, WorldCase
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import presence
from twisted_chat.chat.acts import Answer
from twisted_chat.chat.chat import MAX_NOTE, MAX_ROOMS, Chat
from twisted_chat.chat.commands import COMMANDS, cost
from twisted_chat.chat.commands import run as run_command
from twisted_chat.chat.commands.table import MEANT
from twisted_chat.chat.commands.talking import MAX_HISTORY
from twisted_chat.chat.names import parse_name

HERE = "~ 2026-11-22 10:00:00 "


class CommandCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.kim = self.world.enter("kim")
        self.bob = self.world.enter("bob")

    def one(self, line: str, client: Client | None = None) -> str:
        """The one line that answers a line."""
        (answer,) = (client or self.kim).say(line)
        return answer

    def refuses(self, *lines: str) -> None:
        """That each is answered by its usage, or a sentence."""
        self.bob.read()
        for line in lines:
            answers = self.kim.say(line)
            self.assertEqual(len(answers), 1, (line, answers))
            self.assertTrue(answers[0].startswith("!! "), (line, answers))
            self.assertEqual(self.bob.read(), [], line)


class CostTests(SynchronousTestCase):
    def test_what_is_dear_costs_more_than_talk(self) -> None:
        dear = {name: row.cost for name, row in COMMANDS.items() if row.cost > 1}
        passwords = dict.fromkeys(("register", "login", "password", "ghost", "unregister"), 5)
        self.assertEqual(dear, {"search": 5, "history": 3, "unread": 3, "rooms": 3, **passwords})
        for line, expected in (("/SEARCH x", 5), ("/search", 5), ("/me x", 1), ("/", 1), ("/none", 1)):
            self.assertEqual(cost(line), expected, line)


class HelpTests(CommandCase):
    def test_help_lists_every_command_in_one_line_each(self) -> None:
        lines = self.kim.say("/help")
        rows = [row for row in COMMANDS.values() if row.group != "Administration"]
        groups = list(dict.fromkeys(f"-- {row.group}:" for row in rows))
        self.assertEqual([line for line in lines if line.endswith(":")], groups)
        self.assertEqual(len(lines), len(rows) + len(groups) + 1)
        for row in rows:
            self.assertTrue(any(line.startswith(f"-- {row.usage} ") for line in lines), row.name)

    def test_help_explains_each_command_with_or_without_its_slash_in_any_case(self) -> None:
        for name, row in COMMANDS.items():
            expected = [f"-- {row.usage}", f"-- {row.help}"]
            self.assertEqual(self.kim.say(f"/help {name}"), expected)
            self.assertEqual(self.kim.say(f"/HELP /{name.upper()}"), expected)
            self.assertGreater(len(row.help), 10)

    def test_help_refuses_what_it_does_not_know_and_too_much(self) -> None:
        self.assertEqual(self.one("/help frobnicate"), "!! There is no command /frobnicate. /help lists the commands.")
        self.assertEqual(self.one("/help join me"), "!! Usage: /help [COMMAND]")

    def test_what_was_meant_is_guessed(self) -> None:
        for typed, meant in (("part", "leave"), ("NAMES", "who"), ("regster x y", "register"), ("?", "help")):
            word = typed.split()[0]
            expected = f"!! There is no command /{word}. Did you mean /{meant}? /help lists the commands."
            self.assertEqual(self.one(f"/{typed}"), expected)
            self.assertEqual(self.one(f"/help {word}"), expected)
        for word, meant in MEANT.items():
            self.assertIn(meant, COMMANDS)
            self.assertNotIn(word, COMMANDS)
        self.assertNotIn("mean", self.one("/killl"))

    def test_unknown_commands_are_refused_with_where_to_look_and_are_not_said(self) -> None:
        for line in ("/frobnicate", "/", "/ join #dev", "/joinx #dev", "/\ufffd", "/#dev"):
            self.assertIn("/help lists the commands.", self.one(line))
        self.assertLess(len(self.one("/" + "x" * 4000)), 200)
        self.assertEqual(self.bob.read(), [])

    def test_the_documented_commands_are_there(self) -> None:
        documented = (
            "help format ping quit msg me reply react unreact away history search unread join leave rooms who "
            "topic nick whois seen realname watch unwatch register login logout password cert ghost unregister op "
            "deop voice devoice roles claim transfer drop kick ban unban bans except unexcept mute unmute "
            "invite mode pin unpin delete kill gban ungban announce shun rehash audit rename"
        )
        self.assertEqual(set(COMMANDS), set(documented.split()))


class TalkTests(CommandCase):
    def test_a_line_is_said_in_the_current_room_to_all_the_sender_too(self) -> None:
        self.assertEqual(self.one("hello  there /help"), "[kim] hello  there /help")
        self.assertEqual(self.bob.read(), ["[kim] hello  there /help"])

    def test_what_is_current_after_leaving(self) -> None:
        ann = self.world.enter("ann", "#one", "#two", "#three")
        self.assertIn("-- You are now in #three, alone.", ann.say("/join #two", "/leave"))
        self.assertEqual(ann.say("here"), ["[ann] here"])
        self.assertEqual(ann.session.room.name, "#three")

    def test_two_slashes_say_one(self) -> None:
        self.assertEqual(self.one("//help me"), "[kim] /help me")

    def test_me_is_an_action(self) -> None:
        self.assertEqual(self.one("/me waves  twice"), "* kim waves  twice")
        self.assertEqual(self.bob.read(), ["* kim waves  twice"])
        self.refuses("/me", "/me   ")

    def test_msg_reaches_the_other_and_ones_own_screen_only(self) -> None:
        eve = self.world.enter("eve")
        self.kim.read(), self.bob.read()
        self.assertEqual(self.one("/MSG BOB psst  you"), "[kim -> bob] psst  you")
        self.assertEqual(self.bob.read(), ["[kim -> bob] psst  you"])
        self.assertEqual(eve.read(), [])
        self.assertNotIn("psst", "".join(eve.say("/history", "/search psst")))

    def test_msg_to_oneself_comes_once(self) -> None:
        self.assertEqual(self.one("/msg kim note"), "[kim -> kim] note")

    def test_msg_to_someone_away_says_so(self) -> None:
        self.bob.say("/away lunch, back at 2")
        self.assertEqual(self.kim.say("/msg bob hi"), ["[kim -> bob] hi", "-- bob is away: lunch, back at 2"])

    def test_msg_refuses_nobody_and_nothing(self) -> None:
        self.assertEqual(self.one("/msg eve hi"), "!! There is no eve here.")
        self.refuses("/msg", "/msg bob", "/msg bob  ", "/msg [bob] hi", f"/msg {'x' * 3000} hi")


class TopicTests(CommandCase):
    def test_topic_is_shown_set_and_cleared(self) -> None:
        self.assertEqual(self.one("/topic"), "-- #lobby has no topic.")
        self.assertEqual(self.one("/topic what  breaks"), "user [kim] set the topic: what  breaks")
        self.assertEqual(self.bob.read(), ["user [kim] set the topic: what  breaks"])
        self.assertEqual(self.one("/topic"), "-- Topic of #lobby: what  breaks")
        self.assertEqual(self.one("/topic -"), "user [kim] cleared the topic")
        self.assertEqual(self.one("/topic"), "-- #lobby has no topic.")

    def test_a_topic_that_is_too_long_is_refused(self) -> None:
        self.refuses("/topic " + "x" * (MAX_NOTE + 1))
        self.assertEqual(self.one("/topic"), "-- #lobby has no topic.")
        self.kim.say("/topic " + "x" * MAX_NOTE)
        self.assertEqual(self.world.chat.rooms["#lobby"].topic, "x" * MAX_NOTE)

    def test_newcomers_are_shown_the_topic(self) -> None:
        self.kim.say("/topic what breaks")
        eve = self.world.connect()
        self.assertIn("-- Topic: what breaks", eve.say("eve"))

    def test_a_room_with_a_topic_outlasts_its_members(self) -> None:
        self.kim.say("/join #dev", "/topic keep me", "/leave")
        self.assertIn("-- #dev (0): keep me", self.bob.say("/rooms"))
        self.assertIn("-- Topic: keep me", self.bob.say("/join #dev"))


class RoomCommandTests(CommandCase):
    def test_join_makes_a_room_and_makes_it_the_current_one(self) -> None:
        self.assertEqual(
            self.kim.say("/join #Dev"), ["user [kim] has entered the room", "-- You are now in #dev, alone."]
        )
        self.assertEqual(self.bob.read(), [])
        self.assertEqual(self.one("hello"), "[kim] hello")
        self.assertEqual(self.bob.read(), [])

    def test_lines_from_other_rooms_say_which(self) -> None:
        self.kim.say("/join dev")
        self.assertEqual(self.bob.say("hi", "/me waves", "/topic t"), [
            "[bob] hi", "* bob waves", "user [bob] set the topic: t"
        ])  # fmt: skip
        self.assertEqual(
            self.kim.read(), ["#lobby [bob] hi", "#lobby * bob waves", "#lobby user [bob] set the topic: t"]
        )

    def test_joining_a_room_one_is_in_makes_it_current_and_tells_nobody_else(self) -> None:
        self.kim.say("/join #dev")
        self.assertEqual(self.one("/join #lobby"), "-- You are now in #lobby, with one other.")
        self.assertEqual(self.bob.read(), [])
        self.assertEqual(self.one("hi"), "[kim] hi")
        self.assertEqual(self.bob.read(), ["[kim] hi"])

    def test_join_refuses_what_is_no_room(self) -> None:
        self.refuses("/join", "/join #", "/join #a KEY more", "/join (x)", "/join #" + "x" * 33, "/join #1obby")
        self.assertEqual(set(self.world.chat.rooms), {"#lobby"})

    def test_nobody_is_in_more_than_so_many_rooms(self) -> None:
        self.kim.say(*(f"/join #room-{i:03}-" for i in range(MAX_ROOMS - 1)))
        self.assertEqual(len(self.kim.user.rooms), MAX_ROOMS)
        self.refuses("/join #onemore")
        self.assertNotIn("#onemore", self.world.chat.rooms)
        self.kim.say("/leave")
        self.assertIn("-- You are now in #onemore, alone.", self.kim.say("/join #onemore"))

    def test_leave_takes_one_to_the_last_room_entered_of_those_left(self) -> None:
        self.kim.say("/join #a", "/join #b", "/join #c", "/join #a")
        self.assertEqual(self.kim.say("/leave"), ["-- You left #a.", "-- You are now in #c, alone."])
        self.assertEqual(self.kim.say("/leave #b"), ["-- You left #b."])
        self.assertEqual(self.kim.say("/leave"), ["-- You left #c.", "-- You are now in #lobby, with one other."])

    def test_those_who_stay_see_someone_leave(self) -> None:
        self.kim.say("/leave #lobby")
        self.assertEqual(self.bob.read(), ["user [kim] left the room"])
        self.bob.say("gone?")
        self.assertEqual(self.kim.read(), [])

    def test_in_no_room_one_is_told_where_to_go(self) -> None:
        self.assertEqual(
            self.kim.say("/leave"),
            ["-- You left #lobby.", "-- You are in no room now. /join #lobby takes you back."],
        )
        self.refuses("hello", "/me waves", "/topic x", "/topic", "/leave", "/who", "/history")
        self.assertIn("/join #lobby", self.one("hello"))
        self.assertEqual(self.kim.say("/whois kim")[0], "-- kim is in no room.")
        self.assertIn("user [kim] has entered the room", self.kim.say("/join #lobby"))

    def test_leave_refuses_rooms_one_is_not_in(self) -> None:
        self.bob.say("/join #dev")
        self.assertEqual(self.one("/leave #dev"), "!! You are not in #dev.")
        self.assertEqual(self.one("/leave #none"), "!! There is no room #none. /join #none would make it.")
        self.refuses("/leave #a #b", "/leave [x]")

    def test_a_room_without_members_and_topic_is_gone(self) -> None:
        self.kim.say("/join #modem", "/leave")
        self.assertEqual(set(self.world.chat.rooms), {"#lobby"})
        self.assertIn("-- You are now in #modern, alone.", self.bob.say("/join #modern"))

    def test_rooms_lists_all_the_fullest_first_with_their_topics(self) -> None:
        self.bob.say("/join #dev", "/topic what breaks")
        self.assertEqual(self.kim.say("/rooms"), ["-- #lobby (2)", "-- #dev (1): what breaks"])
        self.refuses("/rooms all")

    def test_who_lists_the_members_of_any_room(self) -> None:
        self.bob.say("/join #dev", "/away")
        self.bob.say("/away tea")
        self.assertEqual(self.kim.say("/who"), ["-- In #lobby (2):", "--  kim, bob (away)"])
        self.assertEqual(self.kim.say("/who dev"), ["-- In #dev (1):", "--  @bob (away)"])
        self.refuses("/who #none", "/who #a #b", "/who [x]")

    def test_who_wraps_long_lists(self) -> None:
        for i in range(25):
            self.world.enter(f"guest-{i}")
        self.kim.read()
        self.assertEqual([line.count(",") for line in self.kim.say("/who")], [0, 19, 6])


class PersonTests(CommandCase):
    def test_nick_changes_the_name_for_all_to_see(self) -> None:
        self.assertEqual(self.kim.say("/nick Kimchi"), ["user [kim] is now [Kimchi]", "-- You are now Kimchi."])
        self.assertEqual(self.bob.read(), ["user [kim] is now [Kimchi]"])
        self.assertEqual(self.one("hi"), "[Kimchi] hi")
        self.assertEqual(self.one("/msg kim hi"), "!! There is no kim here.")
        self.assertIn("[Kimchi -> Kimchi] hi", self.one("/msg kimchi hi"))

    def test_nick_is_seen_in_every_room_shared_or_not(self) -> None:
        self.kim.say("/join #dev")
        self.assertEqual(
            self.kim.say("/nick kimchi"),
            ["#lobby user [kim] is now [kimchi]", "user [kim] is now [kimchi]", "-- You are now kimchi."],
        )
        self.assertEqual(self.bob.read(), ["user [kim] is now [kimchi]"])

    def test_nick_refuses_names_in_use_names_like_them_and_what_is_no_name(self) -> None:
        self.refuses(
            "/nick", "/nick BOB", "/nick b\u043eb", "/nick kim", "/nick a b", "/nick #kim", "/nick " + "x" * 99
        )
        self.assertEqual(self.kim.user.name.shown, "kim")

    def test_a_name_given_up_is_free(self) -> None:
        self.kim.say("/nick kimchi")
        self.bob.say("/nick kim")
        self.assertEqual(self.bob.user.name.shown, "kim")

    def test_whois_tells_rooms_idle_time_and_away(self) -> None:
        self.bob.say("/join #dev", "/away tea")
        self.world.clock.advance(7200)
        self.bob.say("hm")
        self.world.clock.advance(60)
        self.kim.read()
        self.assertEqual(
            self.kim.say("/whois Bob"),
            ["-- bob is in #lobby, #dev.", "-- A guest, here for 2 hours, idle for 1 minute.", "-- Away: tea"],
        )
        self.refuses("/whois", "/whois eve", "/whois kim bob", "/whois [x]")

    def test_away_is_set_and_taken_back(self) -> None:
        self.assertEqual(self.one("/away tea"), "-- You are marked as away.")
        self.assertEqual(self.kim.user.away, "tea")
        self.assertEqual(self.one("/away"), "-- You are marked as back.")
        self.assertIsNone(self.kim.user.away)
        self.refuses("/away " + "x" * (MAX_NOTE + 1))
        self.assertIsNone(self.kim.user.away)
        self.assertEqual(self.bob.read(), [])

    def test_quit_says_goodbye_and_tells_the_reason_in_every_room(self) -> None:
        self.bob.say("/join #dev")
        self.kim.say("/join #dev")
        self.bob.read()
        self.assertEqual(self.kim.say("/quit lunch time"), ["-- Goodbye."])
        self.assertTrue(self.kim.wire.disconnecting)
        self.assertEqual(
            self.bob.read(), ["#lobby user [kim] left the room (lunch time)", "user [kim] left the room (lunch time)"]
        )
        self.kim.drop()

    def test_quit_with_too_long_a_reason_is_refused_and_nobody_leaves(self) -> None:
        self.refuses("/quit " + "x" * (MAX_NOTE + 1))
        self.assertFalse(self.kim.wire.disconnecting)
        self.assertEqual(self.one("hi"), "[kim] hi")


class LogTests(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.kim.say(*(f"line {i}" for i in range(30)))

    def test_history_shows_the_last_20_and_whatever_happened(self) -> None:
        lines = self.kim.say("/history")
        self.assertEqual(lines[:20], [f"{HERE}[kim] line {i}" for i in range(10, 30)])
        self.assertEqual(lines[20:], ["-- End of the history of #lobby, 20 lines."])
        lines = self.kim.say("/history 99")
        self.assertEqual(lines[:2], [f"{HERE}user [{name}] has entered the room" for name in ("kim", "bob")])
        self.assertEqual(lines[-1], "-- End of the history of #lobby, 32 lines.")

    def test_history_before_and_after_an_id(self) -> None:
        self.assertEqual(self.kim.say("/history 2 before 10")[:2], [f"{HERE}[kim] line 5", f"{HERE}[kim] line 6"])
        self.assertEqual(self.kim.say("/history 2 after 10")[:2], [f"{HERE}[kim] line 8", f"{HERE}[kim] line 9"])
        self.assertEqual(len(self.kim.say("/HISTORY AFTER 30")), 3)
        self.assertEqual(self.one("/history after 999999999999999999"), "-- End of the history of #lobby, 0 lines.")

    def test_history_refuses_everything_else(self) -> None:
        self.refuses("/history 0", "/history -1", "/history x", "/history 3.5", f"/history {MAX_HISTORY + 1}")
        self.refuses(
            "/history before", "/history 5 before x", "/history 5 after 1 before 9", "/history 5 5", "/history ²"
        )
        self.refuses("/history " + "9" * 4000, "/history before " + "9" * 19, "/history 5 around 3")

    def test_search_finds_lines_with_all_words_in_ones_own_rooms_only(self) -> None:
        self.bob.say("/join #dev", "line of bob")
        self.bob.say("another line, LINE 7!")
        self.kim.read()
        self.assertEqual(self.kim.say("/search LINE 7"), [f"{HERE}[kim] line 7", "-- Found 1 line."])
        self.assertEqual(
            self.bob.say("/search line 7"),
            [f"{HERE}#lobby [kim] line 7", f"{HERE}[bob] another line, LINE 7!", "-- Found 2 lines."],
        )
        self.assertEqual(len(self.kim.say("/search line")), 21)
        self.assertEqual(self.one("/search nothing"), "-- Found 0 lines.")
        self.refuses("/search", "/search *", '/search "" -')

    def test_search_does_not_find_why_people_left(self) -> None:
        eve = self.world.enter("eve")
        eve.say("/quit for line 7 lunch")
        eve.drop()
        self.world.settle()
        self.kim.read()
        self.assertEqual(self.one("/search lunch"), "-- Found 0 lines.")

    def test_search_in_no_room_finds_nothing(self) -> None:
        self.kim.say("/leave")
        self.assertEqual(self.one("/search line"), "-- Found 0 lines.")


class ProgramTests(CommandCase):
    def test_ping_is_answered_with_its_token(self) -> None:
        self.assertEqual(self.one("/ping"), "-- pong")
        self.assertEqual(self.one("/ping a  b"), "-- pong a  b")

    def test_format_chooses_how_one_is_written_to(self) -> None:
        (answer,) = self.kim.say("/format JSON")
        self.assertTrue(answer.startswith('{"type":"format"'))
        self.assertEqual(self.one("/format text"), "-- You now receive text.")
        self.assertEqual(self.one("hi"), "[kim] hi")
        self.refuses("/format", "/format xml", "/format text json")


class OfferedTests(SynchronousTestCase):
    def test_where_there_is_no_form_to_choose_there_is_no_format(self) -> None:
        box, seat = Box(), Seat()
        chat = Chat(box, lambda: START, Trusting())
        presence.enter(chat, seat, parse_name("kim"))

        def say(line: str) -> str:
            box.take()
            run_command(chat, seat, line)
            (answer,) = box.take()
            return str(answer.text)

        self.assertIn("/format", say("/help"))
        seat.forms = ()
        self.assertNotIn("/format", say("/help"))
        for line in ("/format json", "/FORMAT json", "/help format"):
            self.assertIn("There is no command", say(line))


class ArgumentTests(SynchronousTestCase):
    def test_every_command_survives_every_kind_of_argument(self) -> None:
        values = [
            "",
            "x",
            "#x",
            "x y",
            "x y z",
            "-",
            "1",
            "x" * 4000,
            "\ufffd" * 9,
            "#" * 99,
            "2 before 1",
            " ",
            "%s {0}",
        ]
        for name in COMMANDS:
            for value in values:
                box, seat = Box(), Seat()
                chat = Chat(box, lambda: START, Trusting())
                presence.enter(chat, seat, parse_name("kim"))
                box.take()
                run_command(chat, seat, f"/{name} {value}")
                steps = box.take()
                self.assertTrue(steps, (name, value))
                for step in steps:
                    if isinstance(step, Answer):
                        self.check(step)

    def check(self, answer: Any) -> None:
        for line in answer.text.split("\n"):
            self.assertTrue(line.isprintable() or "\ufffd" in line, answer.text)
        self.assertLess(len(answer.text), 8000)
