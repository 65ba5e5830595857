"""Tests for L{twisted_chat.client.text}."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from twisted_chat.client.text import clean, escape_json

#: Everything, halves of surrogate pairs included.
ANY_TEXT = st.text(st.characters(exclude_categories=()))


class TextTests(TestCase):
    def test_every_control_character_goes(self) -> None:
        for code in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E, 0x2066, 0xD800, 0xE0041]:
            cleaned = clean(f"a{chr(code)}b")
            self.assertEqual(cleaned, "a b" if code == 9 else "a\N{REPLACEMENT CHARACTER}b", hex(code))

    def test_what_people_write_stays(self) -> None:
        for text in ("plain", "é", "e\u0301", "漢字", "👩\u200d👩\u200d👧", "שלום", "नमस्ते"):
            self.assertEqual(clean(text), text)

    @given(ANY_TEXT)
    def test_cleaned_text_is_printable_and_encodable(self, text: str) -> None:
        cleaned = clean(text)
        cleaned.encode("utf-8")
        self.assertEqual(len(cleaned), len(text))
        self.assertFalse([c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")])

    @given(ANY_TEXT)
    def test_escaped_json_is_harmless_and_means_the_same(self, text: str) -> None:
        escaped = escape_json(json.dumps({"text": text}, ensure_ascii=False))
        self.assertEqual(clean(escaped), escaped)
        self.assertEqual(json.loads(escaped), json.loads(json.dumps({"text": text})))
