"""Tests for L{twisted_chat.client.layout}, L{screen}, L{buffer} and L{rooms}: what is seen."""

import datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase
from wcwidth import width

from twisted_chat.client import buffer as buffers
from twisted_chat.client.buffer import Buffer, Entry
from twisted_chat.client.events import Event
from twisted_chat.client.layout import DIM, READABLE, Look, Row, _luminance, fit_row, render, wrap
from twisted_chat.client.rooms import Rooms
from twisted_chat.client.screen import Screen

LOOK = Look(zone=datetime.UTC)
PLAIN = Look(0, zone=datetime.UTC)


def texts(rows: list[Row]) -> list[str]:
    return ["".join(text for text, _ in row) for row in rows]


def entry(text: str, time: float = 0.0) -> Entry:
    return Entry(Event("message", text, sender="bob"), time, "kim", False, False)


class WrapTests(TestCase):
    def test_at_words_under_their_own_indent(self) -> None:
        rows = wrap([("[kim] ", "")], [("one two three four five", "")], 18)
        self.assertEqual(texts(rows), ["[kim] one two ", "      three four ", "      five"])

    def test_long_words_are_broken(self) -> None:
        self.assertEqual(texts(wrap([("> ", "")], [("abcdefghij", "")], 6)), ["> abcd", "  efgh", "  ij"])

    def test_wide_characters(self) -> None:
        self.assertEqual(texts(wrap([], [("漢字漢字漢", "")], 5)), ["漢字", "漢字", "漢"])

    @given(st.text(st.sampled_from("ab 漢é👍\u0301")), st.text(st.sampled_from("ab 漢")), st.integers(2, 30))
    def test_nothing_is_lost_and_everything_fits(self, body: str, start: str, columns: int) -> None:
        rows = wrap([(start, "1")], [(body, "")], columns)
        for text in texts(rows):
            self.assertLessEqual(width(text), columns)
        self.assertEqual("".join(texts(rows)).replace(" ", ""), (start + body).replace(" ", ""))


class RenderTests(TestCase):
    def show(self, event: Event, look: Look = PLAIN, **changes: bool) -> list[str]:
        return texts(render(event, 3600.0, look, 80, "kim", **{"mentioned": False, "foreign": False, **changes}))

    def test_every_line_of_a_message_has_its_sender(self) -> None:
        drawn = self.show(Event("message", "one\n\n[kim] two", sender="bob"))
        self.assertEqual(drawn, ["01:00 [bob] one", "01:00 [bob] ", "01:00 [bob] [kim] two"])

    def test_kinds(self) -> None:
        for event, text in [
            (Event("message", "hi", sender="bob"), "01:00 [bob] hi"),
            (Event("action", "waves", sender="bob"), "01:00 * bob waves"),
            (Event("direct", "psst", sender="bob", to="kim"), "01:00 [bob -> kim] psst"),
            (Event("direct_action", "waves", sender="bob", to="kim"), "01:00 [bob -> kim] * bob waves"),
            (Event("direct_notice", "done", sender="bob", to="kim"), "01:00 -bob -> kim- done"),
            (Event("notice", "done", sender="bob"), "01:00 -bob- done"),
            (Event("notice", sender="bob"), "01:00 -bob- (deleted)"),
            (Event("unreaction", "+1", sender="bob", to="812"), "01:00 * bob takes back +1 from 812"),
            (Event("reaction", "+1", sender="bob", to="812"), "01:00 * bob reacts to 812 with +1"),
            (Event("join", sender="bob"), "01:00 -> bob has entered the room"),
            (Event("leave", "lunch", sender="bob"), "01:00 <- bob left the room (lunch)"),
            (Event("rename", sender="bob", to="rob"), "01:00 -- bob is now rob"),
            (Event("topic", "x", sender="bob"), "01:00 -- bob set the topic: x"),
            (Event("topic", sender="bob"), "01:00 -- bob cleared the topic"),
            (Event("kick", "spam", sender="kim", to="bob"), "01:00 <- user [bob] was kicked by [kim] (spam)"),
            (Event("mode", "op", sender="kim", to="bob"), "01:00 -- user [kim] set op for [bob]"),
            (Event("mode", "-moderated", sender="kim"), "01:00 -- user [kim] set -moderated"),
            (Event("delete", "812", sender="kim", to="bob"), "01:00 -- user [kim] deleted message 812 of [bob]"),
            (Event("message", sender="bob"), "01:00 [bob] (deleted)"),
            (Event("announce", "down at noon", sender="kim"), "01:00 [kim -> everyone] down at noon"),
            (Event("audit", "kick from #a", sender="kim", to="bob"), "01:00 -- [kim] kick from #a [bob]"),
            (Event("audit", "End of the audit log."), "01:00 -- End of the audit log."),
            (Event("message", "hi", 7, sender="bob", numbered=True), "01:00 7 [bob] hi"),
            (Event("error", "no"), "01:00 !! no"),
            (Event("anything", "text"), "01:00 -- text"),
        ]:
            self.assertEqual(self.show(event), [text])

    def test_another_room_is_named(self) -> None:
        event = Event("message", "hi", room="#dev", sender="bob")
        self.assertEqual(self.show(event, foreign=True), ["01:00 #dev [bob] hi"])

    def test_timestamps_can_be_off(self) -> None:
        look = Look(0, timestamps=False)
        self.assertEqual(self.show(Event("message", "hi", sender="bob"), look), ["[bob] hi"])

    def test_replay_is_dim_and_no_colour_means_none(self) -> None:
        event = Event("message", "hi", sender="bob", replay=True)
        styles = {style for row in render(event, 0, LOOK, 80, "kim", False, False) for _, style in row}
        self.assertEqual(styles, {DIM})
        for type_ in ("message", "error", "info", "direct"):
            plain = render(Event(type_, "x", sender="b", to="c"), 0, PLAIN, 80, "kim", True, True)
            self.assertEqual({style for row in plain for _, style in row} - {"", "1", DIM}, set())

    def test_colours_are_readable_on_dark_and_light(self) -> None:
        levels = (0, 95, 135, 175, 215, 255)
        self.assertGreater(len(READABLE), 20)
        for colour in READABLE:
            cube = colour - 16
            light = _luminance(levels[cube // 36], levels[cube // 6 % 6], levels[cube % 6])
            self.assertGreaterEqual(min(1.05 / (light + 0.05), (light + 0.05) / 0.05), 3.5)

    def test_a_name_has_one_colour(self) -> None:
        self.assertEqual(LOOK.name_style("Kim"), LOOK.name_style("kim"))
        self.assertGreater(len({LOOK.name_style(f"user{n}") for n in range(50)}), 15)

    def test_a_huge_text_takes_a_bounded_number_of_rows(self) -> None:
        event = Event("info", "\n".join(["x"] * 1000))
        self.assertLessEqual(len(render(event, 0, LOOK, 80, "", False, False)), 200)

    def test_a_row_is_cut_and_filled(self) -> None:
        self.assertEqual(texts([fit_row([("漢字", ""), ("ab", "")], 3)]), ["漢"])
        self.assertEqual(texts([fit_row([("ab", "7")], 4, "7")]), ["ab  "])


class BufferTests(TestCase):
    def test_the_newest_lines_at_the_bottom(self) -> None:
        made = Buffer()
        for number in range(10):
            made.add(entry(f"text {number}"))
        look = Look(0, timestamps=False, zone=datetime.UTC)
        self.assertEqual(texts(made.visible(look, 80, 3)), [f"[bob] text {n}" for n in (7, 8, 9)])

    def test_scrolled_back_it_stays_where_it_is(self) -> None:
        made = Buffer()
        look = Look(0, timestamps=False, zone=datetime.UTC)
        for number in range(10):
            made.add(entry(f"text {number}"))
        made.scroll = 4
        before = made.visible(look, 80, 3)
        made.add(entry("new"))
        self.assertEqual(made.visible(look, 80, 3), before)
        made.scroll = 1000
        self.assertEqual(texts(made.visible(look, 80, 3))[0], "[bob] text 0")

    def test_a_new_day_is_marked(self) -> None:
        made = Buffer()
        made.add(entry("late", 86399))
        made.add(entry("early", 86400))
        rows = texts(made.visible(PLAIN, 40, 4))
        self.assertTrue(rows[2].startswith("-- Fri 1970-01-02 ---"), rows)

    def test_memory_is_bounded(self) -> None:
        made = Buffer()
        for number in range(buffers.MAX_LINES + 10):
            made.add(entry(str(number)))
        made.scroll = 10**9
        self.assertEqual(texts(made.visible(PLAIN, 80, 1)), ["00:00 [bob] 10"])


class ScreenTests(TestCase):
    def test_only_what_changed_is_drawn(self) -> None:
        screen = Screen()
        screen.draw([(("one", ""),), (("two", ""),)], (1, 0), (2, 10))
        self.assertEqual(screen.draw([(("one", ""),), (("two", ""),)], (1, 0), (2, 10)), b"")
        data = screen.draw([(("one", ""),), (("2", "7"),)], (1, 1), (2, 10))
        self.assertNotIn(b"one", data)
        self.assertIn(b"\x1b[2;1H\x1b[0m\x1b[2K\x1b[0;7m2\x1b[0m", data)

    def test_another_size_or_forgetting_draws_all(self) -> None:
        screen = Screen()
        rows = [(("one", ""),)]
        screen.draw(rows, (0, 0), (1, 10))
        self.assertIn(b"one", screen.draw(rows, (0, 0), (1, 20)))
        screen.forget()
        self.assertIn(b"one", screen.draw(rows, (0, 0), (1, 20)))


class RoomsTests(TestCase):
    def setUp(self) -> None:
        self.rooms = Rooms()
        for name in ("#a", "#b"):
            self.rooms.note(Event("join", room=name, sender="kim"), "kim", False)
        self.rooms.focus("#a")

    def note(self, type_: str, sender: str, room: str = "#a", to: str = "", mentioned: bool = False) -> None:
        self.rooms.note(Event(type_, room=room, sender=sender, to=to), "kim", mentioned)

    def test_members_come_go_and_are_renamed(self) -> None:
        self.rooms["#a"].is_members(("kim", "bob"))
        self.note("join", "eve")
        self.note("rename", "bob", to="rob")
        self.assertEqual(sorted(self.rooms["#a"].names()), ["eve", "kim", "rob"])
        self.note("leave", "eve")
        self.assertEqual(self.rooms["#a"].count, 2)

    def test_who_spoke_last_comes_first(self) -> None:
        self.rooms["#a"].is_members(("a", "b", "c"))
        for name in ("a", "c", "b", "a"):
            self.note("message", name)
        self.assertEqual(self.rooms["#a"].names(), ["a", "b", "c"])

    def test_unread_in_other_rooms(self) -> None:
        self.note("message", "bob", "#b")
        self.note("message", "bob", "#b", mentioned=True)
        self.note("message", "kim", "#b")
        self.note("message", "bob", "#a")
        self.assertEqual((self.rooms["#b"].unread, self.rooms["#b"].mentioned, self.rooms["#a"].unread), (2, True, 0))
        self.rooms.focus("#b")
        self.assertEqual((self.rooms["#b"].unread, self.rooms["#b"].mentioned), (0, False))

    def test_leaving(self) -> None:
        self.note("leave", "kim")
        self.assertEqual((self.rooms.joined(), self.rooms.current), (["#b"], ""))

    def test_being_kicked(self) -> None:
        self.rooms["#a"].is_members(("kim", "bob"))
        self.note("kick", "kim", to="bob")
        self.assertEqual(self.rooms["#a"].names(), ["kim"])
        self.note("kick", "bob", to="kim")
        self.assertEqual(self.rooms.joined(), ["#b"])

    def test_rooms_one_is_not_in_are_not_remembered(self) -> None:
        self.note("message", "bob", "#elsewhere")
        self.assertEqual(self.rooms.joined(), ["#a", "#b"])
