"""From the bytes that a terminal sends to keys."""

from __future__ import annotations

import codecs
import dataclasses
import re

#: Bytes of an unfinished escape sequence past which it is none, and of a paste past which the rest is
#: dropped.
MAX_SEQUENCE = 64
MAX_PASTE = 256 * 1024

PASTE_START, PASTE_END = b"\x1b[200~", b"\x1b[201~"


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """
    A key that was pressed.

    @ivar name: C{text} for characters, C{paste} for what was pasted, or the key's name, such as C{ctrl-a},
        C{alt-b}, C{left}, C{enter}; C{unknown} for what has none.
    @ivar text: the characters, for C{text} and C{paste}.
    """

    name: str
    text: str = ""


_CONTROL = {0x09: "tab", 0x0A: "enter", 0x0D: "enter", 0x7F: "backspace", 0x08: "backspace", 0x1B: "escape"}
_FINAL = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "Z": "back-tab"}
_TILDE = {"1": "home", "7": "home", "4": "end", "8": "end", "3": "delete", "5": "page-up", "6": "page-down"}
_MODIFIER = {"2": "shift-", "3": "alt-", "5": "ctrl-", "7": "ctrl-"}

#: A whole control sequence, or SS3 with its key.
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O)?")


class Decoder:
    """Takes bytes in any pieces and gives keys."""

    def __init__(self) -> None:
        self._rest = b""
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._pasting = False
        self._paste = bytearray()

    @property
    def pending(self) -> bool:
        """Whether the start of an escape sequence came, which may be the key Escape alone."""
        return bool(self._rest) and not self._pasting

    def feed(self, data: bytes) -> list[Key]:
        """
        @param data: bytes from the terminal.
        @return: the keys that are complete, in order.
        """
        self._rest += data
        keys: list[Key] = []
        while self._rest:
            before = self._rest
            self._step(keys)
            if self._rest == before:
                break
        return keys

    def flush(self) -> list[Key]:
        """
        Nothing came for a while after the start of an escape sequence: it was meant as it stands.

        @return: the keys it is.
        """
        if not self.pending:
            return []
        rest, self._rest = self._rest[1:], b""
        return [Key("escape"), *self.feed(rest)] if rest != b"[" else [Key("alt-[")]

    def _step(self, keys: list[Key]) -> None:
        """Take one thing off the front of what came, when it is complete."""
        rest = self._rest
        if self._pasting:
            self._in_paste(keys)
        elif rest.startswith(PASTE_START):
            self._pasting = True
            self._rest = rest[len(PASTE_START) :]
        elif rest[0] == 0x1B:
            self._escape(keys)
        elif rest[0] < 0x20 or rest[0] == 0x7F:
            self._rest = rest[1:]
            keys.append(Key(_control_name(rest[0])))
        else:
            end = re.search(rb"[\x00-\x1f\x7f]", rest)
            run = rest[: end.start()] if end else rest
            self._rest = rest[len(run) :]
            text = self._utf8.decode(run, final=end is not None)
            # C1 controls, which UTF-8 can carry, are no text.
            text = "".join(c for c in text if not "\x80" <= c < "\xa0")
            if text:
                keys.append(Key("text", text))

    def _escape(self, keys: list[Key]) -> None:
        rest = self._rest
        if match := _SEQUENCE.match(rest):
            self._rest = rest[match.end() :]
            keys.append(Key(_sequence_name(match.group()[1:].decode("ascii"))))
        elif _UNFINISHED.fullmatch(rest) and len(rest) <= MAX_SEQUENCE:
            pass
        elif rest[1] < 0x80 and rest[1] not in (0x1B, 0x5B, 0x4F):
            self._rest = rest[2:]
            plain = rest[1] >= 0x20 and rest[1] != 0x7F
            keys.append(Key("alt-" + (chr(rest[1]) if plain else _control_name(rest[1]))))
        else:
            self._rest = rest[1:]
            keys.append(Key("escape"))

    def _in_paste(self, keys: list[Key]) -> None:
        content, end, rest = self._rest.partition(PASTE_END)
        if not end:
            # The last bytes may be the start of the end.
            content, rest = self._rest[: -len(PASTE_END) + 1], self._rest[-len(PASTE_END) + 1 :]
        self._paste += content[: MAX_PASTE - len(self._paste)]
        self._rest = rest
        if end:
            text = bytes(self._paste).decode("utf-8", "replace")
            self._pasting = False
            self._paste.clear()
            keys.append(Key("paste", text.replace("\r\n", "\n").replace("\r", "\n")))


def _control_name(code: int) -> str:
    if code in _CONTROL:
        return _CONTROL[code]
    return f"ctrl-{chr(code + 0x60)}" if 1 <= code <= 26 else "unknown"


def _sequence_name(sequence: str) -> str:
    """The key of a sequence without its ESC."""
    final = sequence[-1]
    parameters = sequence[1:-1].split(";")
    name = _TILDE.get(parameters[0]) if final == "~" else _FINAL.get(final)
    if name is None:
        return "unknown"
    modifier = _MODIFIER.get(parameters[1], "") if len(parameters) > 1 else ""
    return modifier + name
