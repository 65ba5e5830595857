"""Masks, durations and modes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.errors import Refused
from twisted_chat.chat.masks import Who, parse_mask
from twisted_chat.chat.permissions import FLAGS, MODES, Ban, Role, need, parse_duration, parse_mode


def ban(mask: str, until: float = 0) -> Ban:
    return Ban(parse_mask(mask), until, "", "ann", 0)


class MaskTests(SynchronousTestCase):
    def test_a_name_matches_itself_however_it_is_written(self) -> None:
        for mask, key in (
            ("Kim", "kim"),
            ("Ünal", "ünal"),
            ("U\u0308NAL", "ünal"),
            ("ＫＩＭ", "kim"),
            ("Straße", "strasse"),
        ):
            self.assertTrue(ban(mask).matches(Who(key)), mask)
        self.assertFalse(ban("kim").matches(Who("kimchi")))

    def test_stars_and_question_marks_stand_for_others(self) -> None:
        for mask, key, matches in (
            ("spam*", "spammer", True),
            ("SPAM*", "spammer", True),
            ("spam*", "notspam", False),
            ("b?b", "bob", True),
            ("b?b", "boob", False),
            ("U\u0308*", "ünal", True),
        ):
            self.assertEqual(ban(mask).matches(Who(key)), matches, (mask, key))

    def test_brackets_are_no_classes_of_characters(self) -> None:
        for mask in ("[!x]*", "[a-z]*", "[k]im?"):
            self.assertFalse(ban(mask).matches(Who("kim")), mask)
            self.assertFalse(ban(mask).matches(Who("kimm")), mask)

    def test_addresses_and_networks(self) -> None:
        for mask, address, matches in (
            ("192.0.2.0/24", "192.0.2.7", True),
            ("192.0.2.9/24", "192.0.2.7", True),
            ("192.0.2.7", "192.0.2.7", True),
            ("192.0.2.7", "192.0.2.8", False),
            ("192.0.2.0/24", "::ffff:192.0.2.7", True),
            ("2001:db8::/32", "2001:db8::1", True),
            ("2001:db8::/32", "2001:db9::1", False),
            ("fe80::/16", "fe80::1%eth0", True),
            ("192.0.2.0/24", "2001:db8::1", False),
            ("192.0.2.0/24", "", False),
        ):
            self.assertEqual(ban(mask).matches(Who("kim", addresses=(address,))), matches, (mask, address))
        self.assertTrue(ban("192.0.2.7").matches(Who("kim", addresses=("198.51.100.1", "192.0.2.7"))))
        self.assertTrue(ban("192.0.2.7").by_address)
        self.assertFalse(ban("192*").by_address)

    def test_what_would_match_everyone_or_nothing_is_refused(self) -> None:
        for mask in (
            "*",
            "??",
            "*?*",
            "0.0.0.0/0",
            "10.0.0.0/7",
            "::/0",
            "2001::/15",
            "x" * 100 + "*",
            "a b",
            "(x)",
            "*!*@*",
            "*!*@0.0.0.0/0",
            "a!b!c@d",
            "a:*",
            ":a!b@c",
            "-",
        ):
            why = self.assertRaises(Refused, parse_mask, mask)
            self.assertEqual(why.code, "bad-mask", mask)

    def test_a_ban_holds_until_its_end(self) -> None:
        self.assertTrue(ban("kim").holds(1e12))
        self.assertTrue(ban("kim", 100).holds(99.9))
        self.assertFalse(ban("kim", 100).holds(100))


class DurationTests(SynchronousTestCase):
    def test_a_number_and_a_unit(self) -> None:
        for text, seconds in (("30s", 30), ("10m", 600), ("2H", 7200), ("7d", 604800), ("2w", 1209600)):
            self.assertEqual(parse_duration(text), seconds)

    def test_anything_else_is_none(self) -> None:
        for text in ("", "m", "10", "0m", "-1m", "1.5h", "1y", "10 m", "1h30m", "٣m", "²m", "1234567s", "spam"):
            self.assertIsNone(parse_duration(text), text)


class ModeTests(SynchronousTestCase):
    def test_flags_are_on_or_off(self) -> None:
        for name in FLAGS:
            self.assertEqual(parse_mode(name, None), (name, True))
            self.assertEqual(parse_mode(name.upper(), "ON"), (name, True))
            self.assertEqual(parse_mode(name, "Off"), (name, None))

    def test_values(self) -> None:
        self.assertEqual(parse_mode("key", "Sesame"), ("key", "Sesame"))
        self.assertEqual(parse_mode("slow", "30"), ("slow", 30))
        self.assertEqual(parse_mode("limit", "1"), ("limit", 1))
        for name in MODES:
            self.assertEqual(parse_mode(name, "off"), (name, None))

    def test_what_is_no_mode_or_no_value_is_refused(self) -> None:
        for name, value in (
            ("fast", "on"),
            ("secret", "maybe"),
            ("key", None),
            ("key", ""),
            ("key", "x" * 33),
            ("key", "a b"),
            ("slow", None),
            ("slow", "0"),
            ("slow", "-1"),
            ("slow", "1.5"),
            ("slow", "on"),
            ("limit", "1000001"),
            ("limit", "9" * 5000),
            ("slow", "²"),
        ):
            self.assertEqual(self.assertRaises(Refused, parse_mode, name, value).code, "bad-mode", (name, value))

    def test_modes_raise_what_is_needed(self) -> None:
        for what, mode, without, with_ in (
            ("speak", "moderated", Role.MEMBER, Role.VOICE),
            ("topic", "topic-ops", Role.MEMBER, Role.OP),
            ("invite", "invite-only", Role.MEMBER, Role.OP),
            ("kick", "moderated", Role.OP, Role.OP),
        ):
            self.assertEqual((need(what, {}), need(what, {mode: True})), (without, with_))
