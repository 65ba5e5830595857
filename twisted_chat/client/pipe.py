"""
Lines in, lines out: the client in a pipe, and on a terminal that cannot be drawn on.

What the server says goes to standard output, a prompt without a line end; what standard input says goes to
the server. The end of the input is C{/quit}, and the client waits for the server to close the connection, so
that nothing is lost.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet import interfaces
from twisted.internet.protocol import Protocol as TwistedProtocol
from zope.interface import implementer

from twisted_chat.client.config import Options
from twisted_chat.client.conversation import LOGIN_PROMPT, PASSWORD_PROMPT, Clock, Conversation, State, Timer
from twisted_chat.client.events import as_object, load_object, parse_json, parse_text
from twisted_chat.client.link import Link
from twisted_chat.client.text import clean, escape_json

SUCCESS, LOST, REFUSED, FAULT = 0, 1, 3, 4

#: The longest line of input in bytes; far over what the daemon takes, to which it says so itself.
MAX_INPUT = 64 * 1024

#: Input lines that may wait before reading stops, for example before the login.
MAX_WAITING = 1000

#: A token by which the answer to a command after C{/join} is known.
ENTERED = "room-entered"

#: Seconds without a sign of the server after C{/quit}, past which it will not close the connection any more.
CLOSE_WAIT = 30.0


class Pipe:
    """
    The client of one connection, without drawing.

    @ivar status: the exit status; final once C{done} was called.
    @ivar complaint: what to say on standard error at the end, or empty.
    """

    def __init__(
        self,
        clock: Clock,
        options: Options,
        done: Callable[[], object],
        *,
        ask: bool,
        echo: Callable[[bool], object] = lambda on: None,
    ) -> None:
        """
        @param clock: for pauses and time limits.
        @param done: is called once, when it is over and everything is written.
        @param ask: whether a person is at the input and can be asked.
        @param echo: switches the terminal's echo.
        """
        self.status = SUCCESS
        self.complaint = ""
        self.link: Link | None = None
        self._clock = clock
        self._options = options
        self._done = done
        self._stdio: Any = None
        self._is_over = False
        self._ask = ask
        self._echo = echo
        self._talk = Conversation(clock, self._to_server, self)
        self._lines: deque[str] = deque()
        self._rest = b""
        self._skipping = False
        self._input_ended = False
        self._connected = False
        self._question = ""
        self._answered = ""
        self._tried: set[str] = set()
        self._deadline: Timer | None = clock.callLater(options.timeout * 2, self._no_answer)
        self._network_full = False
        self._entering = False

    # Standard input

    def input_received(self, data: bytes) -> None:
        """
        @param data: bytes from standard input.
        """
        *ended, self._rest = (self._rest + data).split(b"\n")
        for raw in ended:
            self._input_line(raw)
        if len(self._rest) > MAX_INPUT:
            if not self._skipping:
                self._input_line(self._rest)
            self._rest, self._skipping = b"", True
        self._feed()

    def input_ended(self) -> None:
        """Standard input is at its end."""
        if self._rest:
            self._input_line(self._rest)
            self._rest = b""
        self._input_ended = True
        self._feed()

    def _input_line(self, raw: bytes) -> None:
        if self._skipping:
            self._skipping = False
            return
        if len(raw) > MAX_INPUT:
            self._complain(REFUSED, "a line of the input was too long and was not sent")
            return
        try:
            self._lines.append(raw.decode("utf-8").removesuffix("\r"))
        except UnicodeDecodeError:
            self._complain(REFUSED, "a line of the input was not UTF-8 and was not sent")

    def _feed(self) -> None:
        """Pass on what was read, as far as it can be."""
        if self._entering:
            pass
        elif self._talk.state is State.IN:
            while self._lines and not self._network_full:
                self._talk.say(self._lines.popleft())
        elif self._question:
            while self._question and self._lines:
                line = self._lines.popleft()
                if line.strip():
                    self._answer(line)
                elif self._ask:
                    self._write(self._question.encode())
        if self._input_ended and not self._lines:
            if self._question:
                self._over(
                    LOST,
                    f"the input ended before the server's question {self._question.strip()!r} was answered",
                )
            elif self._talk.state is State.IN and not self._entering and not self._talk.leaving:
                self._leave()
        if len(self._lines) + self._talk.backlog() < MAX_WAITING:
            self._stdio.resumeProducing()
        else:
            self._stdio.pauseProducing()

    # Standard output

    def output_opened(self, stdio: Any) -> None:
        """
        @param stdio: the transport for standard input and output.
        """
        self._stdio = stdio

    def output_lost(self) -> None:
        """Nobody reads the output any more."""
        self._over(LOST, "")
        self._done()

    def closed(self) -> None:
        """Everything is written."""
        self._done()

    def _write(self, data: bytes) -> None:
        self._stdio.write(data)

    # The connection

    def link_up(self) -> None:
        """There is a connection."""
        self._connected = True
        connection = self.link.transport() if self.link else None
        if connection is not None:
            # Whoever reads slowly slows down who writes, from end to end, and nothing piles up here.
            connection.registerProducer(Valve(self._network_flow), True)
            self._stdio.registerProducer(
                Valve(lambda on: connection.resumeProducing() if on else connection.pauseProducing()), True
            )

    def link_data(self, data: bytes) -> None:
        """Bytes came from the server."""
        self._talk.data_received(data)

    def link_down(self, why: str) -> None:
        """There is no connection, or no longer."""
        self._talk.ended()
        if not self._connected:
            self._over(LOST, f"cannot connect to {self._options.server}: {why}")
        elif self._talk.leaving and self._talk.backlog() == 0 and (not why or not self._talk.modern):
            self._over(self.status, self.complaint)
        else:
            why = why or "the server closed the connection"
            self._over(LOST, f"lost the connection to {self._options.server}: {why}")

    # The conversation

    def asked(self, prompt: str) -> None:
        """The server asks something."""
        self._question, answered = prompt, self._answered
        ready = {LOGIN_PROMPT: self._options.nick, PASSWORD_PROMPT: self._options.password}.get(prompt)
        if ready and prompt not in self._tried:
            self._tried.add(prompt)
            self._answer(ready, typed=False)
        elif self._ask and (answered, prompt) == (PASSWORD_PROMPT, LOGIN_PROMPT):
            # The password was wrong, not the name: have the server ask for it again, so that nobody types it here.
            self._answer(self._talk.name, typed=False)
        elif ready and not self._ask:
            what = "password" if PASSWORD_PROMPT in self._tried else f"name {ready!r}"
            self._over(REFUSED, f"{self._options.server} refused the {what}")
        elif prompt == PASSWORD_PROMPT and self._options.nick and not self._ask:
            # The next line of the input is not meant as one.
            name = self._options.nick
            self._over(REFUSED, f"{self._options.server} wants a password for {name!r}: see --password-file")
        else:
            if self._ask:
                self._cancel_deadline()
            if not self._options.json:
                self._write(clean(prompt).encode())
            self._echo(prompt != PASSWORD_PROMPT)
            self._feed()

    def logged_in(self) -> None:
        """The login is done."""
        self._cancel_deadline()
        if self._talk.modern:
            if self._options.json:
                self._talk.say("/format json")
            if self._options.room:
                # Nothing is said before the room is entered: the answers to both come in this order.
                self._entering = True
                self._talk.say(f"/join {self._options.room}")
                self._talk.say(f"/ping {ENTERED}")
        elif self._options.room:
            self._over(REFUSED, f"{self._options.server} has no rooms")
            return
        self._feed()

    def received(self, line: str) -> None:
        """The server says something."""
        if self._entering and not self._enter(line):
            return
        if self._options.json:
            line = self._as_json(line)
        self._write(clean(line).encode() + b"\n")

    def _enter(self, line: str) -> bool:
        """Whether the line, which came before the room was entered, is one to show."""
        event = parse_json(line) if line.startswith("{") else parse_text(line)
        if event is None:
            return True
        if event.type == "error":
            self._over(REFUSED, f"cannot enter {self._options.room}: {event.text}")
        elif ENTERED in (event.to, event.text.removeprefix("pong ")):
            self._entering = False
            self._feed()
            return False
        return True

    def _as_json(self, line: str) -> str:
        """The line as the daemon writes it after C{/format json}, also when the server wrote it as text."""
        if self._talk.modern and line.startswith("{"):
            if load_object(line) is not None:
                return escape_json(line)
            line = "!! The server sent a line that is not JSON, or too long."
        return escape_json(json.dumps(as_object(parse_text(line)), ensure_ascii=False, separators=(",", ":")))

    def interrupt(self, status: int) -> None:
        """
        Leave at once.

        @param status: the exit status.
        """
        self._over(status, "")

    def _answer(self, text: str, typed: bool = True) -> None:
        # A terminal has echoed the end of the line; in a pipe, and after a hidden password, it is missing.
        if typed and not self._options.json and (not self._ask or self._question == PASSWORD_PROMPT):
            self._write(b"\n")
        self._echo(True)
        self._question, self._answered = "", self._question
        self._talk.answer(text)

    def _network_flow(self, on: bool) -> None:
        self._network_full = not on
        if on:
            self._feed()

    def _to_server(self, data: bytes) -> None:
        if self.link is not None:
            self.link.write(data)

    def _leave(self) -> None:
        self._talk.say("/quit")
        self._clock.callLater(CLOSE_WAIT, self._still_open)

    def _still_open(self) -> None:
        if self._is_over:
            return
        silent = self._clock.seconds() - self._talk.heard
        if silent < CLOSE_WAIT or self._talk.backlog():
            self._clock.callLater(max(1.0, CLOSE_WAIT - silent), self._still_open)
        else:
            self._over(LOST, f"{self._options.server} did not close the connection after /quit")

    def _no_answer(self) -> None:
        self._over(LOST, f"no answer from {self._options.server} in time")

    def _cancel_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def _complain(self, status: int, complaint: str) -> None:
        if not self.complaint:
            self.status, self.complaint = status, complaint

    def _over(self, status: int, complaint: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.status, self.complaint = status, complaint
        self._cancel_deadline()
        self._talk.ended()
        if self.link is not None:
            self.link.abort()
        self._stdio.unregisterProducer()
        self._stdio.loseConnection()


@implementer(interfaces.IHalfCloseableProtocol)
class PipeStdio(TwistedProtocol):
    """Standard input and output for a L{Pipe}. The end of the input leaves the output open."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def connectionMade(self) -> None:
        self._pipe.output_opened(self.transport)

    def dataReceived(self, data: bytes) -> None:
        self._pipe.input_received(data)

    def readConnectionLost(self) -> None:
        self._pipe.input_ended()

    def writeConnectionLost(self) -> None:
        self._pipe.output_lost()

    def connectionLost(self, reason: Any = None) -> None:
        self._pipe.closed()


@implementer(interfaces.IPushProducer)
class Valve:
    """Tells when the consumer it is registered with is full, and does nothing else."""

    def __init__(self, switch: Callable[[bool], object]) -> None:
        """
        @param switch: is called with False when the consumer is full, and with True when it can take more.
        """
        self._switch = switch

    def pauseProducing(self) -> None:
        self._switch(False)

    def resumeProducing(self) -> None:
        self._switch(True)

    def stopProducing(self) -> None:
        pass
