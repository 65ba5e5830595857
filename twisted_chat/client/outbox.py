"""Lines that may not have arrived: said without an echo so far, or typed while there was no connection. Pure."""

from __future__ import annotations

from collections import deque

from twisted_chat.client.events import Event

#: Lines of each kind that are remembered.
MAX_LINES = 1000


class Outbox:
    """What a person has said, until it is known to have arrived."""

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=MAX_LINES)
        self._kept: deque[str] = deque(maxlen=MAX_LINES)

    def sent(self, line: str) -> None:
        """
        @param line: went out. If it is something said, its echo is awaited.
        """
        word = line.split(maxsplit=1)[0].lower() if line.strip() else ""
        if word and (not word.startswith("/") or word.startswith("//") or word == "/me"):
            self._said.append(line)

    def keep(self, line: str) -> None:
        """
        @param line: could not go out.
        """
        self._kept.append(line)

    def heard(self, event: Event) -> None:
        """
        @param event: one's own message or action came back: it and those before it have arrived.
        """
        wanted = _essence(event.text if event.type == "message" else f"/me {event.text}")
        for number, said in enumerate(self._said):
            if _essence(said) == wanted:
                for _ in range(number + 1):
                    self._said.popleft()
                return

    def unsent(self) -> list[str]:
        """
        @return: what has not arrived, in the order in which it was typed; it is forgotten here.
        """
        lines = [*self._said, *self._kept]
        self._said.clear()
        self._kept.clear()
        return lines


def _essence(line: str) -> str:
    """A line as the server may give it back: without the slash that escapes one, and blanks in a row as one."""
    return " ".join((line[1:] if line.startswith("//") else line).split())
