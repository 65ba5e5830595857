"""Questions that the client itself asks: whether to send some lines. Pure."""

from __future__ import annotations

from collections import deque

from twisted_chat.client.keys import Key

#: Seconds that a question stands before a letter answers it: no letter of a word that is just being typed.
WAIT = 1.0


class Questions:
    """
    Asked one after the other.

    A question about a paste is answered at once, since the person has just caused it. One about lines that were not
    sent may come at any time: while a line is being typed, only Alt-Y and Alt-N answer it.
    """

    def __init__(self) -> None:
        self._asked: deque[tuple[bool, list[str], float]] = deque()

    def __bool__(self) -> bool:
        return bool(self._asked)

    def ask(self, pasted: bool, lines: list[str], now: float) -> None:
        """
        @param pasted: whether the lines come from a paste, rather than from a time without connection.
        @param lines: what would be sent.
        @param now: the time, in seconds.
        """
        self._asked.append((pasted, lines, now if pasted else now + WAIT))

    def text(self, typing: bool) -> str:
        """
        @param typing: whether there is something in the line.
        @return: the question, for the status line; empty when there is none.
        """
        if not self._asked:
            return ""
        pasted, lines, _ = self._asked[0]
        count = f"{len(lines)} lines" if len(lines) > 1 else "1 line"
        what = "pasted" if pasted else "not sent while there was no connection"
        return f"Send {count} {what}? {'y/n' if pasted or not typing else 'Alt-Y/Alt-N'}"

    def take(self, key: Key, now: float, typing: bool) -> tuple[bool, list[str]]:
        """
        @param key: was pressed.
        @return: whether the key was for the question, and the lines to send.
        """
        if not self._asked:
            return False, []
        pasted, lines, since = self._asked[0]
        letter = {"alt-y": "y", "alt-n": "n", "escape": "n"}.get(key.name, "")
        if key.name == "text" and now >= since and (pasted or not typing):
            letter = key.text[:1].lower()
        if pasted and key.name == "ctrl-c":
            letter = "n"
        if letter not in ("y", "n"):
            # While a paste waits, nothing else is typed; a line that was not sent can wait longer.
            return pasted and key.name in ("text", "enter", "paste"), []
        self._asked.popleft()
        return True, lines if letter == "y" else []
