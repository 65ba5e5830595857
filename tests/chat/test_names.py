"""What may be a name, and when two names are one."""

import unicodedata

import lookalikes
from chat_support import Box, Seat, Trusting
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import membership, names, presence
from twisted_chat.chat.chat import Chat
from twisted_chat.chat.errors import Refused
from twisted_chat.chat.names import MAX_LENGTH, parse_name, parse_room, skeleton


class NameTests(SynchronousTestCase):
    def refused(self, text: str) -> str:
        why = self.assertRaises(Refused, parse_name, text)
        self.assertEqual(why.code, "bad-name")
        return why.sentence

    def test_letters_and_digits_of_any_script_and_some_signs_are_admitted(self) -> None:
        for text in (
            "kim",
            "Kim-2",
            "a_b.c",
            "kim[away]",
            "a|b",
            "{^_^}`a",
            "k\\m",
            "Ünal",
            "Владимир",
            "李小龍",
            "سلمى",
            "שרה",
            "प्रिया",
            "9",
            "한국",
            "ไทย",
        ):
            self.assertEqual(parse_name(text).shown, unicodedata.normalize("NFC", text))

    def test_everything_else_is_refused_with_what_would_be_right(self) -> None:
        for text in ("a b", "a\tb", "(kim)", "#kim", "~kim", "!kim", "kim>", "a/b", "a,b", "a:b", "a@b", "kim\ufffd"):
            self.assertIn("letters, digits and - _ .", self.refused(text))
        for text in ("", " ", "\u200b", "k\u200dim", "k\u202eim", "😀", "a\u2028b", "½", "①", "\ud800"):
            self.assertIn("letters, digits and - _ .", self.refused(text))

    @given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1))
    def test_ascii_is_what_the_profiles_make_of_it(self, text: str) -> None:
        shows, compares = names._profiles()
        shown = shows.enforce(text)
        self.assertEqual(names._enforce(text), (shown, compares.enforce(shown)))

    def test_a_name_needs_a_letter_or_a_digit(self) -> None:
        for text in ("-", "...", "_-_.", "-" * 32):
            self.assertIn("needs a letter or a digit", self.refused(text))

    def test_a_name_has_1_to_32_characters(self) -> None:
        for text in ("k", "k" * 32, "é" * 32, "李" * 32):
            self.assertEqual(parse_name(text).shown, text)
        for text in ("k" * 33, "é" * 33, "k" * 4000):
            self.assertIn("at most 32", self.refused(text))

    def test_a_name_that_grows_when_case_folded_has_at_most_32_characters_then_too(self) -> None:
        self.assertIn("at most 32", self.refused("ß" * 20))

    def test_blanks_around_a_name_do_not_belong_to_it(self) -> None:
        self.assertEqual(parse_name("  kim ").shown, "kim")

    def test_a_name_is_shown_as_written_and_compared_without_case(self) -> None:
        self.assertEqual(parse_name("KimB").shown, "KimB")
        for one, other in (("Kim", "kIM"), ("ÜNAL", "ünal"), ("STRASSE", "straße"), ("ΣΊΣΥΦΟΣ", "σίσυφος")):
            self.assertEqual(parse_name(one).key, parse_name(other).key)

    def test_full_width_letters_are_the_usual_ones(self) -> None:
        name = parse_name("ｋｉｍ２")
        self.assertEqual((name.shown, name.key), ("kim2", "kim2"))

    def test_a_letter_with_a_combining_mark_is_the_letter_composed(self) -> None:
        self.assertEqual(parse_name("Jose\u0301"), parse_name("Jos\u00e9"))
        self.assertEqual(len(parse_name("Jose\u0301").shown), 4)

    @given(st.text(max_size=40))
    @example("İ" * 32)
    @example("\u0345a")
    @example("Ⅷ")
    @example("ﷺ")
    def test_any_text_is_a_name_that_stays_itself_or_is_refused(self, text: str) -> None:
        try:
            name = parse_name(text)
        except Refused:
            return
        self.assertEqual(parse_name(name.shown), name)
        self.assertTrue(1 <= len(name.shown) <= MAX_LENGTH)
        self.assertFalse(set(name.shown) & set("#~!<>/*: \n\r\t\0"))
        self.assertEqual(parse_name(name.key).key, name.key)

    @given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=32))
    def test_a_name_in_other_case_is_the_same_name(self, text: str) -> None:
        try:
            name, other = parse_name(text), parse_name(text.casefold())
        except Refused:
            return
        self.assertEqual(name.key, other.key)


class LookTests(SynchronousTestCase):
    def test_names_that_look_alike_have_one_skeleton(self) -> None:
        for one, other in (("а1ice", "alice"), ("modern", "modem"), ("раураl", "paypal"), ("ALICE", "AL1CE")):
            self.assertEqual(skeleton(one), skeleton(other), (one, other))
            self.assertNotEqual(parse_name(one).key, parse_name(other).key)

    def test_names_that_look_different_have_different_skeletons(self) -> None:
        names = ["alice", "bob", "kim", "kin", "Владимир", "李", "jose", "josé", "a-b", "a_b", "a.b", "kim2", "kim3"]
        self.assertEqual(len({skeleton(name) for name in names}), len(names))

    def test_the_skeleton_does_not_depend_on_how_a_letter_is_composed(self) -> None:
        self.assertEqual(skeleton("Jos\u00e9"), skeleton("Jose\u0301"))


class RoomTests(SynchronousTestCase):
    def test_a_room_is_a_name_with_a_sign_in_front_which_may_be_left_out(self) -> None:
        self.assertEqual(parse_room("#dev"), parse_room("dev"))
        self.assertEqual(parse_room(" #dev ").key, "#dev")

    def test_a_room_is_shown_as_it_is_compared(self) -> None:
        self.assertEqual(parse_room("#ＤeＶ"), parse_room("#dev"))
        self.assertEqual(parse_room("#DEV").shown, "#dev")

    def test_what_is_no_room_is_refused_with_a_sentence_about_rooms(self) -> None:
        for text in ("", "#", "#(dev)", "#a b", "#-", "#" + "r" * 33, "#a,b"):
            why = self.assertRaises(Refused, parse_room, text)
            self.assertEqual(why.code, "bad-room")
            self.assertTrue(why.sentence.startswith("A room's name, after its #, "), why.sentence)

    def test_a_room_and_a_person_never_look_alike(self) -> None:
        self.assertNotEqual(parse_room("kim").skeleton, parse_name("kim").skeleton)


class LookalikesTests(SynchronousTestCase):
    def test_the_table_is_what_the_data_says(self) -> None:
        told = "not what the data says: python tests/chat/lookalikes.py writes it anew"
        self.assertEqual(lookalikes.TABLE.read_text(encoding="ascii"), lookalikes.table(), told)

    def test_a_whole_group_has_one_skeleton(self) -> None:
        for prototype, others in lookalikes.groups().items():
            looks = {skeleton(other) for other in others if unicodedata.is_normalized("NFD", other)}
            self.assertLessEqual(looks, {skeleton(prototype)}, ascii(prototype))


class InUseTests(SynchronousTestCase):
    """What the chat does about names in use."""

    def setUp(self) -> None:
        self.chat = Chat(Box(), lambda: 0.0, Trusting())
        self.alice = self.login("alice")

    def login(self, name: str) -> Seat:
        seat = Seat()
        presence.enter(self.chat, seat, parse_name(name))
        return seat

    def refused(self, name: str) -> str:
        return self.assertRaises(Refused, self.login, name).code

    def test_a_name_in_use_is_refused_in_any_case_and_form(self) -> None:
        for name in ("alice", "ALICE", "ａｌｉｃｅ", " Alice "):
            self.assertEqual(self.refused(name), "name-in-use")

    def test_a_name_that_looks_like_one_in_use_is_refused(self) -> None:
        self.assertEqual(self.refused("а1ice"), "confusable")
        self.login("modem")
        self.assertEqual(self.refused("modern"), "confusable")

    def test_a_name_that_looks_like_one_in_use_is_refused_also_when_the_case_differs(self) -> None:
        self.login("Bob")
        self.assertEqual(self.refused("b\u043eb"), "confusable")

    def test_a_name_is_free_again_when_its_owner_has_left(self) -> None:
        presence.lost(self.chat, self.alice)
        self.login("а1ice")
        self.assertEqual(self.refused("alice"), "confusable")

    def test_the_case_of_ones_own_name_can_be_changed(self) -> None:
        presence.rename(self.chat, self.alice, "Alice")
        self.assertEqual(self.alice.user.name.shown, "Alice")
        self.assertEqual(self.refused("alice"), "name-in-use")

    def test_ones_own_name_can_be_changed_to_one_that_looks_the_same(self) -> None:
        presence.rename(self.chat, self.alice, "а1ice")
        self.assertEqual(self.refused("alice"), "confusable")
        self.assertEqual(self.refused("а1ice"), "name-in-use")

    def test_a_room_that_looks_like_one_in_use_is_refused(self) -> None:
        membership.join(self.chat, self.alice, "#modem")
        why = self.assertRaises(Refused, membership.join, self.chat, self.alice, "#modern")
        self.assertEqual(why.code, "confusable")
        self.assertIn("#modem", why.sentence)
        self.assertNotIn("#modern", self.chat.rooms)

    def test_the_lobby_cannot_be_imitated(self) -> None:
        why = self.assertRaises(Refused, membership.join, self.chat, self.alice, "#1obby")
        self.assertEqual(why.code, "confusable")


class RoomLookTests(SynchronousTestCase):
    def test_a_rooms_look_is_that_of_the_name_shown_whatever_case_it_was_entered_with(self) -> None:
        seat, box = Seat(), Box()
        chat = Chat(box, lambda: 0.0, Trusting())
        presence.enter(chat, seat, parse_name("kim"))
        membership.join(chat, seat, "#DEV")
        self.assertEqual(self.assertRaises(Refused, membership.join, chat, seat, "#d\u0435v").code, "confusable")
