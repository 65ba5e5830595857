"""Bytes to lines, for every protocol made of lines: bounded, a little at a time, and no more than the session takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from ..chat import presence
from ..chat.chat import Chat
from ..delivery.session import QUEUE_CAP, Dialect, Session, Transport
from ..delivery.turn import Turn

LINES_A_TURN = 100
# No more is begun after so many seconds; one command alone may take longer.
TIME_A_TURN = 0.005
MAX_DISCARDED = 1 << 20


class BoundedLines(LineReceiver):
    """One connection of a protocol whose lines end with LF or CRLF.

    C{LineReceiver}'s own C{dataReceived} is replaced: it takes 38 ms for 64 KiB of one-byte lines. Its hooks
    are as everywhere: L{lineReceived} and L{lineLengthExceeded}. Neither is called while the session is busy, nor once
    it is closing.

    A protocol sets C{MAX_LENGTH}, C{dialects} and C{dialect}, and defines L{greet} and L{farewell} if it has something
    to say there.

    @cvar dialects: in which ways the session may be written to, and C{dialect} the name of the first.
    @ivar session: made when the connection is.
    """

    delimiter = b"\n"
    MAX_LENGTH = 4096
    dialects: ClassVar[Mapping[str, Dialect]]
    dialect: ClassVar[str]

    factory: IntakeFactory
    transport: Transport  # type: ignore[assignment]  # an ITransport that is more
    session: Session

    # Kept on the class as long as they are what they are for nearly every connection.
    _rest = b""
    _discarded = 0
    _waiting = False
    _closed: Deferred[None] | None = None

    def connectionMade(self) -> None:
        factory = self.factory
        factory.connections[self] = None
        transport = self.transport
        address = transport.getPeer()
        if isinstance(address, IPv4Address | IPv6Address):
            transport.setTcpNoDelay(True)
        self.session = self.make_session(_peer(address))
        factory.chat.strangers.add(self.session)
        self.greet()

    def make_session(self, peer: str) -> Session:
        """
        @param peer: where the connection comes from.
        """
        factory = self.factory
        return Session(self.transport, self.dialects, self.dialect, peer, factory.queue_cap, factory.later)

    def lineReceived(self, line: bytes) -> None:
        """
        @param line: a line, without its end.
        """
        raise NotImplementedError

    def lineLengthExceeded(self, line: bytes) -> None:
        """Called once for each line that is longer than C{MAX_LENGTH}.

        @param line: what has come of it.
        """
        raise NotImplementedError

    def greet(self) -> None:
        """The connection is made: say what is said first."""

    def farewell(self) -> str:
        """
        @return: why the connection was lost, for those in the same rooms; empty for no reason given.
        """
        return ""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._rest, self._waiting = b"", False
        self.factory.connections.pop(self, None)
        self.session.gone()
        self.factory.chat.strangers.discard(self.session)
        presence.lost(self.factory.chat, self.session, self.farewell())
        if self._closed is not None:
            self._closed.callback(None)

    def closed(self) -> Deferred[None]:
        """Fires when the connection is lost. To be called once."""
        self._closed = Deferred()
        return self._closed

    def dataReceived(self, data: bytes) -> None:
        if self._waiting:
            # What was on its way when reading stopped.
            self._rest += data
            self.transport.pauseProducing()
            return
        self._take(self._rest + data if self._rest else data)
        self.factory.turn.slow_down(self)

    def pauseProducing(self) -> None:
        """The turn's: read no more for now."""
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """The turn's: read on, unless there is another reason not to."""
        if not self._waiting:
            self.transport.resumeProducing()

    def end_line(self) -> None:
        """What came since the last line's end is a line, too."""
        if self._waiting:
            self._rest += b"\n"
        elif self._rest or self._discarded:
            self._take(self._rest + b"\n")

    @property
    def unended(self) -> bool:
        """Whether there is something since the last line's end."""
        return bool(self._rest or self._discarded)

    def _take(self, data: bytes) -> None:
        """Process so many lines, and leave the others for the next turn of the reactor: nobody waits for them."""
        lines = data.split(b"\n", LINES_A_TURN)
        rest = lines.pop()
        if lines:
            if self._discarded:
                self._discarded = 0
                del lines[0]
            session = self.session
            if len(lines) > 1:
                seconds = self.factory.reactor.seconds
                begun = seconds()
            for done, ended in enumerate(lines):
                if session.busy or (done and seconds() - begun > TIME_A_TURN):
                    self._wait(b"\n".join([*lines[done:], rest]))
                    return
                if session.closing:
                    self._rest = b""
                    return
                line = ended.removesuffix(b"\r")
                if len(line) > self.MAX_LENGTH:
                    self.lineLengthExceeded(line)
                else:
                    self.lineReceived(line)
            if session.busy or b"\n" in rest:
                self._wait(rest)
                return
        if self._discarded or len(rest) > self.MAX_LENGTH + 1:
            self._discard(rest)
        else:
            self._rest = rest

    def _discard(self, rest: bytes) -> None:
        """A line is too long: drop it up to its end; and the connection, if that is too far away."""
        first, self._rest = not self._discarded, b""
        self._discarded += len(rest)
        if first and not self.session.closing:
            self.lineLengthExceeded(rest)
        if self._discarded > MAX_DISCARDED:
            self.session.abort()

    def _wait(self, rest: bytes) -> None:
        """Take this later: in the next turn, or when the session is no longer busy."""
        self._rest = rest
        self._waiting = True
        self.transport.pauseProducing()
        if self.session.busy:
            self.session.on_ready = self._take_more
        else:
            self.factory.reactor.callLater(0, self._take_more)

    def _take_more(self) -> None:
        if self._waiting and not self.session.busy:
            self._waiting = False
            data, self._rest = self._rest, b""
            self._take(data)
            if not self._waiting:
                self.transport.resumeProducing()


class IntakeFactory(ServerFactory):
    """Makes a L{BoundedLines} for each connection; what they share is here.

    @ivar chat: the users and rooms.
    @ivar connections: all that are open.
    """

    noisy = False

    def __init__(self, chat: Chat, turn: Turn, reactor: IReactorTime, queue_cap: int = QUEUE_CAP) -> None:
        """
        @param queue_cap: how many bytes may wait for one connection before it is cut off.
        """
        self.chat = chat
        self.turn = turn
        self.reactor = reactor
        self.later = reactor.callLater
        self.queue_cap = queue_cap
        self.connections: dict[BoundedLines, None] = {}


def _peer(address: Any) -> str:
    if isinstance(address, IPv4Address | IPv6Address):
        return f"{address.host}:{address.port}"
    return "a local socket"
