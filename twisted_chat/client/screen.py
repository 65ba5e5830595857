"""From rows to the bytes that a terminal needs to show them, and only where something changed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from twisted_chat.client.layout import Row

#: Another screen, so that what was on the terminal comes back; pasted text is marked; lines do not wrap by
#: themselves.
ENTER = b"\x1b[?1049h\x1b[?2004h\x1b[?7l\x1b[2J\x1b[H"
LEAVE = b"\x1b[?2004l\x1b[?7h\x1b[0m\x1b[?25h\x1b[?1049l"
BELL = b"\x07"


class Screen:
    """What a terminal shows, row by row."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._rows: list[Row] = []
        self._cursor = (-1, -1)

    def forget(self) -> None:
        """The terminal may show anything: the next frame is drawn whole."""
        self._rows = []
        self._size = (0, 0)

    def draw(self, rows: Sequence[Row], cursor: tuple[int, int], size: tuple[int, int]) -> bytes:
        """
        @param rows: from the top; as many as the terminal has.
        @param cursor: row and column, counted from 0.
        @param size: rows and columns of the terminal.
        @return: what to write so that the terminal shows them; empty when it does.
        """
        out: list[str] = []
        if size != self._size:
            out.append("\x1b[0m\x1b[2J")
            self._rows = [()] * size[0]
            self._size = size
        for number, row in enumerate(rows):
            if row != self._rows[number]:
                # Erased first: the end of the row may not be reached, or be past the margin.
                out.append(f"\x1b[{number + 1};1H\x1b[0m\x1b[2K{_paint(row)}")
        if not out and cursor == self._cursor:
            return b""
        self._rows = list(rows)
        self._cursor = cursor
        place = f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H"
        text = f"\x1b[?25l{''.join(out)}{place}\x1b[?25h" if out else place
        return text.encode("utf-8", "replace")


def _paint(row: Row) -> str:
    parts = []
    last = ""
    for text, style in row:
        if text:
            if style != last:
                parts.append(f"\x1b[0;{style}m" if style else "\x1b[0m")
                last = style
            parts.append(text)
    if last:
        parts.append("\x1b[0m")
    return "".join(parts)
