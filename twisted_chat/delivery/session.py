"""One connection: who is on it, how it is written to, and what waits to be sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from zope.interface import implementer

from ..chat.acts import Answer, Step
from ..chat.events import Event
from ..chat.rooms import Room, User
from .counters import Counters
from .labels import Enclosing, Labelled

QUEUE_CAP = 1 << 20
# What a L{Source} that waits counts for: asking again and again without reading the answers has an end too.
SOURCE_SIZE = 1024
BITE = 1 << 16
CLOSE_TIMEOUT = 10.0


class Transport(Protocol):
    """What is asked of a connection, by Twisted's names: TCP, UNIX and TLS connections are such."""

    def write(self, data: bytes) -> None: ...
    def loseConnection(self) -> None: ...
    def abortConnection(self) -> None: ...
    def pauseProducing(self) -> None: ...
    def resumeProducing(self) -> None: ...
    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...
    def unregisterProducer(self) -> None: ...
    def getPeer(self) -> Any: ...
    def setTcpNoDelay(self, enabled: bool) -> None: ...


class Format(Protocol):
    """How events and answers are written to some sessions. The same object serves all who are written to alike.

    @ivar once: whether what several rooms are told of (L{Event.whole}) is told to a session once only.
    """

    once: bool

    def event(self, event: Event) -> bytes:
        """Encode an event as it happens, once: the bytes are shared by everyone."""

    def replay(self, event: Event, ids: bool = False, title: str | None = None) -> bytes:
        """Encode an event as something that was.

        @param ids: with its id.
        @param title: see L{Recall}.
        """

    def frame(self, title: str | None) -> tuple[bytes, bytes]:
        """What stands before and after replay. @param title: see L{Recall}."""

    def answer(self, answer: Answer) -> bytes:
        """Encode what one session is told."""

    def enclose(self, label: str, said: bytes, first: bool = True, last: bool = True) -> bytes:
        """Mark lines as the answer to the command that the client gave this label.

        @param said: whole lines.
        @param first, last: whether they are the first, the last of the answer.
        """


class Dialect(NamedTuple):
    """The formats of a session: for its current room, and for the others."""

    here: Format
    elsewhere: Format


class Dialects(Protocol):
    """In which ways a protocol's sessions may be written to, by name."""

    @property
    def forms(self) -> Sequence[str]:
        """Those that a person may choose from, if there is a choice."""

    def __getitem__(self, name: str) -> Dialect: ...


class Source(Protocol):
    """Something long that is sent to one session in pages, each read when there is room for it."""

    def page(self) -> Awaitable[tuple[bytes, bool]]:
        """The next bytes, and whether more follow. Not called again before it is done."""


@implementer(IPushProducer)
class Session:
    """One connection, as the chat and delivery see it.

    What is sent goes to the transport at once; when that is full, or something long is being read, it waits here, in
    order. It is the transport's producer, so that the transport says when it is full.

    C{_send_now} does with bytes what is right just now, and tells how many it has taken: the socket's own C{send}, most
    of the time.

    @ivar user, room: the chat's (see L{acts.Session}).
    @ivar busy, closing, arrival, renames, pulls, marks: the chat's, too.
    @ivar peer: where the connection comes from, for the log.
    @ivar on_ready: called once, when the session is no longer busy.
    @ivar current: the current room as far as delivery has come; C{room} may be ahead of it.
    @ivar formats: in which format each room's events are sent: the rooms that it receives.
    @ivar queued: how many bytes wait here.
    @ivar labelled: what a command of theirs that has a label has been answered so far.
    @ivar waiting_label: the label of a command whose answer comes later, while the session is busy.
    """

    __slots__ = (
        "_backlog",
        "_behind",
        "_cap",
        "_choked",
        "_counters",
        "_dialects",
        "_later",
        "_reading",
        "_send_now",
        "_transport",
        "arrival",
        "busy",
        "closing",
        "current",
        "dialect",
        "formats",
        "labelled",
        "marks",
        "on_ready",
        "peer",
        "pulls",
        "queued",
        "renames",
        "room",
        "user",
        "waiting_label",
    )

    log = Logger()

    def __init__(
        self,
        transport: Transport,
        dialects: Dialects,
        dialect: str,
        peer: str,
        cap: int = QUEUE_CAP,
        later: Callable[[float, Callable[[], None]], object] | None = None,
        counters: Counters | None = None,
    ) -> None:
        """
        @param dialects: what L{switch} can choose from.
        @param dialect: the one to begin with.
        @param cap: how many bytes may wait before the connection is cut off.
        @param later: calls a function after so many seconds; without it, a closed connection may take its time.
        @param counters: where it is counted that the connection was cut off.
        """
        self.user: User | None = None
        self.room: Room | None = None
        self.busy = False
        self.closing = False
        self.renames = False
        self.pulls = self.marks = False
        self.arrival: Callable[[Room], Sequence[Step]] | None = None
        self.on_ready: Callable[[], None] | None = None
        self.peer = peer
        self.current: str | None = None
        self.formats: dict[str, Format] = {}
        self.dialect = dialects[dialect]
        self.queued = 0
        self.labelled: Labelled | None = None
        self.waiting_label: str | None = None
        self._dialects = dialects
        self._cap = cap
        self._later = later
        self._counters = counters
        self._transport = transport
        self._send_now: Callable[[bytes], int] = self._straight()
        self._backlog: deque[bytes | Source | None] | None = None
        self._choked = False
        self._reading = False
        self._behind = False
        transport.registerProducer(self, True)

    def send(self, data: bytes) -> None:
        """Send bytes after everything before. Never raises; a session that does not read is cut off."""
        send_all((self,), data)

    @property
    def address(self) -> str:
        """The chat's: the IP address at the other end."""
        return self.peer.rpartition(":")[0]

    @property
    def certificate(self) -> str | None:
        """The chat's: the fingerprint of the certificate that the other end has shown."""
        shown: str | None = getattr(self._transport, "certificate", None)
        return shown

    @property
    def secure(self) -> bool:
        """The chat's: whether what it is sent is encrypted on its way."""
        return bool(getattr(self._transport, "secure", False))

    @property
    def behind(self) -> bool:
        """The chat's: whether it has not taken all that it was sent."""
        return self._behind or bool(self._backlog)

    @property
    def forms(self) -> Sequence[str]:
        """The chat's: in which ways it can be written to, for a person to choose from."""
        return self._dialects.forms

    @property
    def alive(self) -> bool:
        """The chat's: whether the connection still exists."""
        return self._send_now is not _nowhere

    def ready(self) -> None:
        """The chat's: take more."""
        self.busy = False
        on_ready, self.on_ready = self.on_ready, None
        if on_ready is not None:
            on_ready()

    def switch(self, dialect: str) -> None:
        """Be written to otherwise from here on."""
        self.dialect = self._dialects[dialect]

    def format_for(self, room: str) -> Format:
        """The format in which a room's events are to be sent now."""
        return self.dialect.here if room == self.current else self.dialect.elsewhere

    def _straight(self) -> Callable[[bytes], int]:
        """How to send when nothing waits."""
        # Its own attribute: one that wraps another, to encrypt say, passes on whatever the inner one has.
        return vars(self._transport).get("send_now") or self._write

    def _write(self, data: bytes) -> int:
        self._transport.write(data)
        return len(data)

    def _queue(self, data: bytes) -> int:
        """How to send while something waits."""
        assert self._backlog is not None
        self._backlog.append(data)
        self._grow(len(data))
        return len(data)

    def _grow(self, size: int) -> None:
        """So much more waits: too much for one that does not read?"""
        self.queued += size
        if self.queued > self._cap:
            if self._counters is not None:
                self._counters.cut_off["queue"] += 1
            self.log.info(
                "{peer} cut off: it does not read, {queued} bytes wait for it", peer=self.peer, queued=self.queued
            )
            self.abort()

    def send_source(self, source: Source) -> None:
        """Send something long; what is sent afterwards waits for its end."""
        if self._send_now is not _nowhere:
            self._grow(SOURCE_SIZE)
        self._enqueue(source)

    def close(self) -> None:
        """Close the connection when everything before has been sent, or after L{CLOSE_TIMEOUT} seconds if it does not
        take that."""
        self._enqueue(None)
        if self.alive and self._later is not None:
            self._later(CLOSE_TIMEOUT, self._give_up)

    def _give_up(self) -> None:
        if self.alive:
            self.abort()

    def abort(self) -> None:
        """Cut the connection off at once. Its C{connectionLost} follows in a later turn of the reactor."""
        self.gone()
        self._transport.abortConnection()

    def gone(self) -> None:
        """The connection is no more: nothing is sent any longer."""
        self._send_now = _nowhere
        self.on_ready = None
        self._behind = bool(self._backlog)
        self._backlog = None
        self.queued = 0

    def _enqueue(self, item: Source | None) -> None:
        if self._send_now is not _nowhere:
            self._hold().append(item)
            self._drain()

    def _hold(self) -> deque[bytes | Source | None]:
        """From here on what is sent waits."""
        if self._backlog is None:
            self._backlog = deque()
            self._send_now = self._queue
        return self._backlog

    def _drain(self) -> None:
        while self._backlog and not self._choked and not self._reading:
            item = self._backlog[0]
            if isinstance(item, bytes):
                self._transport.write(self._take(self._backlog))
            elif item is None:
                self.gone()
                self._transport.unregisterProducer()
                self._transport.loseConnection()
            else:
                self._reading = True
                reading = ensureDeferred(self._read(item))
                if not reading.called:
                    reading.addCallback(lambda _: self._drain())
        if self._backlog is not None and not self._backlog and not self._choked:
            self._backlog = None
            self._send_now = self._straight()

    def _take(self, backlog: deque[bytes | Source | None]) -> bytes:
        """Take what can be sent in one go from the front of the queue."""
        pieces: list[bytes] = []
        size = 0
        while backlog and size < BITE and isinstance(piece := backlog[0], bytes):
            backlog.popleft()
            pieces.append(piece)
            size += len(piece)
        self.queued -= size
        return b"".join(pieces)

    async def _read(self, source: Source) -> None:
        try:
            data, more = await source.page()
        except Exception:
            self.log.failure("replay for {peer} failed", peer=self.peer)
            data, more = self.dialect.here.answer(Answer(self, "error", "The log cannot be read now.")), False
            if isinstance(source, Enclosing):
                data = source.broken(data)
        self._reading = False
        if self._backlog is not None:
            if not more:
                self._backlog.popleft()
                self.queued -= SOURCE_SIZE
            self._transport.write(data)

    # IPushProducer: the transport's word on whether it takes more

    def pauseProducing(self) -> None:
        self._choked = True
        if self._send_now is not _nowhere:
            self._hold()

    def resumeProducing(self) -> None:
        self._choked = False
        self._drain()

    def stopProducing(self) -> None:
        pass


def send_all(sessions: Iterable[Session], data: bytes) -> None:
    """Send the same bytes to many sessions. Nothing else runs once for each recipient."""
    size = len(data)
    for session in sessions:
        try:
            sent = session._send_now(data)
        except OSError:
            sent = 0  # the transport finds out for itself what is wrong
        if sent != size:
            session._transport.write(data[sent:])


def _nowhere(data: bytes) -> int:
    """How a session that is gone sends."""
    return len(data)
