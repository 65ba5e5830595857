"""Tests for L{twisted_chat.client.editor}."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase
from wcwidth import iter_graphemes, width

from twisted_chat.client.editor import MAX_LINE, Editor, window

FAMILY = "👩\u200d👩\u200d👧"
ACCENT = "e\u0301"
MOVES = [name for name in dir(Editor) if not name.startswith("_") and name not in ("insert", "replace", "take")]


def editor(text: str) -> Editor:
    """An editor with the cursor at C{|}."""
    made = Editor()
    made.replace(text.replace("|", ""))
    made.cursor = text.index("|")
    return made


class EditorTests(TestCase):
    def check(self, before: str, operation: str, after: str) -> None:
        made = editor(before)
        getattr(made, operation)()
        self.assertEqual(made.text[: made.cursor] + "|" + made.text[made.cursor :], after, f"{operation} {before!r}")

    def test_operations(self) -> None:
        for before, operation, after in [
            ("ab|c", "left", "a|bc"),
            ("|abc", "left", "|abc"),
            ("ab|c", "right", "abc|"),
            ("abc|", "right", "abc|"),
            ("漢字|", "left", "漢|字"),
            (f"a{ACCENT}|b", "left", f"a|{ACCENT}b"),
            (f"a|{FAMILY}b", "right", f"a{FAMILY}|b"),
            (f"a{FAMILY}|b", "backspace", "a|b"),
            (f"a|{ACCENT}b", "delete", "a|b"),
            ("|abc", "backspace", "|abc"),
            ("abc|", "delete", "abc|"),
            ("ab|c", "home", "|abc"),
            ("ab|c", "end", "abc|"),
            ("one two|", "word_left", "one |two"),
            ("one |two", "word_left", "|one two"),
            ("|one two", "word_right", "one| two"),
            ("one| two", "word_right", "one two|"),
            ("one, 漢字é|", "word_left", "one, |漢字é"),
            ("one two-three  |x", "cut_word", "one |x"),
            ("one |two x", "cut_word_right", "one | x"),
            ("one |two", "cut_to_end", "one |"),
            ("one |two", "cut_to_start", "|two"),
            ("a|b", "swap", "ba|"),
            ("ab|", "swap", "ba|"),
            ("|ab", "swap", "|ab"),
        ]:
            self.check(before, operation, after)

    def test_cut_and_put_back(self) -> None:
        made = editor("one two three|")
        made.cut_word()
        made.cut_word()
        self.assertEqual(made.text, "one ")
        made.paste()
        self.assertEqual(made.text, "one two three")
        made.home()
        made.cut_to_end()
        made.insert("x")
        made.paste()
        self.assertEqual(made.text, "xone two three")

    def test_length_is_bounded(self) -> None:
        made = editor("|")
        made.insert("x" * (MAX_LINE + 5))
        made.insert("y")
        self.assertEqual(made.text, "x" * MAX_LINE)

    @given(st.lists(st.sampled_from(MOVES) | st.sampled_from(["a", " ", "é", ACCENT, "漢", FAMILY, "👍🏽", "\u200d"])))
    def test_the_cursor_stays_within_and_the_window_fits(self, steps: list[str]) -> None:
        made = Editor()
        for step in steps:
            if step in MOVES:
                getattr(made, step)()
            else:
                made.insert(step)
            self.assertTrue(0 <= made.cursor <= len(made.text))
            for columns in (1, 2, 7, 200):
                shown, at = window(made.text, made.cursor, columns)
                self.assertLessEqual(width(shown), columns)
                self.assertTrue(0 <= at <= columns)


class WindowTests(TestCase):
    def test_a_short_line_is_shown_whole(self) -> None:
        self.assertEqual(window("a漢b", 2, 10), ("a漢b", 3))

    def test_a_long_line_shows_what_is_around_the_cursor(self) -> None:
        text = "0123456789" * 10
        shown, at = window(text, 50, 20)
        self.assertIn("49"[1], shown)
        self.assertEqual(shown[at], "0")
        self.assertEqual(len(shown), 20)
        self.assertEqual(window(text, 100, 20), (text[-19:], 19))

    def test_a_password_shows_only_its_length(self) -> None:
        self.assertEqual(window("séc漢", 4, 10, hidden=True), ("****", 4))

    def test_wide_characters_are_not_halved(self) -> None:
        shown, _ = window("漢字漢字", 4, 5)
        self.assertEqual(list(iter_graphemes(shown)), ["漢", "字"])
