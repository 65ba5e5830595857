"""Taking telnet's commands out of what a telnet client sends (RFC 854)."""

from __future__ import annotations

IAC, SB, SE = 255, 250, 240
WILL, WONT, DO, DONT = 251, 252, 253, 254
TIMING_MARK = 6


class TelnetFilter:
    """Removes IAC sequences from a stream of bytes, wherever it is cut into chunks.

    Negotiation and subnegotiation are dropped without an answer, which leaves things as they were: nothing is agreed
    on. But DO TIMING-MARK (RFC 860) is refused aloud: a client that sends it, as telnet does on Ctrl-C, shows nothing
    until it is answered. An escaped 255 is dropped too: it is never part of UTF-8.
    """

    def __init__(self) -> None:
        self._state = "data"
        self._verb = 0
        self._replies = b""

    def take_replies(self) -> bytes:
        """
        @return: what is to be sent to the client for what was fed until now.
        """
        replies, self._replies = self._replies, b""
        return replies

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
                self._verb = byte
            elif self._state == "option":
                self._state = "data"
                if self._verb == DO and byte == TIMING_MARK:
                    self._replies += bytes((IAC, WONT, TIMING_MARK))
            elif self._state == "sub":
                found = data.find(IAC, position - 1)
                position = found + 1 if found >= 0 else len(data)
                self._state = "sub command" if found >= 0 else "sub"
            else:
                self._state = "data" if byte == SE else "sub"
        return bytes(kept)
