"""
From bytes to lines, also when the server never ends one.

The daemon ends every line with LF and leaves it out only after a prompt. The original server never sends one:
there a line is whatever came before a pause. Which of the two it is only shows during the login, so until
L{Decoder.strict} is set both hold: LF ends a line, and L{Decoder.take} ends one where the caller saw a pause.
"""

from __future__ import annotations

import codecs

#: Bytes of one line that are kept. The daemon's longest lines are answers in JSON with long lists.
MAX_LINE = 256 * 1024

#: Put at the end of a line of which a part was dropped.
CUT_MARK = " […]"


class Decoder:
    """
    Splits what a server sends into lines of text. Keeps at most C{limit} bytes, whatever comes.

    @ivar strict: when true, only LF ends a line and L{take} takes nothing.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self.strict = False
        self._limit = limit
        self._rest = bytearray()
        self._cut = False

    def feed(self, data: bytes) -> list[str]:
        """
        @param data: bytes as they arrived, split anywhere.
        @return: the lines that LF ended, without LF and one CR before it, in order; invalid UTF-8 is replaced
            by U+FFFD, and a line over the limit is cut and marked.
        """
        *ended, rest = data.split(b"\n")
        lines = []
        for part in ended:
            self._keep(part)
            lines.append(self._line(bytes(self._rest)))
            self._rest.clear()
        self._keep(rest)
        return lines

    def peek(self) -> str:
        """
        @return: what came since the last LF, as text, when it could be taken as a line; else an empty string.
        """
        return "" if self.strict else self._whole()[0]

    def take(self) -> str:
        """
        Take what came since the last LF as a line, but for a character of which a part is still to come.

        @return: the text, perhaps empty.
        """
        if self.strict:
            return ""
        text, pending = self._whole()
        self._rest = bytearray(pending)
        if self._cut:
            text += CUT_MARK
            self._cut = False
        return text

    def _whole(self) -> tuple[str, bytes]:
        """What came since the last LF: the text, and the first bytes of a character that is not complete."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(bytes(self._rest))
        return text, decoder.getstate()[0]

    def _keep(self, part: bytes) -> None:
        room = self._limit - len(self._rest)
        if len(part) > room:
            self._cut = True
        self._rest += part[:room]

    def _line(self, raw: bytes) -> str:
        text = raw.removesuffix(b"\r").decode("utf-8", "replace")
        if self._cut:
            self._cut = False
            text += CUT_MARK
        return text
