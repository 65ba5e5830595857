"""The lines of one room that can be looked at, and which of them are on the screen. Pure."""

from __future__ import annotations

import dataclasses
from collections import deque

from twisted_chat.client.events import SPOKEN, Event
from twisted_chat.client.layout import Look, Row, day, day_change, render

#: Lines that a room keeps to scroll back to.
MAX_LINES = 5000


@dataclasses.dataclass(slots=True)
class Entry:
    """
    One line.

    @ivar time: in seconds since the epoch.
    @ivar mentioned: whether it names oneself.
    @ivar foreign: whether it belongs to another room than the buffer's.
    """

    event: Event
    time: float
    me: str
    mentioned: bool
    foreign: bool
    number: int = 0
    rows: list[Row] | None = None
    shape: tuple[Look, int] | None = None


class Buffer:
    """
    A room's lines, the newest last.

    @ivar scroll: rows between the bottom and the last row shown; 0: follows what comes.
    """

    def __init__(self) -> None:
        self.scroll = 0
        self._entries: deque[Entry] = deque(maxlen=MAX_LINES)
        self._shape: tuple[Look, int] | None = None
        self._count = 0

    def add(self, entry: Entry) -> None:
        """
        @param entry: the newest line. Whoever has scrolled back keeps seeing the same rows.
        """
        self._count += 1
        entry.number = self._count
        previous = self._entries[-1] if self._entries else None
        self._entries.append(entry)
        if self.scroll and self._shape is not None:
            self.scroll += len(self._rows(entry, previous, *self._shape))

    def delete(self, number: int) -> None:
        """
        @param number: of an event that was taken back: what was said there is not shown any more.
        """
        for entry in self._entries:
            if entry.event.id == number and entry.event.type in SPOKEN:
                entry.event = dataclasses.replace(entry.event, text="")
                entry.mentioned, entry.rows = False, None

    def clear(self) -> None:
        """Forget all lines."""
        self._entries.clear()
        self.scroll = 0

    def visible(self, look: Look, columns: int, height: int) -> list[Row]:
        """
        @param columns: the width of the rows.
        @param height: how many rows there are room for.
        @return: exactly so many rows; empty ones at the top when there are too few lines.
        """
        self._shape = (look, columns)
        wanted = height + self.scroll
        blocks: list[list[Row]] = []
        found = 0
        at = len(self._entries) - 1
        while at >= 0 and found < wanted:
            rows = self._rows(self._entries[at], self._entries[at - 1] if at else None, look, columns)
            blocks.append(rows)
            found += len(rows)
            at -= 1
        self.scroll = max(0, min(self.scroll, found - height))
        rows = [row for block in reversed(blocks) for row in block]
        end = len(rows) - self.scroll
        shown = rows[max(0, end - height) : end]
        return [()] * (height - len(shown)) + shown

    def _rows(self, entry: Entry, previous: Entry | None, look: Look, columns: int) -> list[Row]:
        if entry.rows is None or entry.shape != (look, columns):
            entry.shape = (look, columns)
            entry.rows = render(entry.event, entry.time, look, columns, entry.me, entry.mentioned, entry.foreign)
        if previous is not None and day(previous.time, look) != day(entry.time, look):
            return [day_change(entry.time, look, columns), *entry.rows]
        return entry.rows
