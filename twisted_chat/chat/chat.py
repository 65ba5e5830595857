"""The chat: who is here, what they may do, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .acts import Act, Answer, Close, Enter, Exit, Focus, Outbox, Private, Recall, Session, Step
from .errors import Refused
from .events import Event, Kind
from .names import Name, parse_name, parse_room
from .rooms import Room, User

LOBBY = "#lobby"
REPLAY = 20
MAX_ROOMS = 100
MAX_NOTE = 300


class Chat:
    """All users and rooms, and everything that can be done to them.

    Every method that a session calls either raises L{Refused}, and nothing has changed, or changes the state at
    once and puts an act into the outbox, which keeps and delivers it. Texts must have been through L{clean}.

    @ivar users: who is logged in, by the key of the name.
    @ivar rooms: the rooms with members or a topic, by name.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Callable[[], float],
        server: str = "chat",
        motd: str = "",
    ) -> None:
        """
        @param outbox: where acts go.
        @param clock: the time in seconds since 1970-01-01 UTC.
        @param server: what the server calls itself.
        @param motd: the message of the day, shown after login; may have several lines.
        """
        self.server = server
        self.motd = motd
        self.users: dict[str, User] = {}
        self.rooms: dict[str, Room] = {}
        self._outbox = outbox
        self._clock = clock
        self._looks: dict[str, str] = {}  # skeleton of a name or room in use -> its key
        self._add_room(parse_room(LOBBY))

    def restore(self, topics: Iterable[tuple[str, str]]) -> None:
        """Take over what was before: names and topics of the rooms that have one. Called before the first login."""
        for name, topic in topics:
            (self.rooms.get(name) or self._add_room(parse_room(name))).topic = topic

    # Coming and going

    def login(self, session: Session, text: str) -> None:
        """Let someone in, into the lobby.

        @raise Refused: C{"bad-name"}, C{"name-in-use"}, or C{"confusable"} with a name in use.
        """
        name = parse_name(text)
        self._check_free(name)
        user = User(name, session, self._clock())
        room = self.rooms[LOBBY]
        self._add_user(user)
        self._put_in(user, room)
        session.user = user
        session.room = room

        def undo() -> None:
            session.user = session.room = None
            self._remove_user(user)
            if user.farewell is not None:
                user.farewell.steps = []

        greeting = self.motd.split("\n") if self.motd else []
        greeting.append(f"Welcome to {self.server}. You are in {LOBBY}, {_company(room)}; /help lists the commands.")
        steps: list[Step] = [
            Enter(session, LOBBY),
            Focus(session, LOBBY),
            self._event(Kind.JOIN, room, user),
            Answer(session, "room", "\n".join(greeting + _topic_line(room)), _room_data(room)),
            Recall(session, (LOBBY,), REPLAY, talk=True),
        ]
        self._outbox.add(Act(session, steps, undo))

    def quit(self, session: Session, reason: str = "") -> None:
        """Someone leaves, by their own wish: the connection is closed when all is said.

        @raise Refused: C{"too-long"}: the reason.
        """
        _check_length(reason, "reason")
        self.lost(session, reason)
        self.hang_up(session, "Goodbye.")

    def hang_up(self, session: Session, why: str) -> None:
        """Tell a session why, and close it when all that comes before is sent."""
        self._outbox.add(Act(session, [Answer(session, "closing", why), Close(session)]))

    def lost(self, session: Session, reason: str = "") -> None:
        """The connection is gone. Called once or more for every session, logged in or not."""
        user = session.user
        if user is None:
            return
        rooms = user.rooms
        session.user = session.room = None
        user.sessions = tuple(s for s in user.sessions if s is not session)
        self._outbox.add(Act(None, [Exit(session, room.name) for room in rooms]))
        if not user.sessions:
            self._remove_user(user)
            # Undoing what came before changes what there is to say, once more can be written.
            user.farewell = Act(None, [self._event(Kind.LEAVE, room, user, text=reason) for room in rooms], fact=True)
            self._outbox.add(user.farewell)

    def join(self, session: Session, text: str) -> None:
        """Enter a room, which comes into being when needed, and make it the current one.

        @raise Refused: C{"bad-room"}, C{"confusable"}, or C{"too-many-rooms"}.
        """
        user = _user(session)
        name = parse_room(text)
        room = self.rooms.get(name.key)
        if room is not None and user in room.members:
            self._focus(session, room)
            return
        if len(user.rooms) >= MAX_ROOMS:
            raise Refused("too-many-rooms", f"You are in {MAX_ROOMS} rooms already; /leave one first.")
        if room is None:
            twin = self._looks.get(name.skeleton)
            if twin is not None:
                raise Refused("confusable", f"There is already a room {twin}, which looks the same.")
            room = self._add_room(name)
        before = session.room
        self._put_in(user, room)
        session.room = room

        def undo() -> None:
            self._take_out(user, room)
            if session.room is room:
                session.room = before
            if user.farewell is not None:
                left = user.farewell.steps
                user.farewell.steps = [s for s in left if not (isinstance(s, Event) and s.room == room.name)]

        steps: list[Step] = [Enter(s, room.name) for s in user.sessions]
        steps += [
            Focus(session, room.name),
            self._event(Kind.JOIN, room, user),
            self._now_in(session, room),
        ]
        steps += [Recall(s, (room.name,), REPLAY, talk=True) for s in user.sessions]
        self._outbox.add(Act(session, steps, undo))

    def leave(self, session: Session, text: str | None = None) -> None:
        """Leave a room, by default the current one; the last room entered of those left becomes current.

        @raise Refused: C{"no-room"} or C{"not-in-room"}.
        """
        user = _user(session)
        room = self._own_room(session, text)
        event = self._event(Kind.LEAVE, room, user)
        rooms, sessions, focus = user.rooms, user.sessions, [s for s in user.sessions if s.room is room]
        self._take_out(user, room)
        steps: list[Step] = [Exit(s, room.name) for s in user.sessions]
        steps.append(event)
        steps.append(Answer(session, "info", f"You left {room.name}."))
        following = user.rooms[-1] if user.rooms else None
        for s in focus:
            s.room = following
            steps.append(Focus(s, following.name if following else None))
            steps.append(self._now_in(s, following))

        def undo() -> None:
            if user.farewell is not None:
                user.farewell.steps = [*user.farewell.steps, *(Exit(s, room.name) for s in sessions), event]
            else:
                room.members[user] = None
                user.rooms = rooms
                self._keep_if_used(room)
                for s in focus:
                    s.room = room

        self._outbox.add(Act(session, steps, undo))

    def rename(self, session: Session, text: str) -> None:
        """Take another name.

        @raise Refused: as L{login}.
        """
        user = _user(session)
        old, new = user.name, parse_name(text)
        if new.shown == old.shown:
            raise Refused("same-name", f"You are {new.shown} already.")
        self._check_free(new, user)
        events = [self._event(Kind.RENAME, room, user, new.shown) for room in user.rooms]

        def change(name: Name) -> None:
            self._remove_name(user)
            user.name = name
            self._add_user(user)

        change(new)
        def undo() -> None:
            if user.farewell is None:
                change(old)
                return
            user.name = old
            for step in user.farewell.steps:
                if isinstance(step, Event):
                    step.actor = old.shown

        steps: list[Step] = [*events, Answer(session, "info", f"You are now {new.shown}.", {"name": new.shown})]
        self._outbox.add(Act(session, steps, undo))

    # Talking

    def say(self, session: Session, text: str, kind: Kind = Kind.MESSAGE) -> None:
        """Say something, or (C{Kind.ACTION}) do something, in the current room.

        @raise Refused: C{"no-room"}.
        """
        user, room = session.user, session.room
        if user is None or room is None:
            raise Refused("no-room", f"You are in no room. /join {LOBBY} takes you to the first one.")
        now = self._clock()
        user.active = now
        event = Event(kind, int(now * 1000), room.name, user.name.shown, "", text)
        self._outbox.add(Act(session, (event,)))

    def message(self, session: Session, text: str, name: str) -> None:
        """Say something to one person only.

        @raise Refused: C{"no-such-user"}.
        """
        user, other = _user(session), self.find_user(name)
        event = self._event(Kind.DIRECT, None, user, other.name.shown, text)
        sessions = tuple(dict.fromkeys(user.sessions + other.sessions))
        steps: list[Step] = [event, Private(sessions, event)]
        if other.away is not None:
            steps.append(Answer(session, "info", f"{other.name.shown} is away: {other.away}"))
        self._outbox.add(Act(session, steps))

    def set_topic(self, session: Session, text: str) -> None:
        """Set the topic of the current room, or clear it with an empty text.

        @raise Refused: C{"no-room"} or C{"too-long"}.
        """
        user, room = _user(session), self._own_room(session, None)
        _check_length(text, "topic")
        old, room.topic = room.topic, text

        def undo() -> None:
            room.topic = old
            self._keep_if_used(room)

        self._outbox.add(Act(session, [self._event(Kind.TOPIC, room, user, text=text)], undo))

    def set_away(self, session: Session, text: str | None) -> None:
        """Be away, with a text, or back, with C{None}.

        @raise Refused: C{"too-long"}.
        """
        _check_length(text or "", "away text")
        _user(session).away = text
        self.answer(session, "You are marked as back." if text is None else "You are marked as away.")

    # Asking

    def answer(self, session: Session, text: str, kind: str = "info", data: dict[str, object] | None = None) -> None:
        """Tell this session something, in its place among what else it is sent."""
        self._outbox.add(Act(session, (Answer(session, kind, text, data),)))

    def refuse(self, session: Session, why: Refused) -> None:
        """Tell this session that it is refused, and why."""
        self.answer(session, why.sentence, "error", {"code": why.code})

    def do(self, session: Session, step: Step) -> None:
        """Put one step that changes nothing in the chat (such as a look into the history) in its place."""
        self._outbox.add(Act(session, (step,)))

    def find_user(self, text: str) -> User:
        """
        @raise Refused: C{"no-such-user"}: nobody of that name is here; or C{"bad-name"}.
        """
        user = self.users.get(parse_name(text).key)
        if user is None:
            raise Refused("no-such-user", f"There is no {text.strip()} here.")
        return user

    def find_room(self, session: Session, text: str | None) -> Room:
        """A room by name, by default the current one.

        @raise Refused: C{"no-room"}, C{"bad-room"} or C{"no-such-room"}.
        """
        if text is None:
            if session.room is None:
                raise Refused("no-room", f"You are in no room. /join {LOBBY} takes you to the first one.")
            return session.room
        name = parse_room(text)
        room = self.rooms.get(name.key)
        if room is None:
            raise Refused("no-such-room", f"There is no room {name.shown}. /join {name.shown} would make it.")
        return room

    def now(self) -> float:
        """The time, in seconds since 1970-01-01 UTC."""
        return self._clock()

    # Parts

    def _own_room(self, session: Session, text: str | None) -> Room:
        room = self.find_room(session, text)
        if _user(session) not in room.members:
            raise Refused("not-in-room", f"You are not in {room.name}.")
        return room

    def _focus(self, session: Session, room: Room) -> None:
        session.room = room
        self._outbox.add(Act(session, [Focus(session, room.name), self._now_in(session, room)]))

    def _now_in(self, session: Session, room: Room | None) -> Answer:
        if room is None:
            return Answer(session, "room", f"You are in no room now. /join {LOBBY} takes you back.", _room_data(None))
        lines = [f"You are now in {room.name}, {_company(room)}.", *_topic_line(room)]
        return Answer(session, "room", "\n".join(lines), _room_data(room))

    def _event(self, kind: Kind, room: Room | None, user: User, target: str = "", text: str = "") -> Event:
        now = self._clock()
        user.active = now
        return Event(kind, int(now * 1000), room.name if room else None, user.name.shown, target, text)

    def _check_free(self, name: Name, user: User | None = None) -> None:
        holder = self.users.get(name.key)
        if holder is not None and holder is not user:
            raise Refused("name-in-use", f"The name {name.shown} is in use.")
        twin = self._looks.get(name.skeleton)
        if twin is not None and self.users.get(twin) is not user:
            raise Refused("confusable", f"The name {name.shown} looks too much like {self.users[twin].name.shown}.")

    def _add_user(self, user: User) -> None:
        self.users[user.name.key] = user
        self._looks[user.name.skeleton] = user.name.key

    def _remove_name(self, user: User) -> None:
        del self.users[user.name.key]
        del self._looks[user.name.skeleton]

    def _remove_user(self, user: User) -> None:
        if self.users.get(user.name.key) is user:
            self._remove_name(user)
        for room in user.rooms:
            self._take_out(user, room)

    def _add_room(self, name: Name) -> Room:
        room = self.rooms[name.key] = Room(name.key, name.skeleton)
        self._looks[name.skeleton] = name.key
        return room

    def _put_in(self, user: User, room: Room) -> None:
        room.members[user] = None
        user.rooms += (room,)

    def _take_out(self, user: User, room: Room) -> None:
        if room.members.pop(user, self) is self:
            return
        user.rooms = tuple(r for r in user.rooms if r is not room)
        self._keep_if_used(room)

    def _keep_if_used(self, room: Room) -> None:
        """There is a room as long as it has members or a topic, or is the lobby."""
        if room.members or room.topic or room.name == LOBBY:
            self.rooms[room.name] = room
            self._looks[room.skeleton] = room.name
        elif self.rooms.get(room.name) is room:
            del self.rooms[room.name]
            del self._looks[room.skeleton]


def _user(session: Session) -> User:
    if session.user is None:
        raise Refused("not-logged-in", "Log in first.")
    return session.user


def _check_length(text: str, what: str) -> None:
    if len(text) > MAX_NOTE:
        raise Refused("too-long", f"The {what} has at most {MAX_NOTE} characters; this one has {len(text)}.")


def _company(room: Room) -> str:
    others = len(room.members) - 1
    return "alone" if others < 1 else "with one other" if others == 1 else f"with {others} others"


def _topic_line(room: Room) -> list[str]:
    return [f"Topic: {room.topic}"] if room.topic else []


def _room_data(room: Room | None) -> dict[str, object]:
    if room is None:
        return {"room": None, "topic": "", "members": 0}
    return {"room": room.name, "topic": room.topic, "members": len(room.members)}
