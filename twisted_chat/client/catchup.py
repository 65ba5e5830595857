"""Each event of a room once and in order, whatever was missed in between and however it is told again. Pure."""

from __future__ import annotations

import dataclasses

from twisted_chat.client.events import Event

#: Events held back for a room while what was missed is fetched. When more come, the oldest go.
MAX_HELD = 50_000


class Catchup:
    """What was shown of each room, and what is held back while the gap before it is filled."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, float]] = {}
        self._held: dict[str, dict[int, Event]] = {}
        self._dropped: dict[str, int] = {}

    def last(self, room: str) -> int:
        """
        @param room: its name.
        @return: the number of the newest event shown of it; 0 when there is none.
        """
        return self._last.get(room, (0, 0.0))[0]

    def begin(self, room: str) -> None:
        """
        From now on, hold back the room's events.

        @param room: its name.
        """
        self._held.setdefault(room, {})

    def held(self) -> list[str]:
        """
        @return: the rooms whose events are held back.
        """
        return list(self._held)

    def take(self, event: Event) -> Event | None:
        """
        @param event: as it came from the server.
        @return: the event, when it is to be shown now; None when it is held back or was shown already.
        """
        if not event.id:
            return event
        held = self._held.get(event.room)
        if held is not None:
            # The first telling counts: of an event of now, that it is one.
            held.setdefault(event.id, event)
            if len(held) > MAX_HELD:
                del held[min(held)]
                self._dropped[event.room] = self._dropped.get(event.room, 0) + 1
            return None
        if event.replay:
            # Told again because of a command: it is wanted, however old.
            self._shown(event)
            return event
        if not self._is_new(event):
            return None
        self._shown(event, restart=True)
        return event

    def finish(self, room: str, name: str) -> tuple[list[Event], int]:
        """
        The gap is filled.

        @param room: the room's name.
        @param name: one's own; what the room heard from one's last entering on, when nothing of it was shown
            before, is news and no replay.
        @return: what is to be shown now, in order; and how many older events had to be left out.
        """
        held = self._held.pop(room, {})
        dropped = self._dropped.pop(room, 0)
        first = room not in self._last
        events = [held[number] for number in sorted(held) if self._is_new(held[number])]
        if events:
            self._shown(events[-1], restart=True)
        if first:
            entered = max((e.id for e in events if e.type == "join" and e.sender == name), default=None)
            if entered is not None:
                events = [dataclasses.replace(e, replay=e.id < entered) for e in events]
        return events, dropped

    def abandon(self) -> None:
        """The connection is gone before the gaps were filled: they will be fetched again."""
        self._held.clear()
        self._dropped.clear()

    def _is_new(self, event: Event) -> bool:
        """
        Numbers grow. A number that is not above the last, of an event that is later than the last, is one of a server
        that has begun to count anew.
        """
        number, time = self._last.get(event.room, (0, 0.0))
        return event.id > number or (event.time is not None and event.time > time)

    def _shown(self, event: Event, restart: bool = False) -> None:
        number, time = self._last.get(event.room, (0, 0.0))
        if restart or event.id > number:
            self._last[event.room] = event.id, max(time, event.time or 0.0)
