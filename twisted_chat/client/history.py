"""The lines one has typed: going back, searching, and keeping them between runs."""

from __future__ import annotations

import contextlib
import os
from difflib import get_close_matches
from pathlib import Path

#: Lines that are kept, and bytes of the file that are read.
MAX_LINES = 1000
MAX_FILE = 1024 * 1024

#: Commands that may be followed by a password: such lines are not kept anywhere.
SECRET_COMMANDS = ("/login", "/register", "/password", "/ghost", "/unregister", "/identify")


def is_secret(line: str) -> bool:
    """
    @param line: as typed.
    @return: whether it may hold a password, or a room's key.
    """
    words = line.lower().split()
    if words[:1] == ["/join"]:
        return len(words) > 2
    if words[:2] == ["/mode", "key"] or line.lower().startswith(SECRET_COMMANDS):
        return True
    # Mistyped, it is no command, but the password is right.
    return len(words) > 1 and words[0].startswith("/") and bool(get_close_matches(words[0], SECRET_COMMANDS, 1, 0.7))


class History:
    """
    Lines in the order they were typed, and a place among them.

    @ivar lines: oldest first.
    """

    def __init__(self, lines: list[str] | None = None) -> None:
        """
        @param lines: from earlier.
        """
        self.lines = (lines or [])[-MAX_LINES:]
        self._at = len(self.lines)
        self._draft = ""

    def add(self, line: str) -> None:
        """
        @param line: as typed; blank ones and repetitions of the last are left out, and so is what could hold
            a password.
        """
        if line.strip() and not is_secret(line) and self.lines[-1:] != [line]:
            self.lines.append(line)
            del self.lines[:-MAX_LINES]
        self._at = len(self.lines)
        self._draft = ""

    def back(self, current: str) -> str | None:
        """
        @param current: the line as it stands, to come back to.
        @return: the line before, or None at the oldest.
        """
        if self._at == 0:
            return None
        if self._at == len(self.lines):
            self._draft = current
        self._at -= 1
        return self.lines[self._at]

    def forward(self) -> str | None:
        """
        @return: the line after, in the end the one that was being typed; None when already there.
        """
        if self._at >= len(self.lines):
            return None
        self._at += 1
        return self.lines[self._at] if self._at < len(self.lines) else self._draft

    def search(self, words: str, before: int | None = None) -> int | None:
        """
        @param words: what the line is to contain, in any case of letters.
        @param before: an index; only lines before it count.
        @return: the index of the newest such line, or None.
        """
        if not words:
            return None
        end = len(self.lines) if before is None else before
        wanted = words.casefold()
        return next((i for i in range(end - 1, -1, -1) if wanted in self.lines[i].casefold()), None)


def load(path: Path) -> History:
    """
    @param path: a file as L{save} writes it.
    @return: the history; empty when the file is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MAX_FILE))
            return History(file.read().decode("utf-8", "replace").split("\n")[:-1])
    except OSError:
        return History()


def save(path: Path, history: History) -> None:
    """
    Write the history, for its owner's eyes only. A disk that does not take it is no reason to fail.

    @param path: where to.
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write("".join(f"{line}\n" for line in history.lines).encode("utf-8", "replace"))
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
