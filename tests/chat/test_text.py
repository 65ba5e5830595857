"""What people write can be seen, and does nothing else."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.text import clean

HARMFUL = {chr(n) for n in range(0x20)} | {chr(n) for n in range(0x7F, 0xA0)}
HARMFUL |= set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class CleanTests(SynchronousTestCase):
    @given(st.text(st.sampled_from(sorted(HARMFUL)) | st.characters(codec="utf-8")))
    @example("\x1b]0;owned\x07")
    @example("a\r\nb\x85c\x0bd\x0ce\x1cf")
    def test_nothing_that_moves_breaks_or_reorders_survives(self, text: str) -> None:
        cleaned = clean(text)
        self.assertFalse(set(cleaned) & HARMFUL)
        self.assertLessEqual(len(cleaned.splitlines()), 1)
        self.assertEqual(len(cleaned), len(text))
        self.assertEqual(clean(cleaned), cleaned)

    def test_each_harmful_character_becomes_one_replacement_character(self) -> None:
        for character in HARMFUL - {"\t"}:
            self.assertEqual(clean(f"a{character}b"), "a\ufffdb", ascii(character))

    def test_a_tab_becomes_a_space(self) -> None:
        self.assertEqual(clean("a\tb\x00"), "a b\ufffd")

    @given(st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs", "Co", "Cn"])))
    @example("👩‍💻 and 👨‍👩‍👧‍👦, flags 🇺🇳, skin 👍🏽, keycap 1️⃣")
    @example("שלום \u200f(ש)\u200e سلام، a\u061cb, क्\u200dष, co\u00adop")
    def test_ordinary_text_is_unchanged(self, text: str) -> None:
        self.assertEqual(clean(text), text)

    @given(st.characters(codec="utf-8", categories=["Cf"]))
    def test_of_the_invisible_characters_only_those_that_reorder_are_replaced(self, character: str) -> None:
        reorders = unicodedata.bidirectional(character) in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
        self.assertEqual(clean(character) != character, reorders)
