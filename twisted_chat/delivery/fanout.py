"""Who receives which room, and handing out what has been committed: one write to each session."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import cast

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger

from ..chat.acts import (
    Answer,
    Close,
    Enter,
    Exit,
    Focus,
    Inspect,
    Label,
    Omit,
    Private,
    Recall,
    Step,
    Survey,
    Switch,
    Sync,
    Tally,
)
from ..chat.chat import REPLAY
from ..chat.events import Event, Kind, Move, Put
from ..store.interface import Query, Store
from .labels import Labelled
from .recent import Recent
from .replay import Replay
from .session import Format, Session, Source, send_all
from .tally import Counting, Surveying

# Asked for with every event; getting at a member of an Enum is slow in Python 3.11.
_DELETE = Kind.DELETE


class Run:
    """The events of one room among the steps of one delivery.

    @ivar places: where each stands among the steps, ascending.
    @ivar changed: whether the room has not only more to say: something was deleted, or it is another room's name now.
    """

    __slots__ = ("_encoded", "changed", "events", "places")

    log = Logger()

    def __init__(self) -> None:
        self.changed = False
        self.places: list[int] = []
        self.events: list[Event] = []
        self._encoded: dict[Format, list[bytes]] = {}

    def encoded(self, format: Format) -> list[bytes]:
        """The events in a format, each encoded once."""
        lines = self._encoded.get(format)
        if lines is None:
            try:
                lines = [format.event(event) for event in self.events]
            except Exception:
                lines = [self._line(format, event) for event in self.events]
            self._encoded[format] = lines
        return lines

    def _line(self, format: Format, event: Event) -> bytes:
        try:
            return format.event(event)
        except Exception:
            # All others are to be seen all the same.
            self.log.failure("event {id} cannot be sent: a defect, please report it", id=event.id)
            return b""

    def span(self, start: int, end: int) -> slice:
        """Which of the events stand between two places."""
        return slice(bisect_left(self.places, start), bisect_left(self.places, end))


# A step that is for one session alone: its place, the step, and the last event before it.
Own = tuple[int, Step, int]


class Fanout:
    """The audiences of all rooms.

    What the steps say about who receives what takes effect in their order, so a session that enters between two
    messages receives the second only, though both are delivered together.

    @ivar deliveries: how many events were sent, counted once for each connection.
    """

    log = Logger()

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audiences: dict[str, dict[Format, dict[Session, None]]] = {}
        self._recent: dict[str, Recent] = {}
        self._last_id = 0
        self.deliveries = 0

    def deliver(self, steps: Sequence[Step]) -> None:
        """Send everything to everyone it is for. The events among the steps are committed."""
        runs: dict[str, Run] = {}
        run: Run | None = None
        own: dict[Session, list[Own]] = {}
        last_id = self._last_id
        room: str | None = None
        moved: list[str] = []
        for place, step in enumerate(steps):
            if isinstance(step, Event):
                last_id = step.id or last_id
                if step.room is not room:
                    room = step.room
                    run = runs.setdefault(room, Run()) if room is not None else None
                if run is not None:
                    run.places.append(place)
                    run.events.append(step)
                    if step.kind is _DELETE:
                        run.changed = True
            elif type(step) is Put:
                continue
            elif type(step) is Move:
                moved += [step.room] if step.to is None else [step.room, step.to]
            elif isinstance(step, Private):
                for session in step.sessions:
                    own.setdefault(cast(Session, session), []).append((place, step, last_id))
            else:
                session = cast(Session, step.session)  # type: ignore[union-attr]
                own.setdefault(session, []).append((place, step, last_id))
        self._last_id = last_id
        for name in moved:
            runs.setdefault(name, Run()).changed = True
        self._send_rooms(runs, own)
        for session, mine in own.items():
            self._send_own(session, mine, runs, len(steps))
        for name, run in runs.items():
            recent = self._recent.get(name)
            if recent is not None:
                recent.extend(run.events)
        for name in moved:
            # What is remembered of it is another room's.
            if name in self._recent:
                self._recent[name] = Recent(name, self._last_id)

    @property
    def position(self) -> int:
        """The id of the last event that was delivered."""
        return self._last_id

    def reread(self) -> None:
        """Some of the log has gone: who joins is shown what the store has now."""
        for room in self._recent:
            self._recent[room] = Recent(room, self._last_id)

    def _send_rooms(self, runs: dict[str, Run], own: dict[Session, list[Own]]) -> None:
        """To all who receive nothing but what their rooms do: the same bytes for each format."""
        rooms = [name for name in runs if name in self._audiences]
        mixed: dict[Session, None] = {}
        for name in rooms:
            for format, audience in self._audiences[name].items():
                listeners: Collection[Session] = audience
                if own:
                    listeners = [session for session in audience if session not in own]
                if len(rooms) > 1:
                    several = [s for s in listeners if len(s.formats) > 1 and len(s.formats.keys() & runs.keys()) > 1]
                    if several:
                        mixed.update(dict.fromkeys(several))
                        listeners = [session for session in listeners if session not in mixed]
                data = b"".join(runs[name].encoded(format)) if listeners else b""
                if data:
                    self.deliveries += len(listeners) * len(runs[name].events)
                    send_all(listeners, data)
        shared: dict[tuple[tuple[str, Format], ...], tuple[bytes, int]] = {}
        for session in mixed:
            heard = tuple((name, format) for name, format in session.formats.items() if name in runs)
            if heard not in shared:
                lines = _merge(runs, heard)
                shared[heard] = b"".join(lines), len(lines)
            data, events = shared[heard]
            if data:
                self.deliveries += events
                session.send(data)

    def _send_own(self, session: Session, mine: list[Own], runs: dict[str, Run], end: int) -> None:
        """To one session: what is for it alone, and what its rooms say before, between and after."""
        if len(session.formats) == 1 and all(type(step) is Omit for _, step, _ in mine):
            self._send_but(session, mine, runs)
            return
        pieces: list[bytes] = []
        # Where the next bytes go: out, or into the answer to a command with a label, which goes out as a whole.
        into: list[bytes] | list[bytes | Source] = pieces
        start = 0
        for place, step, last_id in mine:
            if session.formats:
                self._between(session, runs, start, place - 1 if type(step) is Omit else place, into)
            start = place
            try:
                match step:
                    case Answer():
                        into.append(session.dialect.here.answer(step))
                    case Private():
                        format = _format(session, step.event.room)
                        (pieces if step.aside else into).append(format.event(step.event))
                    case Enter():
                        self._enter(session, step.room, last_id)
                    case Exit():
                        for room in [step.room] if step.room is not None else list(session.formats):
                            self._exit(session, room)
                    case Focus():
                        before, session.current = session.current, step.room
                        self._refresh(session, [room for room in (before, step.room) if room])
                    case Label(label=str() as label):
                        session.labelled = session.labelled or Labelled(label)
                        into = session.labelled.parts
                    case Label():
                        into = pieces
                        if step.complete:
                            self._send_labelled(session, pieces)
                    case Sync():
                        self._sync(session, last_id)
                    case Switch():
                        session.switch(step.format)
                        self._refresh(session, list(session.formats))
                    case Recall():
                        replay = self._recall(session, step, last_id, runs, place)
                        self._send_long(session, replay, pieces, into)
                    case Tally():
                        counting = Counting(self._store, step, last_id, session.dialect.here)
                        self._send_long(session, counting, pieces, into)
                    case Survey():
                        self._send_long(session, Surveying(self._store, step, session.dialect.here), pieces, into)
                    case Inspect():
                        ensureDeferred(self._inspect(step))
                    case Close():
                        self._send_labelled(session, pieces)
                        session.send(b"".join(pieces))
                        into = pieces = []
                        session.close()
            except Exception:
                # It costs this step alone: they may have to leave rooms, and to be told goodbye.
                self.log.failure("a step of a delivery failed: a defect, please report it")
        if session.formats:
            self._between(session, runs, start, end, into)
        data = b"".join(pieces)
        if data:
            session.send(data)

    def _send_but(self, session: Session, mine: list[Own], runs: dict[str, Run]) -> None:
        """To a session that is in one room, and has only talked in it, as a protocol has it that does not repeat to
        people what they say: all that the others say."""
        [(name, format)] = session.formats.items()
        run = runs.get(name)
        if run is None:
            return
        lines = run.encoded(format)
        pieces: list[bytes] = []
        start = 0
        for place, _, _ in mine:
            pieces += lines[start : bisect_left(run.places, place - 1)]
            start = bisect_left(run.places, place)
        pieces += lines[start:]
        self.deliveries += len(pieces)
        data = b"".join(pieces)
        if data:
            session.send(data)

    def _send_long(
        self,
        session: Session,
        what: bytes | Source,
        pieces: list[bytes],
        into: list[bytes] | list[bytes | Source],
    ) -> None:
        """Something that may have to be read first."""
        if isinstance(what, bytes) or into is not pieces:
            into.append(what)  # type: ignore[arg-type]  # lines of bytes only are C{pieces}
            return
        if pieces:
            session.send(b"".join(pieces))
            pieces.clear()
        session.send_source(what)

    def _send_labelled(self, session: Session, pieces: list[bytes]) -> None:
        """All of the answer to a command with a label is there."""
        labelled, session.labelled = session.labelled, None
        if labelled is not None:
            self._send_long(session, labelled.enclosed(session.dialect.here), pieces, pieces)

    def _between(
        self,
        session: Session,
        runs: dict[str, Run],
        start: int,
        end: int,
        pieces: list[bytes] | list[bytes | Source],
    ) -> None:
        heard = [(name, format) for name, format in session.formats.items() if name in runs]
        before = len(pieces)
        if len(heard) == 1:
            name, format = heard[0]
            run = runs[name]
            pieces += run.encoded(format)[run.span(start, end)]
        elif heard:
            pieces += _merge(runs, heard, start, end)
        self.deliveries += len(pieces) - before

    def _recall(self, session: Session, recall: Recall, upto: int, runs: dict[str, Run], place: int) -> bytes | Source:
        """Replay: from memory, when it is what everyone who joins is shown, else from the store."""
        recent = self._recent.get(recall.rooms[0]) if _is_for_joining(recall) else None
        if recent is not None and recent.since > upto:
            # Opened by someone who stands later in this delivery, but was seen to earlier.
            recent = None
        if recent is not None and recall.rooms[0] in runs and runs[recall.rooms[0]].changed:
            # What is remembered does not know of it yet; the log does.
            recent = None
        if recent is not None and recent.complete:
            name = recall.rooms[0]
            run = runs.get(name)
            later = run.events[run.span(0, place)] if run is not None else []
            return recent.encoded(session.format_for(name), later)
        formats = dict(session.formats)
        if not recall.words:
            formats |= {room: session.format_for(room) for room in recall.rooms}
        replay = Replay(self._store, recall, upto, formats, session.dialect.elsewhere)
        return replay if recent is None else recent.loading(replay)

    async def _inspect(self, inspect: Inspect) -> None:
        try:
            query = Query((inspect.room,), 1, inspect.id + 1, inspect.id - 1)
            found = await self._store.read(query)
        except Exception as error:
            self.log.error("the log cannot be read: {error}", error=error)
            found = []
        try:
            inspect.then(found[0] if found else None)
        except Exception:
            self.log.failure("what was to be done with an event failed: a defect, please report it")
            cast(Session, inspect.session).ready()

    # Audiences

    def _enter(self, session: Session, room: str, last_id: int) -> None:
        format = session.format_for(room)
        session.formats[room] = format
        self._audiences.setdefault(room, {}).setdefault(format, {})[session] = None
        if room not in self._recent:
            self._recent[room] = Recent(room, last_id)

    def _sync(self, session: Session, last_id: int) -> None:
        user = session.user
        rooms = [room.name for room in user.rooms] if user is not None else []
        for name in [name for name in session.formats if name not in rooms]:
            self._exit(session, name)
        before, session.current = session.current, session.room.name if session.room else None
        self._refresh(session, [room for room in (before, session.current) if room])
        for name in rooms:
            if name not in session.formats:
                self._enter(session, name, last_id)

    def _exit(self, session: Session, room: str) -> None:
        format = session.formats.pop(room, None)
        if format is None:
            return
        audience = self._audiences[room]
        del audience[format][session]
        if not audience[format]:
            del audience[format]
        if not audience:
            del self._audiences[room]
            del self._recent[room]

    def _refresh(self, session: Session, rooms: list[str]) -> None:
        """After what decides a session's formats has changed."""
        for room in rooms:
            old, new = session.formats.get(room), session.format_for(room)
            if old is not None and old is not new:
                audience = self._audiences[room]
                del audience[old][session]
                if not audience[old]:
                    del audience[old]
                audience.setdefault(new, {})[session] = None
                session.formats[room] = new


def _is_for_joining(recall: Recall) -> bool:
    """Whether it asks for what everyone who joins a room is shown."""
    rooms = recall.rooms
    return len(rooms) == 1 and recall == Recall(recall.session, rooms, REPLAY, talk=True, title=rooms[0])


def _merge(
    runs: dict[str, Run], heard: Sequence[tuple[str, Format]], start: int = 0, end: int | None = None
) -> list[bytes]:
    """What several rooms say between two places, in the order in which it was said; what is one thing, once, where the
    format wants that."""
    lines: list[tuple[int, bytes]] = []
    told: set[object] = set()
    for name, format in heard:
        run = runs[name]
        span = slice(None) if end is None else run.span(start, end)
        events = run.events[span]
        for place, event, line in zip(run.places[span], events, run.encoded(format)[span], strict=True):
            if event.whole is not None and format.once:
                if event.whole in told:
                    continue
                told.add(event.whole)
            lines.append((place, line))
    lines.sort()
    return [line for _, line in lines]


def _format(session: Session, room: str | None) -> Format:
    """For what a session is sent beside its rooms' events."""
    return session.dialect.here if room is None else session.formats.get(room) or session.format_for(room)
