"""The client on a pseudo terminal, and what a terminal emulator makes of what it writes."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import time
from collections.abc import Callable
from fcntl import F_GETFL, fcntl

from client_support import PATIENCE, ROOT, command, environment

try:
    import pexpect
    import pyte
except ImportError as problem:
    MISSING = f"{problem.name} is not installed"
else:
    MISSING = ""


class Terminal:
    """
    A client on a terminal of its own; a context manager.

    @ivar raw: every byte the client wrote.
    @ivar screen: what an emulator shows of them.
    """

    def __init__(
        self,
        *arguments: str,
        rows: int = 24,
        columns: int = 80,
        program: list[str] | None = None,
        **changes: str,
    ) -> None:
        self.raw = bytearray()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        first, *rest = program or command(*arguments)
        # The modes before the client had a chance to change them.
        self.before: object = None
        self.process = pexpect.spawn(
            first,
            rest,
            dimensions=(rows, columns),
            cwd=str(ROOT),
            env=environment(**changes),
            preexec_fn=lambda: None,
        )
        self.before = self.modes()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        # Not left to pexpect, which gives up on a busy machine.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        while self.process.isalive():
            time.sleep(0.01)
        self.process.close()

    def send(self, keys: str | bytes) -> None:
        """Press keys."""
        self.process.send(keys)

    def read(self, seconds: float = 0.02) -> bytes:
        """Let the client write for so long at most, and draw what it wrote."""
        try:
            data = self.process.read_nonblocking(1 << 16, seconds)
        except pexpect.TIMEOUT:
            return b""
        except pexpect.EOF:
            return b""
        self.raw += data
        self._stream.feed(data)
        return data

    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    def input_line(self) -> str:
        return self.lines()[-1]

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        """Read until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                shown = "\n".join(self.lines())
                raise AssertionError(f"did not come: {what or 'the condition'}; the screen is:\n{shown}")
            self.read()

    def wait_for(self, text: str) -> None:
        """Read until a text is on the screen."""
        self.wait(lambda: any(text in line for line in self.lines()), repr(text))

    def wait_end(self) -> int:
        """Read until the client has ended; its exit status, for a signal 128 more."""
        deadline = time.monotonic() + PATIENCE
        while self.process.isalive():
            if time.monotonic() > deadline:
                raise AssertionError("the client did not end; the screen is:\n" + "\n".join(self.lines()))
            self.read()
        while self.read():
            pass
        return self.process.exitstatus if self.process.exitstatus is not None else 128 + self.process.signalstatus

    def modes(self) -> tuple[object, ...]:
        """The terminal's modes and the flags of the descriptor behind it."""
        return termios.tcgetattr(self.process.child_fd), fcntl(self.process.child_fd, F_GETFL) & os.O_NONBLOCK
