"""Bytes to lines, for every protocol made of lines: bounded, a little at a time, and no more than the session takes."""

from __future__ import annotations

import re
import socket
from typing import Any, ClassVar

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from ..chat import presence
from ..chat.chat import Chat
from ..delivery.session import Dialects, Session, Transport
from ..delivery.turn import Turn
from .flood import LINE_SHIFT, SHORT, FloodControl
from .gate import Dismissal, Gate

LINES_A_TURN = 100
# No more is begun after so many seconds; one command alone may take longer.
TIME_A_TURN = 0.005
MAX_DISCARDED = 1 << 20
# What begins something that is no chat before login: TLS, HTTP, SSH, SOCKS, RDP, what is binary, and a proxy that is
# not believed.
_FOREIGN = re.compile(
    rb"\x00|\x16\x03|[A-Z]+ \S+ HTTP/\d|SSH-\d|[\x04\x05][\x01-\x03][\x00-\x08]|\x03\x00\x00|PROXY (TCP|UNKNOWN)"
)


class BoundedLines(FloodControl, LineReceiver):
    """One connection of a protocol whose lines end with LF or CRLF.

    C{LineReceiver}'s own C{dataReceived} is replaced: it takes 38 ms for 64 KiB of one-byte lines. Its hooks
    are as everywhere: L{lineReceived} and L{lineLengthExceeded}. Neither is called while the session is busy, nor once
    it is closing.

    A protocol sets C{MAX_LENGTH}, C{dialects} and C{dialect}, defines L{lineReceived}, L{lineLengthExceeded} and
    L{refusal}, and L{greet} if it says something first. Commands that cost much L{charge} more.

    @cvar dialects: in which ways the session may be written to, and C{dialect} the name of the first.
    @cvar pings: whether the protocol has a way to ask for a sign of life: L{ping}. All have TCP's.
    @ivar session: made when the connection is.
    """

    delimiter = b"\n"
    MAX_LENGTH = 4096
    dialects: ClassVar[Dialects]
    dialect: ClassVar[str]
    pings: ClassVar[bool] = False

    factory: IntakeFactory
    transport: Transport  # type: ignore[assignment]  # an ITransport that is more
    session: Session

    # Kept on the class as long as they are what they are for nearly every connection.
    _rest = b""
    _discarded = 0
    _waiting = False
    _held = False
    _timer: IDelayedCall | None = None
    _closed: Deferred[None] | None = None
    _parting = ""
    # Whether anything has come since the last look, and whether it was asked for something.
    _heard = False
    _asked = False

    def connectionMade(self) -> None:
        factory = self.factory
        factory.connections[self] = None
        transport = self.transport
        address = transport.getPeer()
        if isinstance(address, IPv4Address | IPv6Address):
            transport.setTcpNoDelay(True)
            _keep_alive(transport, factory.gate.limits.silence)
        self.session = self.make_session(_peer(address))
        factory.chat.strangers.add(self.session)
        factory.gate.await_login(self)
        if self.pings:
            factory.gate.await_life(self)
        self.greet()

    def make_session(self, peer: str) -> Session:
        """
        @param peer: where the connection comes from.
        """
        factory, gate = self.factory, self.factory.gate
        cap, counters = gate.limits.send_queue, gate.counters
        return Session(self.transport, self.dialects, self.dialect, peer, cap, factory.later, counters)

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
        return self._parting

    @staticmethod
    def refusal(why: str) -> bytes:
        """
        @param why: why a connection is not let in.
        @return: how it is told that.
        """
        raise NotImplementedError

    def ping(self) -> None:
        """Of a protocol with C{pings}: ask for something that the client has to answer."""
        raise NotImplementedError

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._rest, self._waiting, self._held = b"", False, False
        self._stop_timer()
        factory = self.factory
        factory.turn.forget(self)
        factory.connections.pop(self, None)
        factory.gate.forget(self)
        factory.gate.left(self.session.address)
        self.session.gone()
        factory.chat.strangers.discard(self.session)
        factory.chat.watching.forget(self.session)
        factory.chat.subscriptions.forget(self.session)
        presence.lost(self.factory.chat, self.session, self.farewell())
        if self._closed is not None:
            self._closed.callback(None)

    def closed(self) -> Deferred[None]:
        """Fires when the connection is lost. To be called once."""
        self._closed = Deferred()
        return self._closed

    def cut_off(self, reason: str, sentence: str, parting: str) -> None:
        """Close the connection because of what it does, or does not.

        @param reason: for L{Counters.cut_off}.
        @param sentence: what it is told.
        @param parting: what the others are told, if it had logged in.
        """
        if not self.session.closing:
            self._parting = parting
            self.factory.gate.counters.cut_off[reason] += 1
            self.factory.chat.hang_up(self.session, sentence)

    def relocate(self, address: str) -> bool:
        """Somebody who is believed says that this connection comes from elsewhere; to be called before login.

        @param address: an IP address, which all limits, bans and cloaks then go by.
        @return: whether it may come in from there; if not, it is being closed.
        """
        gate = self.factory.gate
        why = gate.admit(address)
        if why is not None:
            self.factory.chat.hang_up(self.session, why)
            return False
        gate.left(self.session.address)
        self.session.peer = f"{address}:0"
        return True

    # What the gate looks after

    def overdue(self) -> bool:
        if self.session.user is not None:
            return False
        if self.session.busy:
            return True
        seconds = self.factory.gate.limits.login_time
        self.cut_off("login", f"You have not logged in within {seconds} seconds: connect again.", "")
        return False

    def crowded_out(self) -> bool:
        if self.session.user is not None:
            return False
        if self.session.busy:
            self.factory.gate.await_login(self)
            return False
        self.factory.gate.counters.cut_off["full"] += 1
        self.session.abort()
        return True

    def check_life(self) -> None:
        if self._heard or self._waiting:
            self._heard = self._asked = False
        elif self._asked:
            seconds = self.factory.gate.limits.silence
            self.cut_off("ping", f"You did not answer for {seconds} seconds.", f"no answer for {seconds} seconds")
        elif not self.session.closing:
            self._asked = True
            self.ping()

    # Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        self._heard = True
        if self._waiting:
            # What was on its way when reading stopped.
            self._rest += data
            self.transport.pauseProducing()
        elif self.factory.turn.slow_down(self):
            self._rest += data
            self._waiting = self._held = True
        else:
            self._take(self._rest + data if self._rest else data)

    def pauseProducing(self) -> None:
        """The turn's: read no more for now."""
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """The turn's: go on with what it has held up."""
        if self._held:
            self._held = False
            self._timer = self.factory.later(0, self._take_more)

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
        session = self.session
        lines = data.split(b"\n", LINES_A_TURN)
        rest = lines.pop()
        if lines:
            if self._discarded:
                self._discarded = 0
                del lines[0]
            flood = self.factory.gate.limits.flood
            if flood is not None or len(lines) > 1:
                seconds = self.factory.reactor.seconds
                begun = seconds()
            if flood is not None:
                limit = self.refill(flood, begun)
            for done, ended in enumerate(lines):
                if session.busy or (done and seconds() - begun > TIME_A_TURN):
                    self._wait(b"\n".join([*lines[done:], rest]))
                    return
                if session.closing:
                    self._rest = b""
                    return
                if flood is not None:
                    if self.taken > limit:
                        self._wait(b"\n".join([*lines[done:], rest]), self.slow_down(flood, begun))
                        return
                    self.taken += flood.each
                    if len(ended) > SHORT:
                        self.charge(len(ended) >> LINE_SHIFT)
                if session.user is None and _FOREIGN.match(ended):
                    self._refuse_foreign()
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
        if rest and session.user is None and _FOREIGN.match(rest):
            self._refuse_foreign()

    def _refuse_foreign(self) -> None:
        """Any web page can have a browser send lines here: none of them must become a name, and the next a message."""
        self._rest = b""
        self.session.closing = True
        self.factory.gate.counters.cut_off["foreign"] += 1
        self.session.abort()

    def _discard(self, rest: bytes) -> None:
        """A line is too long: drop it up to its end; and the connection, if that is too far away."""
        first, self._rest = not self._discarded, b""
        self._discarded += len(rest)
        self.charge(len(rest) >> LINE_SHIFT)
        if first and not self.session.closing:
            self.lineLengthExceeded(rest)
        if self._discarded > MAX_DISCARDED and self.session.alive:
            self.session.closing = True
            self.factory.gate.counters.cut_off["length"] += 1
            self.session.abort()

    def _wait(self, rest: bytes, pause: float = 0) -> None:
        """Take this later: in the next turn, after a pause, or when the session is no longer busy."""
        self._rest = rest
        self._waiting = True
        self.transport.pauseProducing()
        if self.session.busy:
            self.session.on_ready = self._take_more
        else:
            self._timer = self.factory.later(pause, self._take_more)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _take_more(self) -> None:
        self._stop_timer()
        if self._waiting and self.session.busy:
            self.session.on_ready = self._take_more
        elif self._waiting and self.factory.turn.slow_down(self):
            self._held = True
        elif self._waiting:
            self._waiting = False
            data, self._rest = self._rest, b""
            self._take(data)
            if not self._waiting:
                self.transport.resumeProducing()


class IntakeFactory(ServerFactory):
    """Makes a L{BoundedLines} for each connection that the gate admits; what they share is here.

    @cvar name: which protocol it is, in one word.
    @ivar chat: the users and rooms.
    @ivar gate: who may come in, and the limits; of all listeners.
    @ivar connections: all that are open.
    """

    noisy = False
    name: ClassVar[str]
    protocol: type[BoundedLines]  # type: ignore[assignment]

    def __init__(self, chat: Chat, turn: Turn, reactor: IReactorTime, gate: Gate | None = None) -> None:
        """
        @param gate: by default one that lets everyone in.
        """
        self.chat = chat
        self.turn = turn
        self.reactor = reactor
        self.later = reactor.callLater
        self.gate = gate or Gate(reactor)
        self.connections: dict[BoundedLines, None] = {}

    def offer(self) -> None:
        """What may be asked for may have changed (whether guests come in, or anybody makes an account): a protocol that
        says that beforehand says so again."""

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        why = self.gate.admit(getattr(addr, "host", ""))
        if why is not None:
            return Dismissal(self.gate, self.protocol.refusal(why))
        made = self.protocol()
        made.factory = self
        return made


def _peer(address: Any) -> str:
    if isinstance(address, IPv4Address | IPv6Address):
        return f"{address.host}:{address.port}"
    return "a local socket"


def _keep_alive(transport: Any, silence: int) -> None:
    """Have the system find out that the other end is gone: when it has not been heard of, or does not take what it is
    sent, for twice the silence."""
    transport.setTcpKeepAlive(bool(silence))
    inner = transport
    while getattr(inner, "transport", None) is not None:
        inner = inner.transport
    handle = getattr(inner, "socket", None)
    if silence and handle is not None:
        try:
            handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, silence)
            handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, silence // 4))
            handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
            handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2000 * silence)
        except (AttributeError, OSError, OverflowError):
            pass  # not every system has them; it has its own times then
