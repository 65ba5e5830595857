"""Searching the lines typed earlier, as with Ctrl-R in a shell. Pure."""

from __future__ import annotations

from twisted_chat.client.history import History
from twisted_chat.client.keys import Key
from twisted_chat.client.text import clean


class Search:
    """
    A search that goes on.

    @ivar words: what is looked for.
    """

    def __init__(self, history: History, before: str) -> None:
        """
        @param history: where to look.
        @param before: the line being typed, to come back to.
        """
        self.words = ""
        self._history = history
        self._before = before
        self._at: int | None = None

    @property
    def found(self) -> str:
        """The newest line that fits, empty when there is none."""
        return "" if self._at is None else self._history.lines[self._at]

    def take(self, key: Key) -> tuple[bool, str | None]:
        """
        @param key: was pressed.
        @return: whether the key was for the search; and, when that ends it, the line that it leaves.
        """
        match key.name:
            case "text" | "backspace":
                self.words = self.words + clean(key.text) if key.text else self.words[:-1]
                self._at = self._history.search(self.words)
            case "ctrl-r":
                further = self._history.search(self.words, self._at)
                self._at = self._at if further is None else further
            case "escape" | "ctrl-c" | "ctrl-g":
                return True, self._before
            case _:
                return False, self.found or self._before
        return True, None
