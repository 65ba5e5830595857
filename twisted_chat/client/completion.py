"""What Tab makes of the word before the cursor."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

#: Commands whose word after them is a name.
NAME_COMMANDS = frozenset(
    [
        *("/ban", "/deop", "/devoice", "/invite", "/kick", "/kill", "/msg", "/mute"),
        *("/nick", "/op", "/seen", "/shun", "/unban", "/unmute", "/voice", "/whois"),
    ]
)

#: Commands whose word after them is a room.
ROOM_COMMANDS = frozenset(("/join", "/leave"))


def fold(text: str) -> str:
    """
    @return: C{text} such that names that differ only in case or composition become equal.
    """
    return unicodedata.normalize("NFKC", text).casefold()


class Completer:
    """
    Completes a word, and at each further Tab offers the next candidate.

    @ivar candidates: those of the last completion, for showing.
    """

    def __init__(self) -> None:
        self.candidates: list[str] = []
        self._next = 0
        self._result = ("", 0)
        self._frame = ("", "")

    def complete(
        self,
        text: str,
        cursor: int,
        commands: Iterable[str],
        rooms: Iterable[str],
        names: Sequence[str],
        backwards: bool = False,
    ) -> tuple[str, int]:
        """
        @param text: the line.
        @param cursor: an index into it; the word before it is completed.
        @param commands: with their slash.
        @param rooms: with their C{#}.
        @param names: who spoke last comes first.
        @param backwards: whether to offer the candidate before instead of the one after.
        @return: the new line and cursor; the old ones when nothing fits.
        """
        if not self.candidates or (text, cursor) != self._result:
            self._start(text, cursor, commands, rooms, names)
            if not self.candidates:
                return text, cursor
            self._next = len(self.candidates) - 1 if backwards else 0
        else:
            self._next = (self._next + (-1 if backwards else 1)) % len(self.candidates)
        before, after = self._frame
        done = before + self.candidates[self._next]
        self._result = (done + after, len(done))
        return self._result

    def _start(
        self, text: str, cursor: int, commands: Iterable[str], rooms: Iterable[str], names: Sequence[str]
    ) -> None:
        start = cursor
        while start and not text[start - 1].isspace():
            start -= 1
        word, before = text[start:cursor], text[:start]
        self._frame = (before, text[cursor:].lstrip(" "))
        first = not before.strip()
        command = before.split(maxsplit=1)[0].lower() if not first else ""
        if word.startswith("/") and first:
            found, tail = _fitting(word, commands), " "
        elif word.startswith("#"):
            found, tail = _fitting(word, rooms), " "
        elif command in ROOM_COMMANDS and len(before.split()) == 1:
            found, tail = _fitting(f"#{word}", rooms), " "
        elif word or command in NAME_COMMANDS:
            at = "@" if word.startswith("@") else ""
            found = [at + name for name in _fitting(word[len(at) :], names, sort=False)]
            # Who is spoken to at the start of a line is set off with a colon, as everywhere.
            tail = ": " if first and not at else " "
        else:
            found, tail = [], ""
        self.candidates = [name + tail for name in found]


def _fitting(start: str, among: Iterable[str], sort: bool = True) -> list[str]:
    wanted = fold(start)
    found = [name for name in among if fold(name).startswith(wanted)]
    return sorted(found, key=fold) if sort else found
