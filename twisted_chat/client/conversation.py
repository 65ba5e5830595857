"""
The talk with a server over one connection: the login, what kind of server it is, and sending at its pace.

Knows the two kinds of server of L{twisted_chat.client.wire}. With the daemon, lines go out as they come. The
original server takes each C{recv()} as one message, so there lines go out without LF and one at a time, each
after the echo of the one before.
"""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from twisted_chat.client.wire import Decoder

LOGIN_PROMPT = "Login Id: "
PASSWORD_PROMPT = "Password: "

#: Seconds without LF after which text is taken as a line: while the kind of server is open, and once it is
#: known that it sends none.
PAUSE_BEFORE_LOGIN = 0.3
PAUSE_AFTER_LOGIN = 0.03

#: Seconds after an answer in which the daemon may still ask something; then the login counts as done.
SETTLE = 1.0

#: Seconds the original server gets for the echo of a message, and to take in a command, which has none.
ECHO_WAIT = 2.0
COMMAND_WAIT = 0.1

#: Seconds between an echo and the next line to the original server. Everyone there tells messages apart by pauses.
AFTER_ECHO = 0.1

#: Bytes that the original server reads at once.
ORIGINAL_READS = 1024

#: What the daemon says only to those who are in: another connection of an account does not enter anew.
_AFTER_LOGIN = ("-- ", "~ ")

_ENTERED = re.compile(r"user \[[^][]{1,200}\] has entered the room")


class Timer(Protocol):
    """A call that L{Clock.callLater} has put off."""

    def cancel(self) -> None: ...

    def active(self) -> Any: ...


class Clock(Protocol):
    """What is used of the reactor to tell and wait for time, in seconds."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable[..., object], /, *args: object) -> Any: ...


class Listener(Protocol):
    """Whoever leads the conversation."""

    def asked(self, prompt: str) -> None:
        """The server asks, and waits for L{Conversation.answer}."""

    def logged_in(self) -> None:
        """The login is done; L{Conversation.modern} is now known."""

    def received(self, line: str) -> None:
        """A line came in (not cleaned)."""


class State(enum.Enum):
    WAITING = "the server has not asked yet"
    ASKED = "the server waits for an answer"
    ANSWERED = "it is not known yet what the server makes of the answer"
    IN = "logged in"


class Conversation:
    """
    One connection's talk.

    @ivar modern: whether the server is the daemon, which ends its lines and knows commands; C{None} until
        known.
    @ivar leaving: whether C{/quit} was said.
    @ivar name: the last answer to the login prompt.
    @ivar heard: when something last came from the server, in the clock's seconds.
    """

    def __init__(self, clock: Clock, write: Callable[[bytes], object], listener: Listener) -> None:
        """
        @param clock: for pauses.
        @param write: takes bytes for the server.
        @param listener: is told what happens.
        """
        self.modern: bool | None = None
        self.leaving = False
        self.name = ""
        self.state = State.WAITING
        self.heard = clock.seconds()
        self._clock = clock
        self._write = write
        self._listener = listener
        self._decoder = Decoder()
        self._question = ""
        self._queue: deque[str] = deque()
        self._pause: Timer | None = None
        self._settle: Timer | None = None
        self._turn: Timer | None = None
        self._ended = False

    # What comes in

    def data_received(self, data: bytes) -> None:
        """
        @param data: bytes from the server.
        """
        self.heard = self._clock.seconds()
        for line in self._decoder.feed(data):
            if self._ended:
                return
            _cancel(self._pause)
            self._line(line)
        rest = "" if self._ended else self._decoder.peek()
        if rest in (LOGIN_PROMPT, PASSWORD_PROMPT) and self.state is not State.IN:
            _cancel(self._pause)
            self._unended()
        elif rest and not (self._pause and self._pause.active()):
            pause = PAUSE_AFTER_LOGIN if self.state is State.IN else PAUSE_BEFORE_LOGIN
            self._pause = self._clock.callLater(pause, self._unended)

    def ended(self) -> None:
        """The connection is gone: no more timers, no more calls; text without LF that had come is passed on."""
        rest = self._decoder.take()
        if rest and not self._ended:
            self._listener.received(rest)
        self._ended = True
        for timer in (self._pause, self._settle, self._turn):
            _cancel(timer)

    def _line(self, line: str) -> None:
        """A line that LF ended."""
        if not line and not self._decoder.strict:
            return
        if self.state is State.ANSWERED:
            if self._question == LOGIN_PROMPT and line == "Registered username.":
                pass
            elif _ENTERED.fullmatch(line) or line.startswith(_AFTER_LOGIN):
                self._logged_in(modern=True)
            elif not (self._settle and self._settle.active()):
                self._settle = self._clock.callLater(SETTLE, self._logged_in, True)
        self._received(line)

    def _unended(self) -> None:
        """Text that came without LF."""
        text = self._decoder.take()
        if not text:
            return
        if self.state is not State.IN and text.endswith(": "):
            _cancel(self._settle)
            *before, question = _split_prompt(text)
            for line in before:
                self._received(line)
            self.state = State.ASKED
            self._question = question
            self._listener.asked(question)
            return
        if self.state is State.ANSWERED:
            self._logged_in(modern=False)
        self._received(text)

    def _received(self, line: str) -> None:
        if self.modern is False and line.startswith(f"[{self.name}] "):
            self._echoed()
        self._listener.received(line)

    def _logged_in(self, modern: bool) -> None:
        _cancel(self._settle)
        self.state = State.IN
        self.modern = modern
        self._decoder.strict = modern
        self._listener.logged_in()
        self._pump()

    # What goes out

    def answer(self, text: str) -> None:
        """
        Answer what the server asked.

        @param text: one line, not empty.
        """
        if self._question == LOGIN_PROMPT:
            self.name = text.strip()
        self.state = State.ANSWERED
        self._write(text.encode("utf-8", "replace") + b"\n")

    def say(self, line: str) -> None:
        """
        Say a line, as soon as the login is done and the lines before it are out. Blank lines are left out,
        since the daemon ignores them and the original server breaks on them; so is what follows C{/quit}.

        @param line: one line without LF.
        """
        if self.leaving or not line.strip():
            return
        if line.split(maxsplit=1)[0].lower() == "/quit":
            self.leaving = True
        self._queue.append(line)
        self._pump()

    def backlog(self) -> int:
        """
        @return: how many lines wait to go out.
        """
        return len(self._queue)

    def _pump(self) -> None:
        if self.state is not State.IN or self._ended:
            return
        if self.modern:
            if self._queue:
                self._write("".join(f"{line}\n" for line in self._queue).encode("utf-8", "replace"))
                self._queue.clear()
        elif self._queue and not (self._turn and self._turn.active()):
            line = self._queue.popleft()
            head, tail = _first_bytes(line, ORIGINAL_READS)
            if tail:
                self._queue.appendleft(tail)
            self._turn = self._clock.callLater(COMMAND_WAIT if head.startswith("/") else ECHO_WAIT, self._pump)
            self._write(head.encode("utf-8", "replace"))

    def _echoed(self) -> None:
        if self._turn is not None and self._turn.active():
            self._turn.cancel()
            self._turn = self._clock.callLater(AFTER_ECHO, self._pump)


def _cancel(timer: Timer | None) -> None:
    if timer is not None and timer.active():
        timer.cancel()


def _split_prompt(text: str) -> list[str]:
    """The prompt at the end of C{text}, and before it what a server that ends no line said first, if anything."""
    for prompt in (LOGIN_PROMPT, PASSWORD_PROMPT):
        if text.endswith(prompt) and text != prompt:
            return [text.removesuffix(prompt), prompt]
    return [text]


def _first_bytes(text: str, size: int) -> tuple[str, str]:
    """C{text} split after the last character that ends within C{size} bytes of UTF-8."""
    head = text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
    return head, text[len(head) :]
