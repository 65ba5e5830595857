"""Taking telnet's commands out of what a telnet client sends (RFC 854)."""

from __future__ import annotations

IAC, SB, SE = 255, 250, 240
WILL, DONT = 251, 254


class TelnetFilter:
    """Removes IAC sequences from a stream of bytes, wherever it is cut into chunks.

    Negotiation and subnegotiation are dropped without an answer, which leaves things as they were: nothing is agreed
    on. An escaped 255 is dropped too: it is never part of UTF-8.
    """

    def __init__(self) -> None:
        self._state = "data"

    def feed(self, data: bytes) -> bytes:
        """
        @return: the bytes that were meant.
        """
        kept = bytearray()
        position = 0
        while position < len(data):
            if self._state == "data":
                found = data.find(IAC, position)
                kept += data[position : found if found >= 0 else len(data)]
                if found < 0:
                    break
                position = found + 1
                self._state = "command"
                continue
            byte = data[position]
            position += 1
            if self._state == "command":
                self._state = "option" if WILL <= byte <= DONT else "sub" if byte == SB else "data"
            elif self._state == "option":
                self._state = "data"
            elif self._state == "sub":
                found = data.find(IAC, position - 1)
                position = found + 1 if found >= 0 else len(data)
                self._state = "sub command" if found >= 0 else "sub"
            else:
                self._state = "data" if byte == SE else "sub"
        return bytes(kept)
