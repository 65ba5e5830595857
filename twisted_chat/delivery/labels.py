"""Commands that a client has given a name, and the answers that are marked with it, however late they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Format, Source


class Labelled:
    """What a command with a label has been answered so far. It is sent when all of it is there.

    @ivar label: the name that the client has given the command.
    @ivar parts: the lines, and what is to be read from the log, in order.
    """

    __slots__ = ("label", "parts")

    def __init__(self, label: str) -> None:
        self.label = label
        self.parts: list[bytes | Source] = []

    def enclosed(self, format: Format) -> bytes | Source:
        """
        @return: all of it, marked.
        """
        lines = [part for part in self.parts if isinstance(part, bytes)]
        if len(lines) == len(self.parts):
            return format.enclose(self.label, b"".join(lines))
        return Enclosing(format, self.label, self.parts)


class Enclosing:
    """A L{Source} of an answer of which some is to be read first. What fits into one page is marked as a whole."""

    def __init__(self, format: Format, label: str, parts: Sequence[bytes | Source]) -> None:
        self._format = format
        self._label = label
        self._parts = list(reversed(parts))
        self._first = True

    async def page(self) -> tuple[bytes, bool]:
        """See L{Source}."""
        lines: list[bytes] = []
        while self._parts:
            part = self._parts[-1]
            if isinstance(part, bytes):
                lines.append(part)
                more = False
            else:
                data, more = await part.page()
                lines.append(data)
            if more:
                break
            self._parts.pop()
        first, self._first = self._first, False
        return self._format.enclose(self._label, b"".join(lines), first, not self._parts), bool(self._parts)

    def broken(self, said: bytes) -> bytes:
        """The log cannot be read: no more pages follow.

        @param said: what says so.
        @return: the same, as the end of the answer.
        """
        return self._format.enclose(self._label, said, self._first, True)
