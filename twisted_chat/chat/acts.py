"""What a command did: the words in which the chat tells delivery what to keep and what to send, in order.

They are plain classes: Python takes fifty times as long to make a dataclass, and whoever starts the daemon waits. One
that is compared with others is a named tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .events import Event, Kind, Move, Put

if TYPE_CHECKING:
    from .rooms import Room, User


class Session(Protocol):
    """One connection, as far as the chat knows it.

    @ivar user: who is logged in on it.
    @ivar room: the current room: where a line without a command goes.
    @ivar address: the IP address it comes from; empty for a local socket.
    @ivar certificate: the fingerprint (SHA-256, in hexadecimal) of the certificate that the other end has shown, of
        which it has the key; C{None} for none.
    @ivar busy: it waits for something (a password being checked): no more is taken from it until L{ready}.
    @ivar secure: whether what it is sent is encrypted on its way.
    @ivar alive: whether the connection still exists.
    @ivar behind: whether it has not taken all that it was sent; also once it is gone.
    @ivar closing: it has been told goodbye, and nothing more is taken from it.
    @ivar waiting_label: what the client calls a command whose answer comes later, when it is no longer busy: what that
        does is marked so (L{Label}).
    @ivar renames: whether it shows that a room has another name; else it is shown to leave one and enter the other.
    @ivar arrival: of a protocol that shows rooms side by side, and people their own coming and going: makes what it is
        told of a room that it now receives. Otherwise C{None}.
    @ivar pulls: whether its program asks for what was said before: it is not sent any of that unasked.
    @ivar marks: whether its program says what has been read, and is told what their other programs say.
    @ivar forms: in which forms it can be written to, for a person to choose from (L{Switch}); none where the program
        settles that.
    """

    user: User | None
    room: Room | None
    busy: bool
    closing: bool
    waiting_label: str | None
    arrival: Callable[[Room], Sequence[Step]] | None
    renames: bool
    pulls: bool
    marks: bool

    @property
    def address(self) -> str: ...

    @property
    def certificate(self) -> str | None: ...

    @property
    def secure(self) -> bool: ...

    @property
    def alive(self) -> bool: ...

    @property
    def behind(self) -> bool: ...

    @property
    def forms(self) -> Sequence[str]: ...

    def ready(self) -> None:
        """It is no longer busy: what has come in since may be taken."""


class Outbox(Protocol):
    """Where the chat puts what its commands did."""

    def add(self, act: Act) -> None:
        """Keep and deliver an act after those added before it."""

    @property
    def position(self) -> int:
        """The id of the last event that has been delivered."""


class Enter:
    """From here on the session receives the room's events."""

    __slots__ = ("room", "session")

    def __init__(self, session: Session, room: str) -> None:
        self.session = session
        self.room = room


class Exit:
    """From here on it does not; with C{None}, any room's."""

    __slots__ = ("room", "session")

    def __init__(self, session: Session, room: str | None) -> None:
        self.session = session
        self.room = room


class Focus:
    """From here on this is the session's current room."""

    __slots__ = ("room", "session")

    def __init__(self, session: Session, room: str | None) -> None:
        self.session = session
        self.room = room


class Sync:
    """From here on the session receives what the chat's own state says: the rooms its user is in, and which is current.

    It follows what was taken back, in one go, because the log could not be written.
    """

    __slots__ = ("session",)

    def __init__(self, session: Session) -> None:
        self.session = session


class Switch:
    """From here on the session is written to in another format, by name."""

    __slots__ = ("format", "session")

    def __init__(self, session: Session, format: str) -> None:
        self.session = session
        self.format = format


class Answer:
    """What only this session is told.

    @ivar kind: C{"info"}, C{"error"}, or the type that docs/protocol.md gives to an answer with data.
    @ivar text: the sentences for a person, lines separated by C{"\\n"}; may be empty where data says it all.
    @ivar data: the same for a program; must be JSON-serialisable.
    """

    __slots__ = ("data", "kind", "session", "text")

    def __init__(self, session: Session, kind: str, text: str, data: Mapping[str, object] | None = None) -> None:
        self.session = session
        self.kind = kind
        self.text = text
        self.data = data


class Private:
    """An event that only these sessions receive. It stands after the event itself in the act.

    @ivar aside: it reaches them as it would have anyway: it is not the answer to what they did.
    """

    __slots__ = ("aside", "event", "sessions")

    def __init__(self, sessions: Sequence[Session], event: Event, aside: bool = False) -> None:
        self.sessions = sessions
        self.event = event
        self.aside = aside


class Omit:
    """The session does not receive the event just before this."""

    __slots__ = ("session",)

    def __init__(self, session: Session) -> None:
        self.session = session


class Label:
    """What the session receives from here on, up to the next such step, is the answer to one command.

    @ivar label: the name that the client has given that command; C{None}: that is all for now.
    @ivar complete: whether the answer ends here; otherwise more may follow, after another step with that label.
    """

    __slots__ = ("complete", "label", "session")

    def __init__(self, session: Session, label: str | None, complete: bool = True) -> None:
        self.session = session
        self.label = label
        self.complete = complete


class Recall(NamedTuple):
    """Replay from the log, as it is at this point.

    @ivar rooms: whose events; search looks through several.
    @ivar limit: how many events at most, the newest unless C{after} is given.
    @ivar before, after: only events with a smaller, a greater id.
    @ivar talk: only what was said, not who came and went.
    @ivar words: only messages with all these words.
    @ivar ids: show the events' ids to people, too.
    @ivar end: called with the number of the events when they are sent, makes the answer that follows; C{None} for none.
    @ivar until, since, newest, kinds, between: as in L{Query}.
    @ivar around: with as many from before a place as from there on, or nearly: C{("id", id)}, or C{("time",
        milliseconds since 1970)}.
    @ivar title: of protocols that have a way to tell what was from what is: whose history it is, a room or a person;
        empty for events that reach the session for the first time, but late. With C{None} they are told like any other
        answer to a command.
    @ivar asked: whether the session waits for the beginning and the end of it, even when there is nothing between.
    """

    session: Session
    rooms: Sequence[str]
    limit: int
    before: int | None = None
    after: int | None = None
    talk: bool = False
    words: Sequence[str] = ()
    ids: bool = False
    end: Callable[[int], Answer | None] | None = None
    until: int | None = None
    since: int | None = None
    newest: bool = False
    kinds: frozenset[Kind] | None = None
    between: tuple[Sequence[str], Sequence[str]] | None = None
    around: tuple[str, int] | None = None
    title: str | None = None
    asked: bool = False


class Tally:
    """How many messages there are, as an answer.

    @ivar since: for each room, the id after which messages count.
    @ivar read: for some rooms, the time until which they have been read, in milliseconds since 1970.
    @ivar answer: made from the numbers, by room; C{None} when there is nothing to say.
    """

    __slots__ = ("answer", "read", "session", "since")

    def __init__(
        self,
        session: Session,
        since: Mapping[str, int],
        answer: Callable[[Mapping[str, int]], Answer | None],
        read: Mapping[str, int] | None = None,
    ) -> None:
        self.session = session
        self.since = since
        self.answer = answer
        self.read = read or {}


class Survey:
    """Where a session could read on, as an answer.

    @ivar rooms, inbox, names, since: as in L{Store.conversations}.
    @ivar answer: made from what that returns.
    """

    __slots__ = ("answer", "inbox", "names", "rooms", "session", "since")

    def __init__(
        self,
        session: Session,
        rooms: Sequence[str],
        inbox: str,
        names: Sequence[str],
        since: int,
        answer: Callable[[Sequence[tuple[str, int]]], Answer],
    ) -> None:
        self.session = session
        self.rooms = rooms
        self.inbox = inbox
        self.names = names
        self.since = since
        self.answer = answer


class Inspect:
    """Look at one event of a room, or of another stream.

    @ivar then: called in a later turn with the event, or with C{None} when the room has none of that id.
    """

    __slots__ = ("id", "room", "session", "then")

    def __init__(self, session: Session, room: str, id: int, then: Callable[[Event | None], None]) -> None:
        self.session = session
        self.room = room
        self.id = id
        self.then = then


class Close:
    """The connection is closed once everything before has been sent."""

    __slots__ = ("session",)

    def __init__(self, session: Session) -> None:
        self.session = session


Step = (
    Event
    | Put
    | Move
    | Enter
    | Exit
    | Focus
    | Sync
    | Switch
    | Answer
    | Private
    | Omit
    | Label
    | Recall
    | Tally
    | Survey
    | Inspect
    | Close
)


class Act:
    """What one command did: all of it happens, or (when the log cannot be written) none.

    @ivar session: whose command it was, who is told when it fails; C{None} for nobody.
    @ivar steps: what happened, in order.
    @ivar undo: takes back what the command changed in the chat's own state. It may add acts without events or records,
        for those who are affected beside the session.
    @ivar fact: it has happened whether it can be written or not (a connection broke): it is not undone but written as
        soon as that is possible.
    @ivar amend: of a fact: brings its steps in line with the chat, after what came before it has been taken back.
    """

    __slots__ = ("amend", "fact", "session", "steps", "undo")

    def __init__(
        self,
        session: Session | None,
        steps: Sequence[Step],
        undo: Callable[[], None] | None = None,
        fact: bool = False,
        amend: Callable[[], None] | None = None,
    ) -> None:
        self.session = session
        self.steps = steps
        self.undo = undo
        self.fact = fact
        self.amend = amend
