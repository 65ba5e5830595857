"""The chat: everyone and every room, how they are found, and who may do what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .accounts import MIN_PASSWORD, Account, Accounts, Authenticator
from .acts import Act, Answer, Close, Outbox, Session, Step
from .cloaks import KEY_SIZE, cloak
from .departed import Departed
from .errors import Refused
from .events import AUDIT, Event, Kind, Move, Passing, Put
from .masks import Who
from .metadata import Subscriptions
from .names import Name, parse_name, parse_room
from .permissions import Ban, Role, need
from .rooms import Room, User
from .watching import Watching

LOBBY = "#lobby"
REPLAY = 20
MAX_ROOMS = 100
MAX_NOTE = 300
MAX_EMPTY = 1_000


class Chat:
    """All users and rooms.

    What can be done to them is in C{talking}, C{presence} (coming and going), C{membership} (in rooms),
    C{registration} (accounts), C{moderation}, C{administration} and others. Each function there either raises
    L{Refused}, and nothing has changed, or changes the state at once and puts acts into the outbox, which keeps and
    delivers them. Texts must have been through L{clean}.

    @ivar users: who is here, by the key of the name.
    @ivar rooms: the rooms with members, a topic, or an owner, by name.
    @ivar accounts: all accounts.
    @ivar bans: who is kept out of the server, by mask.
    @ivar shunned: keys of names and addresses whose words reach nobody, and because of which name.
    @ivar logins: how often somebody has come in, since the start.
    @ivar registration: whether people may make accounts themselves.
    @ivar shortest_password: how many characters a new password needs.
    @ivar rehash: reads the operator's files again, and tells what has changed: sentences for the operator.
    @ivar cloak_key: what cloaks are made with; kept, as bans on them are.
    @ivar scram_secret: with which names without a password get a verifier that looks like one (L{scram.pretend}); empty
        until it is needed.
    @ivar reads: for each account, by its key, up to when it has read: see L{markers}.
    @ivar looks: the skeletons of all names of users and rooms in use, with their keys.
    @ivar strangers: the connections on which nobody is yet.
    @ivar departed: who was here lately.
    @ivar watching: who wants to be told when somebody comes and goes.
    @ivar subscriptions: who wants to be told what people and rooms say of themselves.
    @ivar most: how many users were here at once, at most.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Callable[[], float],
        authenticator: Authenticator,
        server: str = "chat",
        motd: str = "",
        guests: bool = True,
        max_rooms: int = MAX_ROOMS,
    ) -> None:
        """
        @param outbox: where acts go.
        @param clock: the time in seconds since 1970-01-01 UTC.
        @param authenticator: who checks passwords.
        @param server: what the server calls itself.
        @param motd: the message of the day, shown after login; may have several lines.
        @param guests: whether people without an account may come in.
        @param max_rooms: how many rooms one person may be in; may be changed at any time.
        """
        self.server = server
        self.motd = motd
        self.guests = guests
        self.max_rooms = max_rooms
        self.outbox = outbox
        self.now = clock
        self.authenticator = authenticator
        self.users: dict[str, User] = {}
        self.rooms: dict[str, Room] = {}
        self.accounts = Accounts()
        self.bans: dict[str, Ban] = {}
        self.shunned: dict[str, str] = {}
        self.looks: dict[str, str] = {}
        self.reads: dict[str, dict[str, int]] = {}
        self.logins = 0
        self.strangers: set[Session] = set()
        self.departed = Departed()
        self.watching = Watching()
        self.subscriptions = Subscriptions()
        self.most = 0
        self.registration = True
        self.shortest_password = MIN_PASSWORD
        self.scram_secret = b""
        self.cloak_key = b""
        self.rehash: Callable[[], list[str]] = list
        self.add_room(parse_room(LOBBY)).made = 0.0

    def restore(
        self, topics: Iterable[tuple[str, str]], records: Iterable[tuple[str, str, Mapping[str, Any]]] = ()
    ) -> None:
        """Take over what was before. Called before the first login.

        @param topics: names and topics of the rooms that have one.
        @param records: what was L{Put}: kind, key and value.
        """
        for name, topic in topics:
            room = self.rooms.get(name) or self.add_room(parse_room(name))
            room.topic, room.made = topic, 0.0
        accounts = []
        for kind, key, value in records:
            if kind == "account":
                accounts.append((key, value))
            elif kind == "room":
                (self.rooms.get(key) or self.add_room(parse_room(key))).restore(value)
            elif kind == "secret" and key == "cloak":
                self.cloak_key = bytes.fromhex(value["cloak"])
            elif kind == "secret":
                self.scram_secret = bytes.fromhex(value["scram"])
            elif kind == "ban":
                self.bans[key] = Ban(**value)
            elif kind == "read":
                account, _, target = key.partition(" ")
                self.reads.setdefault(account, {})[target] = value["time"]
        for room in list(self.rooms.values()):
            # Of those who were in it nobody can say now that they were.
            self.keep_if_used(room)
            steps = self.close_rooms([room])
            if steps:
                self.outbox.add(Act(None, steps, fact=True))
        self.accounts.restore(accounts)
        for room in self.rooms.values():
            # The guests who were invited are gone.
            room.invited = {key for key in room.invited if self.accounts.get(key) is not None}
        self.shunned.update((key, key) for key, value in accounts if value["shunned"])

    def begin(self) -> None:
        """After what was before is restored, in a daemon that people connect to: make what has to be there once."""
        if not self.cloak_key:
            self.cloak_key = self.authenticator.random(KEY_SIZE)
            self.outbox.add(Act(None, [Put("secret", "cloak", {"cloak": self.cloak_key.hex()})], fact=True))

    # Telling one session something

    def answer(self, session: Session, text: str, kind: str = "info", data: dict[str, object] | None = None) -> None:
        """Tell this session something, in its place among what else it is sent."""
        self.outbox.add(Act(session, (Answer(session, kind, text, data),)))

    def refuse(self, session: Session, why: Refused) -> None:
        """Tell this session that it is refused, and why."""
        self.answer(session, why.sentence, "error", {"code": why.code})

    def do(self, session: Session, step: Step) -> None:
        """Put one step that changes nothing in the chat (such as a look into the history) in its place."""
        self.outbox.add(Act(session, (step,)))

    def hang_up(self, session: Session, why: str) -> None:
        """Tell a session why, and close it when all that comes before is sent."""
        session.closing = True
        self.strangers.discard(session)
        self.outbox.add(Act(session, [Answer(session, "closing", why), Close(session)]))

    # Finding

    def user(self, session: Session) -> User:
        """Who is on a session.

        @raise Refused: C{"not-logged-in"}.
        """
        if session.user is None:
            raise Refused("not-logged-in", "Log in first.")
        return session.user

    def find_user(self, text: str) -> User:
        """
        @raise Refused: C{"no-such-user"}: nobody of that name is here; or C{"bad-name"}.
        """
        user = self.users.get(parse_name(text).key)
        if user is None:
            raise Refused("no-such-user", f"There is no {text.strip()} here.")
        return user

    def find_room(self, session: Session, text: str | None) -> Room:
        """A room that the session may know of, by name, by default the current one.

        @raise Refused: C{"no-room"}, C{"bad-room"} or C{"no-such-room"}.
        """
        if text is None:
            if session.room is None:
                raise no_room(session)
            return session.room
        name = parse_room(text)
        room = self.rooms.get(name.key)
        if room is None or not self.knows(self.user(session), room):
            raise Refused("no-such-room", f"There is no room {name.shown}. /join {name.shown} would make it.")
        return room

    def own_room(self, session: Session, text: str | None) -> Room:
        """A room that the session's user is in, by default the current one.

        @raise Refused: as L{find_room}, or C{"not-in-room"}.
        """
        room = self.find_room(session, text)
        if self.user(session) not in room.members:
            raise Refused("not-in-room", f"You are not in {room.name}.")
        return room

    def knows(self, user: User, room: Room) -> bool:
        """Whether someone may learn that a room exists."""
        return "secret" not in room.modes or user in room.members or self.is_admin(user)

    def sees_into(self, user: User, room: Room) -> bool:
        """Whether someone may learn who is in a room, and its topic."""
        return user in room.members or ("members-only" not in room.modes and self.knows(user, room))

    def finds(self, user: User, other: User) -> bool:
        """Whether someone is shown another whose name they have not said."""
        if "invisible" not in other.flags or user is other or self.is_admin(user):
            return True
        return any(user in room.members for room in other.rooms)

    def sees_address(self, user: User, other: User) -> bool:
        """Whether someone may learn where another is connected from: they themselves, administrators, and ops of a room
        that the other is in."""
        return user is other or self.is_admin(user) or any(self.role(user, room) >= Role.OP for room in other.rooms)

    # Who may

    def account_of(self, user: User) -> Account | None:
        return self.accounts.get(user.name.key) if user.registered else None

    def account_needed(self, why: str) -> Refused:
        """What somebody is told who is a guest, and has asked for something that takes an account.

        @param why: a sentence; it is followed by how to get one.
        """
        how = "/register PASSWORD makes one of your name." if self.registration else "The operator makes them."
        return Refused("not-registered", why if self.authenticator.outside else f"{why} {how}")

    def is_admin(self, user: User) -> bool:
        account = self.account_of(user)
        if account is not None and account.admin:
            return True
        account = self.accounts.get(user.oper) if user.oper else None
        return account is not None and account.admin and account.suspended is None

    def is_shunned(self, user: User) -> bool:
        if user.name.key in self.shunned:
            return True
        return not user.registered and any(address in self.shunned for address in user.addresses)

    def hears(self, user: User, other: User) -> bool:
        """Whether someone learns what another says of themselves, and not of anything that happens: a realname, why
        they are away, metadata. What those say who are shunned only they themselves do."""
        return not self.shunned or user is other or not self.is_shunned(other)

    def reason(self, user: User, text: str) -> str:
        """Why someone does something, as far as others are to read it: of who is shunned, nothing.

        @raise Refused: C{"too-long"}.
        """
        check_length(text, "reason")
        return "" if self.shunned and self.is_shunned(user) else text

    def find_ban(self, bans: Iterable[Ban], who: Who) -> Ban | None:
        """The first ban that holds for someone."""
        now = self.now()
        for ban in bans:
            if ban.holds(now) and ban.matches(who):
                return ban
        return None

    def ban_on(self, who: Who, room: Room) -> Ban | None:
        """The ban that keeps someone out of a room, if there is one, and no exception."""
        return self._list_on(who, room.bans, room.exceptions["ban"]) if room.bans else None

    def mute_on(self, who: Who, room: Room) -> Ban | None:
        """The mute that keeps someone quiet in a room, if there is one, and no exception."""
        return self._list_on(who, room.mutes, room.exceptions["mute"]) if room.mutes else None

    def _list_on(self, who: Who, made: Mapping[str, Ban], exceptions: Mapping[str, Ban]) -> Ban | None:
        found = self.find_ban(made.values(), who)
        return found if found is None or self.find_ban(exceptions.values(), who) is None else None

    def who(self, user: User) -> Who:
        """Someone who is here, as masks see them."""
        key, card, addresses = user.name.key, user.card, user.addresses
        hosts = dict.fromkeys((card.host, *map(self.cloak, addresses)))
        return Who(key, card.ident, tuple(hosts), addresses, key if card.registered else "")

    def role(self, user: User, room: Room) -> Role:
        """What someone may do in a room: administrators of the server are as owners everywhere."""
        return Role.OWNER if self.is_admin(user) else room.role(user)

    def check_may(self, user: User, room: Room, what: str, words: str) -> None:
        """
        @param what: a key of L{NEEDS}.
        @param words: the same in a sentence.
        @raise Refused: C{"not-allowed"}.
        """
        needed = need(what, room.modes)
        if self.role(user, room) < needed:
            raise Refused("not-allowed", f"To {words} in {room.name} takes the role {needed.name.lower()}.")

    # Parts

    def cloak(self, address: str) -> str:
        """What others see of where someone comes from: see L{cloaks.cloak}.

        @param address: an IP address; empty for a local socket.
        """
        return cloak(self.cloak_key, address)

    def event(self, kind: Kind, room: Room | None, user: User, target: str = "", text: str = "") -> Event:
        """Something that someone does now."""
        now = self.now()
        user.active = now
        event = Event(kind, int(now * 1000), room.name if room else None, user.name.shown, target, text)
        event.card = user.card
        return event

    def passing(self, kind: Kind, room: Room | None, user: User, target: str = "", text: str = "") -> Passing:
        """Something that someone does now, and that is not kept."""
        event = Passing(kind, int(self.now() * 1000), room.name if room else None, user.name.shown, target, text)
        event.card = user.card
        return event

    def audit(self, actor: str, text: str, target: str = "") -> Event:
        """An act of moderation, for the log that administrators read."""
        event = Event(Kind.AUDIT, int(self.now() * 1000), None, actor, target, text)
        event.stream = AUDIT
        return event

    def keep_room(self, room: Room) -> list[Put]:
        """The step that keeps a room's rules, when it is one that lasts, has a topic or is closed."""
        return [Put("room", room.name, room.record())] if self.lasts(room) or room.topic or room.closed else []

    def close_rooms(self, rooms: Iterable[Room]) -> list[Step]:
        """The steps after everyone has left these rooms: those that were closed, and are no account's, are open then.
        What was said in them is for nobody who comes after."""
        gone = [room for room in rooms if room.closed and self.rooms.get(room.name) is not room]
        return [step for room in gone for step in (Move(room.name, None), Put("room", room.name, None))]

    def lasts(self, room: Room) -> bool:
        """Whether a room is there without members."""
        return room.lasting or room.name == LOBBY

    def add_room(self, name: Name) -> Room:
        if len(self.rooms) > MAX_EMPTY:
            self._forget_empty_rooms()
        room = self.rooms[name.key] = Room(name.key, name.skeleton, self.now())
        self.looks[name.skeleton] = name.key
        return room

    def put_in(self, user: User, room: Room) -> None:
        room.members[user] = room.roles.get(user.name.key, Role.MEMBER) if user.registered else Role.MEMBER
        user.rooms += (room,)

    def take_out(self, user: User, room: Room) -> None:
        if room.members.pop(user, None) is None:
            return
        user.rooms = tuple(r for r in user.rooms if r is not room)
        if not user.registered:
            room.voiced.discard(user.name.key)
        self.keep_if_used(room)

    def _forget_empty_rooms(self) -> None:
        """Rooms that nobody owns and nobody is in are there for their topic only: not without end."""
        for room in [room for room in self.rooms.values() if not room.members and not self.lasts(room)]:
            del self.rooms[room.name]
            del self.looks[room.skeleton]

    def keep_if_used(self, room: Room) -> None:
        """There is a room as long as it has members or an owner, or has a topic and is open, or is the lobby."""
        if room.members or (room.topic and not room.closed) or self.lasts(room):
            self.rooms[room.name] = room
            self.looks[room.skeleton] = room.name
        elif self.rooms.get(room.name) is room:
            del self.rooms[room.name]
            del self.looks[room.skeleton]

    def check_free(self, name: Name, user: User | None = None) -> None:
        """
        @param user: who wants the name, and may have it already.
        @raise Refused: C{"name-in-use"}, or C{"confusable"} with a name in use.
        """
        holder = self.users.get(name.key)
        if holder is not None and holder is not user:
            raise Refused("name-in-use", f"The name {name.shown} is in use.")
        twin = self.users.get(self.looks.get(name.skeleton, ""))
        account = self.accounts.lookalike(name)
        shown = twin.name.shown if twin is not None and twin is not user else account.name if account else None
        if shown is not None:
            raise Refused("confusable", f"The name {name.shown} looks too much like {shown}.")

    def add_user(self, user: User) -> None:
        self.users[user.name.key] = user
        self.most = max(self.most, len(self.users))
        self.looks[user.name.skeleton] = user.name.key

    def remove_name(self, user: User) -> None:
        if not user.registered:
            # An invitation is to a person: of a guest's name anyone may be the next.
            for room in self.rooms.values():
                room.invited.discard(user.name.key)
        if self.users.get(user.name.key) is user:
            del self.users[user.name.key]
            del self.looks[user.name.skeleton]

    def remove_user(self, user: User) -> None:
        self.remove_name(user)
        for room in user.rooms:
            self.take_out(user, room)


def no_room(session: Session) -> Refused:
    """What somebody is told who has no current room, and asks for something in it."""
    rooms = session.user.rooms if session.user is not None else ()
    if rooms:
        text = f"You are in {counted(len(rooms), 'room')}: say first which one this is about, such as {rooms[-1].name}."
    else:
        text = f"You are in no room. /join {LOBBY} takes you to the first one."
    return Refused("no-room", text)


def check_length(text: str, what: str) -> None:
    """
    @raise Refused: C{"too-long"}.
    """
    if len(text) > MAX_NOTE:
        raise Refused("too-long", f"The {what} has at most {MAX_NOTE} characters; this one has {len(text)}.")


def span(seconds: float) -> str:
    """A time span for a person, in the largest unit that fits. To the nearest second: of an hour, a moment later
    nobody says that it is 59 minutes."""
    whole = round(max(seconds, 0))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if whole >= size:
            return counted(whole // size, unit)
    return counted(whole, "second")


def counted(number: int, what: str) -> str:
    """C{1 line}, C{2 lines}."""
    return f"{number} {what}{'' if number == 1 else 's'}"
