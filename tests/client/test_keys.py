"""Tests for L{twisted_chat.client.keys}."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from twisted_chat.client.keys import MAX_PASTE, Decoder, Key


def text_of(keys: list[Key]) -> str:
    return "".join(key.text for key in keys if key.name == "text")


class DecoderTests(TestCase):
    def test_keys(self) -> None:
        for data, name in {
            b"\r": "enter", b"\n": "enter", b"\t": "tab", b"\x7f": "backspace", b"\x01": "ctrl-a", b"\x1a": "ctrl-z",
            b"\x1b[A": "up", b"\x1bOA": "up", b"\x1b[D": "left", b"\x1b[1;5D": "ctrl-left", b"\x1b[1;3C": "alt-right",
            b"\x1b[H": "home", b"\x1bOF": "end", b"\x1b[1~": "home", b"\x1b[4~": "end", b"\x1b[3~": "delete",
            b"\x1b[5~": "page-up", b"\x1b[6~": "page-down", b"\x1b[Z": "back-tab", b"\x1bb": "alt-b",
            b"\x1b\x7f": "alt-backspace", b"\x1b[15~": "unknown", b"\x1b[?1;2c": "unknown", b"\x1b[I": "unknown",
        }.items():  # fmt: skip
            self.assertEqual(Decoder().feed(data), [Key(name)], data)

    def test_text_of_any_script(self) -> None:
        self.assertEqual(Decoder().feed("aé漢👍".encode()), [Key("text", "aé漢👍")])

    @given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.data())
    def test_the_split_into_chunks_does_not_matter(self, text: str, data: st.DataObject) -> None:
        raw = text.encode() + b"\x1b[1;5D\x1b[200~" + text.encode() + b"\x1b[201~"
        cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
        decoder, keys = Decoder(), []
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            keys += decoder.feed(raw[start:end])
        self.assertEqual(text_of(keys), text)
        self.assertEqual(keys[-2:], [Key("ctrl-left"), Key("paste", text)])

    @given(st.binary())
    def test_any_bytes_are_taken(self, data: bytes) -> None:
        decoder = Decoder()
        keys = decoder.feed(data) + decoder.flush()
        self.assertFalse([c for c in text_of(keys) if c < " " or "\x7f" <= c < "\xa0"])

    def test_escape_alone_is_known_after_a_while(self) -> None:
        decoder = Decoder()
        self.assertEqual(decoder.feed(b"\x1b"), [])
        self.assertTrue(decoder.pending)
        self.assertEqual(decoder.flush(), [Key("escape")])
        self.assertFalse(decoder.pending)

    def test_a_paste_keeps_its_line_ends(self) -> None:
        self.assertEqual(Decoder().feed(b"\x1b[200~a\r\nb\rc\nd\x1b[201~"), [Key("paste", "a\nb\nc\nd")])

    def test_a_huge_paste_is_bounded(self) -> None:
        decoder = Decoder()
        decoder.feed(b"\x1b[200~")
        for _ in range(100):
            decoder.feed(b"x" * 65536)
        (key,) = decoder.feed(b"\x1b[201~")
        self.assertEqual(len(key.text), MAX_PASTE)

    def test_an_endless_sequence_ends(self) -> None:
        keys = Decoder().feed(b"\x1b[" + b"1" * 1000)
        self.assertIn(Key("escape"), keys)
