"""TCP whose writes try the socket at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IDelayedCall, IReactorCore
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python.failure import Failure

BACKLOG = 1024
# How long the other side has for closing after we have, in seconds.
LINGER = 1.0


class EagerServer(tcp.Server):
    """A connection that sends at once when nothing is waiting, instead of asking the reactor for a turn first.

    A message to a thousand members is a thousand small writes; each otherwise costs two changes of the poll set and
    a turn more. What the socket does not take goes the usual way, and so do errors, which the reactor then finds.

    @cvar bufferSize: how much is read at a time, and with it how much waits for one whose lines are not taken just now.
    @ivar send_now: the socket's C{send}: for those who know that nothing is waiting, and take care of what is not sent.
    """

    bufferSize = 1 << 13

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.send_now = self.socket.send

    def write(self, data: bytes) -> None:
        if self.dataBuffer or self._tempDataBuffer or self.TLS:
            super().write(data)  # type: ignore[no-untyped-call]
            return
        try:
            sent = self.send_now(data)
        except OSError:  # also of a socket closed meanwhile
            sent = 0
        if sent != len(data):
            super().write(data[sent:])  # type: ignore[no-untyped-call]

    def _isSendBufferFull(self) -> bool:
        # The producer is told of the first byte that has to wait, and then keeps what follows to itself.
        return bool(self.dataBuffer or self._tempDataLen)

    # Closing. A socket that is closed with input unread, or gets some afterwards, makes the system forget what it has
    # not sent yet: someone who talks all the time would not get their last line. So this side says that it is done,
    # and drops what still comes, until the other side closes too.

    _last: IDelayedCall | None = None

    def loseConnection(self) -> None:
        if self.TLS or self.disconnected or self._aborting:
            super().loseConnection()  # type: ignore[no-untyped-call]
        elif not self._writeDisconnecting:
            self.doRead = self._drop  # type: ignore[method-assign]
            self.loseWriteConnection()  # type: ignore[no-untyped-call]
            self.startReading()  # type: ignore[no-untyped-call]

    def _closeWriteConnection(self) -> None:
        super()._closeWriteConnection()
        reactor: Any = self.reactor
        self._last = reactor.callLater(LINGER, super().loseConnection)

    def _drop(self) -> Any:
        try:
            return None if self.socket.recv(self.bufferSize) else CONNECTION_DONE
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST

    def connectionLost(self, reason: Failure) -> None:
        if self._last is not None and self._last.active():
            self._last.cancel()
        super().connectionLost(reason)
        # Nothing of it refers to itself any longer: it is gone at once, and need not be found by the garbage collector.
        self._last = None
        self.__dict__.pop("doRead", None)


class EagerPort(tcp.Port):
    """A listening port whose connections are L{EagerServer}s."""

    transport = EagerServer  # type: ignore[assignment]


class EagerReactor:
    """The reactor, but that its TCP listeners are L{EagerPort}s. For endpoints: they listen on what they are given."""

    def __init__(self, reactor: IReactorCore, wrap: Callable[[Any], Any] = lambda factory: factory) -> None:
        """
        @param wrap: puts something around the factory of every TCP listener.
        """
        self._reactor = reactor
        self._wrap = wrap

    def listenTCP(self, port: int, factory: Any, backlog: int = BACKLOG, interface: str = "") -> EagerPort:
        """As C{IReactorTCP.listenTCP}, but that the backlog is at least L{BACKLOG}: endpoints ask for 50, which a class
        that joins at the stroke of the hour overruns."""
        listener = EagerPort(port, self._wrap(factory), max(backlog, BACKLOG), interface, self._reactor)
        listener.startListening()
        return listener

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)
