"""Tests for L{twisted_chat.client.wire}."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from twisted_chat.client.wire import CUT_MARK, Decoder


class DecoderTests(TestCase):
    def test_lines_end_at_lf_and_lose_one_cr(self) -> None:
        self.assertEqual(Decoder().feed(b"one\ntwo\r\nthree\r\r\n\nrest"), ["one", "two", "three\r", ""])

    @given(st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]))), st.data())
    def test_the_split_into_chunks_does_not_matter(self, lines: list[str], data: st.DataObject) -> None:
        raw = "".join(f"{line}\n" for line in lines).encode()
        cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
        decoder = Decoder()
        got = []
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            got += decoder.feed(raw[start:end])
        self.assertEqual(got, lines)

    def test_invalid_utf8_is_replaced(self) -> None:
        self.assertEqual(Decoder().feed(b"a\xff\xc3(\n"), ["a\ufffd\ufffd("])

    def test_take_is_what_came_without_lf(self) -> None:
        decoder = Decoder()
        self.assertEqual(decoder.feed(b"Login Id: "), [])
        self.assertEqual(decoder.peek(), "Login Id: ")
        self.assertEqual(decoder.take(), "Login Id: ")
        self.assertEqual(decoder.take(), "")

    def test_take_leaves_half_a_character_for_later(self) -> None:
        decoder = Decoder()
        decoder.feed("[kim] h\N{LATIN SMALL LETTER E WITH ACUTE}".encode()[:-1])
        self.assertEqual(decoder.take(), "[kim] h")
        decoder.feed(b"\xa9!")
        self.assertEqual(decoder.take(), "\N{LATIN SMALL LETTER E WITH ACUTE}!")

    def test_strict_waits_for_lf(self) -> None:
        decoder = Decoder()
        decoder.strict = True
        decoder.feed(b"[kim] see: ")
        self.assertEqual((decoder.peek(), decoder.take()), ("", ""))
        self.assertEqual(decoder.feed(b"this\n"), ["[kim] see: this"])

    def test_a_long_line_is_cut_and_the_next_is_whole(self) -> None:
        decoder = Decoder(limit=10)
        got = []
        for _ in range(1000):
            got += decoder.feed(b"0123456")
        got += decoder.feed(b"\nnext\n")
        self.assertEqual(got, ["0123456012" + CUT_MARK, "next"])

    def test_memory_stays_bounded_without_line_ends(self) -> None:
        decoder = Decoder(limit=1000)
        for _ in range(1000):
            decoder.feed(b"x" * 65536)
        self.assertLessEqual(len(decoder.take()), 1000 + len(CUT_MARK))
