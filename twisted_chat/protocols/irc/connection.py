"""One IRC connection: lines to commands, answers to lines. docs/irc.md has what is spoken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any
from weakref import ref

from twisted.internet.interfaces import IReactorTime

from ...chat import commands, registration
from ...chat.acts import Act, Answer, Focus, Label, Step, Switch
from ...chat.chat import Chat
from ...chat.errors import Refused
from ...chat.rooms import Room, User
from ...chat.text import clean
from ...delivery.turn import Turn
from ..gate import Gate
from ..intake import BoundedLines, IntakeFactory
from . import VERBS, metadata
from .capabilities import CAPABILITIES, REGISTRATION, SERVICE, WIRE
from .formats import Dialects
from .greeting import Census
from .message import MAX_CLIENT_TAGS, MAX_LINE, MAX_TAGS, Message, cut, escape, parse
from .multiline import CAPABILITY, Multiline, take
from .numerics import REFUSALS, about
from .registration import Registration
from .roomlines import arrival
from .sasl import Exchange

# Beyond a client's own tags, and the CR that a line may have.
MAX_LENGTH = MAX_TAGS + MAX_LINE
# IRCv3 labeled-response, "Tag value", in bytes.
MAX_LABEL = 64
# Slash commands that are about no room, and whose text may begin with what looks like one.
_NO_ROOM = frozenset({"announce", "realname", "search"})


class IRCProtocol(BoundedLines):
    """One IRC connection.

    @ivar caps: the capabilities that it has asked for.
    @ivar registration: what it has said of itself so far; C{None} once it is registered.
    @ivar talked_in: the room where it said something last.
    @ivar sasl: its attempt to log in that is under way.
    @ivar multiline: a message of which not all lines are there yet.
    @ivar failed_batch: the name of a batch of which no more is taken.
    """

    MAX_LENGTH = MAX_LENGTH
    dialect = ""
    pings = True

    factory: IRCFactory

    caps: frozenset[str] = frozenset()
    registration: Registration | None = None
    sasl: Exchange | None = None
    multiline: Multiline | None = None
    failed_batch: str | None = None
    _quit: str = ""
    _service: str = ""
    talked_in: Room | None = None

    @property
    def dialects(self) -> Dialects:  # type: ignore[override]
        return self.factory.dialects

    def greet(self) -> None:
        self.registration = Registration(self)
        # Not the session, which the chat may know for a while longer, keeps this connection.
        this = ref(self)
        self.session.arrival = lambda room: [] if (connection := this()) is None else connection._arrive(room)

    @staticmethod
    def refusal(why: str) -> bytes:
        return f"ERROR :{why}\r\n".encode()

    def ping(self) -> None:
        self.lines([f"PING :{self.server}"])

    def _arrive(self, room: Room) -> Sequence[Step]:
        return [*arrival(self, room), *([self.answer(more)] if (more := metadata.arrival(self, room)) else [])]

    # In

    def lineReceived(self, line: bytes) -> None:
        if len(line) > MAX_LINE - 1:
            tags, _, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
            if len(tags) >= MAX_CLIENT_TAGS or len(rest) > MAX_LINE - 1:
                self.lineLengthExceeded(line)
                return
        try:
            text = line.decode()
        except UnicodeDecodeError:
            unclear = parse(line.decode(errors="replace")) or Message({}, "*", [])
            label = unclear.tags.get("label", "") if "labeled-response" in self.caps else ""
            self.labelled(label, partial(self.fail, unclear.command, "INVALID_UTF8", text="That line is not UTF-8."))
            return
        message = parse(text.replace("\0", ""))
        if message is not None:
            self.run(message)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.reply(417, text="Input line was too long")

    def run(self, message: Message) -> None:
        """Do what a message says."""
        tags = message.tags
        if not tags or message.command == "BATCH":
            self._run(message)
        elif "batch" in tags and CAPABILITY in self.caps:
            take(self, message)
        else:
            label = tags.get("label", "") if "labeled-response" in self.caps else ""
            self.labelled(label, partial(self._run, message))

    def labelled(self, label: str, do: Callable[[], None]) -> None:
        """Do something of which what it is answered, now or later, is marked. IRCv3 labeled-response.

        @param label: with what; empty for not at all.
        """
        if not label:
            do()
            return
        session = self.session
        label = escape(cut(label, MAX_LABEL))
        self.put(Label(session, label))
        do()
        if session.busy:
            # What it is answered, it will be when the session is no longer busy.
            self.put(Label(session, None, complete=False))
            session.waiting_label, session.on_ready = label, self._take_more
        else:
            self.put(Label(session, None))

    def speak_as(self, service: str) -> None:
        """From here on answers come from this service: see L{services}."""
        self._service = service
        self._switch()

    def spoken(self) -> None:
        """They do not any more, once what the session is busy with is done."""
        if self.session.busy:
            self.session.on_ready = self._take_more
        elif self._service:
            self._service = ""
            self._switch()

    def _take_more(self) -> None:
        self.spoken()
        if self.session.waiting_label is not None and not self.session.busy:
            self.session.waiting_label = None
            self.put(Label(self.session, None))
        super()._take_more()

    def _run(self, message: Message) -> None:
        verb = VERBS.get(message.command)
        try:
            if self.registration is not None and not (verb is not None and verb.early):
                self.reply(451, text="You have not registered")
            elif verb is None:
                self.run_slash(message)
            elif len(message.params) < verb.least:
                self.reply(461, message.command, text="Not enough parameters")
            else:
                if verb.cost > 1:
                    self.charge(verb.cost - 1)
                verb.run(self, message)
        except Refused as why:
            self.refuse(why, message.params[0] if message.params else message.command)

    def run_slash(self, message: Message) -> None:
        """A slash command that the client did not know, and passed on. It is about the room that comes first
        (C{PIN #room 12}); else about that where the client has said something last, if it is still there; else about
        the only one where it is. Of several none is guessed.

        @raise Refused: as L{Chat.own_room}, of the room that comes first.
        """
        name, words = message.command.lower(), list(message.params)
        row = commands.find(self.session, name)
        if row is None:
            self.reply(421, message.command, text="Unknown command")
            return
        self.charge(row.cost - 1)
        rooms = self.user.rooms
        room = self.talked_in if self.talked_in in rooms else rooms[0] if len(rooms) == 1 else None
        takes_room = row.name not in _NO_ROOM and not (row.parameters and "#" in row.parameters[0])
        if takes_room and words and words[0].startswith("#"):
            room = self.chat.own_room(self.session, words.pop(0))
        if room is not self.session.room:
            self.session.room = room
            self.put(Focus(self.session, room.name if room is not None else None))
        commands.run(self.chat, self.session, clean(" ".join(["/" + name, *words])))

    # Out

    def put(self, *steps: Step) -> None:
        """Put steps that change nothing in the chat in their place."""
        self.chat.outbox.add(Act(self.session, steps))

    def lines(self, lines: Sequence[str]) -> None:
        """Tell this client these lines."""
        if lines:
            self.put(self.answer(lines))

    def confirm(self, answer: Answer) -> None:
        """Tell this client something, unless what it has just done cannot be kept, and is taken back."""
        self.chat.outbox.add(Act(None, (answer,), _nothing))

    def answer(self, lines: Sequence[str]) -> Answer:
        """The step that tells this client these lines."""
        return Answer(self.session, "irc", "\n".join(lines))

    def numeric(self, number: int, *params: str, text: str | None = None) -> str:
        """The line of a numeric.

        @param text: the last parameter, which may have blanks.
        """
        line = " ".join([f":{self.server} {number:03} {self.nick}", *params])
        return line if text is None else f"{line} :{text}"

    def reply(self, number: int, *params: str, text: str | None = None) -> None:
        """Tell this client a numeric."""
        self.lines([self.numeric(number, *(_word(param) for param in params), text=text)])

    def fail(self, command: str, code: str, *context: str, text: str) -> None:
        """Tell this client what was wrong, as IRCv3 standard-replies has it."""
        head = " ".join([f":{self.server} FAIL {_word(command)} {code}", *(_word(word) for word in context)])
        self.lines([f"{head} :{text}"])

    def refuse(self, why: Refused, target: str | tuple[str, str], numbers: Mapping[str, int] = {}) -> None:
        """Tell this client why not.

        @param target: what it was about: a room or a person, or both, the person first.
        @param numbers: numerics that differ, with this command, from the table's.
        """
        number = numbers.get(why.code) or REFUSALS.get(why.code)
        if number is not None:
            self.reply(number, *about(number, target), text=why.sentence)
        elif self.registration is None:
            self.chat.refuse(self.session, why)
        else:
            self.fail("*", why.code.upper().replace("-", "_"), text=why.sentence)

    def attempt(
        self, target: str | tuple[str, str], do: Callable[..., Any], *args: Any, numbers: Mapping[str, int] = {}
    ) -> bool:
        """Do something that may be refused, and say so if it is.

        @param target: what it is about (see L{refuse}).
        @return: whether it was done.
        """
        try:
            do(*args)
        except Refused as why:
            self.refuse(why, target, numbers)
            return False
        return True

    def farewell(self) -> str:
        return self._quit or self._parting or "Connection closed"

    # Who

    @property
    def chat(self) -> Chat:
        return self.factory.chat

    @property
    def server(self) -> str:
        """The name of the server, as IRC writes it."""
        return self.factory.dialects.server

    @property
    def user(self) -> User:
        """Who is here. Only for commands that come after registration."""
        user = self.session.user
        if user is None:
            raise Refused("not-logged-in", "You are not logged in.")
        return user

    @property
    def nick(self) -> str:
        """What the client is called in its numerics."""
        user = self.session.user
        if user is not None:
            return user.name.shown
        return (self.registration.nick if self.registration is not None else "") or "*"

    def set_caps(self, caps: frozenset[str]) -> None:
        """From here on the client has these capabilities."""
        before, self.caps = self.caps, caps
        self.chat.watching.watch_closely(self.session, "extended-monitor" in caps)
        self.session.renames = "draft/channel-rename" in caps
        self.session.pulls = "draft/chathistory" in caps
        self.session.marks = "draft/read-marker" in caps
        if before & WIRE != caps & WIRE:
            self._switch()

    def tell_offer(self, name: str) -> None:
        """A capability can be asked for from here on, or no longer."""
        value = self.factory.offered.get(name)
        if value is None:
            self.set_caps(self.caps - {name})
        if "cap-notify" in self.caps:
            what = f"DEL :{name}" if value is None else f"NEW :{name}={value}" if value else f"NEW :{name}"
            self.lines([f":{self.server} CAP {self.nick} {what}"])

    def _switch(self) -> None:
        service = [f"{SERVICE}{self._service}"] if self._service else []
        self.put(Switch(self.session, " ".join(sorted(self.caps & WIRE) + service)))


class IRCFactory(IntakeFactory):
    """Makes an L{IRCProtocol} for each connection.

    @ivar dialects: the formats of all of them.
    @ivar made: when this was made, in seconds since 1970.
    @ivar offered: the capabilities that a client can ask for now, and their values.
    @ivar census: the last count, see L{greeting}.
    """

    name = "irc"
    protocol = IRCProtocol

    def __init__(self, chat: Chat, turn: Turn, reactor: IReactorTime, gate: Gate | None = None) -> None:
        super().__init__(chat, turn, reactor, gate)
        self.dialects = Dialects(host_name(chat.server))
        self.made = chat.now()
        self.census: Census | None = None
        self.offered: Mapping[str, str] = CAPABILITIES
        self.offer()
        self._passed = count(1)

    def offer(self) -> None:
        """What can be asked for may have changed: tell those who want to know. IRCv3 cap-notify."""
        offered = dict(CAPABILITIES)
        if not registration.is_open(self.chat):
            del offered[REGISTRATION]
        changed, self.offered = self.offered.keys() ^ offered.keys(), offered
        for name in changed:
            for connection in self.connections:
                if isinstance(connection, IRCProtocol):
                    connection.tell_offer(name)

    def passing_id(self) -> str:
        """A name for a message that is passed on, and not kept (IRCv3 message-ids): none like it was given before."""
        return f"{int(self.made):x}-{next(self._passed):x}"


def host_name(name: str) -> str:
    """The server's name as IRC needs it: clients tell it from a nick by its dot."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip(".-") or "chat"
    return name if "." in name else name + ".local"


def _nothing() -> None:
    """What there is to undo of something said."""


def _word(text: str) -> str:
    """Something that a client wrote, as a parameter that is not the last."""
    word = clean(text).replace(" ", "_")[:100]
    return "_" + word if word.startswith(":") else word or "*"
