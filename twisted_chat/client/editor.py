"""The line being typed: text, cursor and what was cut. Moves and deletes by what people see as one character."""

from __future__ import annotations

import itertools

from wcwidth import iter_graphemes, width

#: Characters that a line can have.
MAX_LINE = 16 * 1024


class Editor:
    """
    A line editor without a terminal.

    @ivar text: the line.
    @ivar cursor: where the next character goes, an index into C{text}.
    """

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self._cut = ""
        self._cutting = False

    # Whole lines

    def replace(self, text: str) -> None:
        """
        @param text: the new line; the cursor goes to its end.
        """
        self.text = text[:MAX_LINE]
        self.cursor = len(self.text)
        self._cutting = False

    def take(self) -> str:
        """
        @return: the line; it is empty afterwards.
        """
        text = self.text
        self.replace("")
        return text

    # Changes

    def insert(self, text: str) -> None:
        """
        @param text: goes in at the cursor, as far as there is room.
        """
        text = text[: MAX_LINE - len(self.text)]
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)
        self._cutting = False

    def backspace(self) -> None:
        """Delete the character before the cursor, with its accents."""
        self._delete(self._left(), self.cursor)

    def delete(self) -> None:
        """Delete the character at the cursor, with its accents."""
        self._delete(self.cursor, self._right())

    def cut_to_end(self) -> None:
        """Cut from the cursor on."""
        self._cut_out(self.cursor, len(self.text))

    def cut_to_start(self) -> None:
        """Cut what is before the cursor."""
        self._cut_out(0, self.cursor)

    def cut_word(self) -> None:
        """Cut back to the blank before the cursor's word."""
        start = self.cursor
        while start and self.text[start - 1].isspace():
            start -= 1
        while start and not self.text[start - 1].isspace():
            start -= 1
        self._cut_out(start, self.cursor)

    def cut_word_right(self) -> None:
        """Cut to the end of the word at the cursor."""
        self._cut_out(self.cursor, self._word_right())

    def paste(self) -> None:
        """Put in what was cut last."""
        self.insert(self._cut)

    def swap(self) -> None:
        """Swap the two characters around the cursor, or the last two at the end of the line."""
        if self.cursor == len(self.text):
            self.left()
        start, end = self._left(), self._right()
        if start < self.cursor < end:
            before, after = self.text[start : self.cursor], self.text[self.cursor : end]
            self.text = self.text[:start] + after + before + self.text[end:]
            self.cursor = end

    # Moves

    def left(self) -> None:
        """One character to the left."""
        self._move(self._left())

    def right(self) -> None:
        """One character to the right."""
        self._move(self._right())

    def home(self) -> None:
        """To the start."""
        self._move(0)

    def end(self) -> None:
        """To the end."""
        self._move(len(self.text))

    def word_left(self) -> None:
        """To the start of the word before the cursor."""
        at = self.cursor
        while at and not self.text[at - 1].isalnum():
            at -= 1
        while at and self.text[at - 1].isalnum():
            at -= 1
        self._move(self._boundary(at))

    def word_right(self) -> None:
        """To the end of the word after the cursor."""
        self._move(self._word_right())

    # Inside

    def _bounds(self) -> list[int]:
        """Where characters, as people see them, begin and end."""
        return [0, *itertools.accumulate(len(grapheme) for grapheme in iter_graphemes(self.text))]

    def _left(self) -> int:
        return max((at for at in self._bounds() if at < self.cursor), default=0)

    def _right(self) -> int:
        return min((at for at in self._bounds() if at > self.cursor), default=len(self.text))

    def _boundary(self, index: int) -> int:
        return max(at for at in self._bounds() if at <= index)

    def _word_right(self) -> int:
        at = self.cursor
        while at < len(self.text) and not self.text[at].isalnum():
            at += 1
        while at < len(self.text) and self.text[at].isalnum():
            at += 1
        return min(bound for bound in self._bounds() if bound >= at)

    def _move(self, cursor: int) -> None:
        self.cursor = cursor
        self._cutting = False

    def _delete(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start
        self._cutting = False

    def _cut_out(self, start: int, end: int) -> None:
        """Cuts in a row are kept together, as shells do."""
        piece = self.text[start:end]
        if not self._cutting:
            self._cut = piece
        elif start < self.cursor:
            self._cut = piece + self._cut
        else:
            self._cut += piece
        self._delete(start, end)
        self._cutting = True


def window(text: str, cursor: int, columns: int, hidden: bool = False) -> tuple[str, int]:
    """
    The part of a line around the cursor that fits into a number of columns.

    @param text: the line; control characters count as nothing and are to be cleaned before.
    @param cursor: an index into it.
    @param columns: how many there are, at least 1.
    @param hidden: whether every character shows as C{*}.
    @return: what to show, and the column of the cursor in it.
    """
    graphemes = list(iter_graphemes(text))
    starts = list(itertools.accumulate((len(g) for g in graphemes), initial=0))
    index = max(number for number, start in enumerate(starts) if start <= cursor)
    if hidden:
        graphemes = ["*"] * len(graphemes)
    widths = [width(g) for g in graphemes]
    first, before = index, 0
    # The cursor stands a third from the right at most, so that one sees what follows.
    after = min(sum(widths[index:]), columns // 3)
    while first and before + widths[first - 1] + max(after, 1) <= columns:
        first -= 1
        before += widths[first]
    last, total = index, before
    while last < len(graphemes) and total + widths[last] <= columns:
        total += widths[last]
        last += 1
    return "".join(graphemes[first:last]), before
