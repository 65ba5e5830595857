"""The last lines of a room that somebody is in, for those who join it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

from ..chat.chat import REPLAY
from ..chat.events import TALK, Event, Kind, deleted
from .replay import Replay
from .session import Format

# Asked for with every event; getting at a member of an Enum is slow in Python 3.11.
_DELETE = Kind.DELETE


class Recent:
    """What was said last in one room: everything since it was opened, and (once loaded) what the log has before.

    A thousand people who join are shown the same lines: they are encoded once, for as long as anyone has the format.

    @ivar since: the id of the last event before; it and what came before it are not here until loaded.
    @ivar complete: whether the lines are the room's last ones, so that the log need not be asked.
    @ivar deletions: how often something was deleted since it was opened.
    """

    __slots__ = ("_encoded", "_events", "_room", "complete", "deletions", "since")

    def __init__(self, room: str, since: int) -> None:
        self.since = since
        self._room = room
        self._events: deque[Event] = deque(maxlen=REPLAY)
        self._encoded: WeakKeyDictionary[Format, bytes] = WeakKeyDictionary()
        self.complete = False
        self.deletions = 0

    def extend(self, events: Sequence[Event]) -> None:
        """Take in what has been delivered; it may begin with what came before this was opened."""
        for event in events:
            if event.kind is _DELETE:
                self.deletions += 1
                self._empty(deleted(event)[0])
        talk = self._new(events)
        if talk:
            self._events.extend(talk)
            self._encoded.clear()
            self.complete = self.complete or len(self._events) == REPLAY

    def _empty(self, id: int) -> None:
        for event in self._events:
            if event.id == id:
                event.text, event.wire = "", None
                self._encoded.clear()

    def encoded(self, format: Format, later: Sequence[Event] = ()) -> bytes:
        """The lines as replay.

        @param later: events that have not been taken in yet, but come before.
        """
        talk = self._new(later)
        if talk:
            return self._replay(format, [*self._events, *talk][-REPLAY:])
        data = self._encoded.get(format)
        if data is None:
            data = self._encoded[format] = self._replay(format, self._events)
        return data

    def _replay(self, format: Format, events: Iterable[Event]) -> bytes:
        data = b"".join(format.replay(event, title=self._room) for event in events)
        return data.join(format.frame(self._room)) if data else b""

    def _new(self, events: Sequence[Event]) -> list[Event]:
        return [event for event in events if event.kind in TALK and event.id > self.since]

    def loading(self, replay: Replay) -> _Loading:
        """The same replay, from which this takes what it does not have yet."""
        return _Loading(self, replay)

    def _load(self, events: Sequence[Event]) -> None:
        if not self.complete:
            known = self._events[0].id if self._events else None
            older = [event for event in events if known is None or event.id < known]
            self._events = deque([*older, *self._events], REPLAY)
            self.since = max([self.since, *(event.id for event in older)])
            self._encoded.clear()
            self.complete = True


class _Loading:
    """A L{Source} that passes a replay on."""

    def __init__(self, recent: Recent, replay: Replay) -> None:
        self._recent = recent
        self._replay = replay

    async def page(self) -> tuple[bytes, bool]:
        deletions = self._recent.deletions
        page = await self._replay.page()
        # What has been deleted meanwhile may have been read before; whoever joins next reads again.
        if self._recent.deletions == deletions:
            self._recent._load(self._replay.loaded)
        return page
