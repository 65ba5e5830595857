"""
The terminal as it was, and back to that.

On a terminal the descriptors 0 to 2 are usually one open file: what makes one non-blocking does it to all
three, and to every other program that has it open. So flags and modes are taken down before anything changes
them, and put back on every way out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import termios
import time
from collections.abc import Iterator

STANDARD = (0, 1, 2)

#: Seconds to wait at the end for a terminal that takes no output.
LAST_WORDS = 1.0

_IFLAG, _OFLAG, _CFLAG, _LFLAG, _CC = 0, 1, 2, 3, 6


def open_missing() -> None:
    """Give standard descriptors that are closed (C{<&-}) something to be, before another file gets their number."""
    for fd in STANDARD:
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


class Terminal:
    """
    What the standard descriptors were like.

    @ivar farewell: bytes that undo what was switched on by writing to the terminal; L{restore} writes them
        first.
    """

    def __init__(self) -> None:
        """Take down how things are now."""
        self.farewell = b""
        self._flags = {fd: fcntl.fcntl(fd, fcntl.F_GETFL) for fd in STANDARD}
        self._modes = {}
        for fd in STANDARD:
            with contextlib.suppress(termios.error):
                self._modes[fd] = termios.tcgetattr(fd)

    def interactive(self) -> bool:
        """
        @return: whether both input and output are a terminal.
        """
        return 0 in self._modes and 1 in self._modes

    def raw(self) -> None:
        """
        Have every key come at once and none of them do anything by itself. Output is left as it is.

        @raise termios.error: when the terminal refuses.
        """
        modes = termios.tcgetattr(0)
        modes[_IFLAG] &= ~(termios.BRKINT | termios.ICRNL | termios.INLCR | termios.IGNCR | termios.INPCK)
        modes[_IFLAG] &= ~(termios.ISTRIP | termios.IXON)
        modes[_CFLAG] |= termios.CS8
        modes[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        modes[_CC] = list(modes[_CC])
        modes[_CC][termios.VMIN], modes[_CC][termios.VTIME] = 1, 0
        termios.tcsetattr(0, termios.TCSANOW, modes)

    def echo(self, on: bool) -> None:
        """
        Switch the echo off for a password, or back on to how it was. Does nothing when the input is no
        terminal.
        """
        if 0 not in self._modes:
            return
        modes = termios.tcgetattr(0)
        modes[_LFLAG] = modes[_LFLAG] & ~termios.ECHO | (self._modes[0][_LFLAG] & termios.ECHO if on else 0)
        with _not_stopped():
            termios.tcsetattr(0, termios.TCSANOW, modes)

    def restore(self) -> None:
        """Put everything back, as far as it still can be; call it as often as you like. Raises nothing."""
        farewell, self.farewell = self.farewell, b""
        with _not_stopped():
            if farewell:
                write(1, farewell)
            for fd, modes in self._modes.items():
                with contextlib.suppress(termios.error, OSError):
                    termios.tcsetattr(fd, termios.TCSANOW, modes)
            for fd, flags in self._flags.items():
                with contextlib.suppress(OSError):
                    fcntl.fcntl(fd, fcntl.F_SETFL, flags)


@contextlib.contextmanager
def _not_stopped() -> Iterator[None]:
    """A program in the background is stopped when it changes the terminal, unless it ignores SIGTTOU."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTTOU, before)


def write(fd: int, data: bytes) -> None:
    """Write to a descriptor that may be non-blocking and may be full, but not for longer than L{LAST_WORDS}."""
    deadline = time.monotonic() + LAST_WORDS
    with contextlib.suppress(OSError):
        os.set_blocking(fd, False)
        while data and select.select([], [fd], [], max(0.0, deadline - time.monotonic()))[1]:
            data = data[os.write(fd, data) :]
