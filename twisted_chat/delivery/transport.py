"""TCP whose writes try the socket at once."""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IReactorCore

BACKLOG = 1024


class EagerServer(tcp.Server):
    """A connection that sends at once when nothing is waiting, instead of asking the reactor for a turn first.

    A message to a thousand members is a thousand small writes; each otherwise costs two changes of the poll set and
    a turn more. What the socket does not take goes the usual way, and so do errors, which the reactor then finds.

    @ivar send_now: the socket's C{send}: for those who know that nothing is waiting, and take care of what is not sent.
    """

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


class EagerPort(tcp.Port):
    """A listening port whose connections are L{EagerServer}s."""

    transport = EagerServer  # type: ignore[assignment]


class EagerReactor:
    """The reactor, but that its TCP listeners are L{EagerPort}s. For endpoints: they listen on what they are given."""

    def __init__(self, reactor: IReactorCore) -> None:
        self._reactor = reactor

    def listenTCP(self, port: int, factory: Any, backlog: int = BACKLOG, interface: str = "") -> EagerPort:
        """As C{IReactorTCP.listenTCP}, but that the backlog is at least L{BACKLOG}: endpoints ask for 50, which a class
        that joins at the stroke of the hour overruns."""
        listener = EagerPort(port, factory, max(backlog, BACKLOG), interface, self._reactor)
        listener.startListening()
        return listener

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)
