"""Names in lines: all of them, in their order, and none too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.protocols.irc.roomlines import fill

LETTERS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
ASCII = st.text("abc@+", min_size=1, max_size=12)


class FillTests(SynchronousTestCase):
    @given(st.lists(ASCII) | st.lists(LETTERS), st.integers(50, 80))
    def test_every_word_is_in_one_line_that_is_as_long_as_may_be(self, words: list[str], size: int) -> None:
        lines = list(fill(words, size))
        self.assertEqual(" ".join(lines).split(), words)
        for line, following in zip(lines, [*lines, ""][1:], strict=True):
            self.assertTrue(line)
            self.assertLessEqual(len(line.encode()), size)
            first = following.split(" ")[0]
            self.assertTrue(not first or len(f"{line} {first}".encode()) > size, (line, following))
