"""Each event of a room once and in order, whatever was missed in between and however it is told again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from twisted_chat.client.events import Event

#: Events held back for a room while what was missed is fetched. When more come, the oldest go.
MAX_HELD = 50_000


class Catchup:
    """What was shown of each room, and what is held back while the gap before it is filled."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._held: dict[str, dict[int, Event]] = {}

    def last(self, room: str) -> int:
        """
        @param room: its name.
        @return: the number of the newest event shown of it; 0 when there is none.
        """
        return self._last.get(room, 0)

    def begin(self, room: str) -> None:
        """
        From now on, hold back the room's events.

        @param room: its name.
        """
        self._held.setdefault(room, {})

    def catching_up(self, room: str) -> bool:
        """
        @return: whether the room's events are held back.
        """
        return room in self._held

    def take(self, event: Event) -> Event | None:
        """
        @param event: as it came from the server.
        @return: the event, when it is to be shown now; None when it is held back or was shown already.
        """
        if not event.id:
            return event
        held = self._held.get(event.room)
        if held is not None:
            held[event.id] = event
            if len(held) > MAX_HELD:
                del held[min(held)]
            return None
        if event.replay:
            # Told again because of a command: it is wanted, however old.
            self._last[event.room] = max(self.last(event.room), event.id)
            return event
        if event.id <= self.last(event.room):
            return None
        self._last[event.room] = event.id
        return event

    def finish(self, room: str, name: str) -> list[Event]:
        """
        The gap is filled.

        @param room: the room's name.
        @param name: one's own; what the room heard from one's last entering on, when nothing of it was shown
            before, is news and no replay.
        @return: what is to be shown now, in order.
        """
        held = self._held.pop(room, {})
        last = self.last(room)
        events = [held[number] for number in sorted(held) if number > last]
        if not events:
            return []
        self._last[room] = events[-1].id
        if not last:
            entered = max((e.id for e in events if e.type == "join" and e.sender == name), default=None)
            if entered is not None:
                events = [dataclasses.replace(e, replay=e.id < entered) for e in events]
        return events

    def held(self, room: str) -> Mapping[int, Event]:
        """
        @return: the room's events that are held back, by their numbers.
        """
        return self._held.get(room, {})

    def busy(self) -> bool:
        """
        @return: whether any room's events are held back.
        """
        return bool(self._held)

    def forget(self, room: str) -> None:
        """What was shown of the room has numbers of another server's: begin anew."""
        self._last.pop(room, None)
        self._held[room] = {}

    def abandon(self) -> None:
        """The connection is gone before the gaps were filled: they will be fetched again."""
        self._held.clear()
