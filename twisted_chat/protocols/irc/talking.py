"""Commands for talking: to rooms, to people, and from program to program."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...chat import answering, passing, ranks, talking
from ...chat.errors import Refused
from ...chat.events import Kind
from ...chat.names import MAX_LENGTH as MAX_NAME
from ...chat.text import clean
from . import services
from .message import FITS, MAX_LINE, Message, Written, plain, styled, write_tags
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

MAX_TARGETS = 4
# So many characters of ASCII, those for whom they are too, fit into a line behind the longest sender there can be.
CERTAIN = MAX_LINE - 2 - len(":! PRIVMSG  :@") - 4 * MAX_NAME - 11 - 64
_NOT_SENT = {"not-in-room": 404, "no-room": 404, "no-such-room": 403, "bad-name": 401, "bad-room": 403}
_DIRECT = {Kind.MESSAGE: Kind.DIRECT, Kind.ACTION: Kind.DIRECT_ACTION, Kind.NOTICE: Kind.DIRECT_NOTICE}
# IRCv3 reply: as long as it was a draft, and since.
_REPLIES = ("+draft/reply", "+reply")
# The name of a tag of clients' own: IRCv3 message-tags, "Format".
_TAG = re.compile(r"\+(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_REACTIONS = {"+draft/react": Kind.REACTION, "+draft/unreact": Kind.UNREACTION}

# Says something to one target.
Deliver = Callable[[str], None]


@verb("PRIVMSG")
def privmsg(connection: IRCProtocol, message: Message) -> None:
    """Says something in a room, or to somebody."""
    _talk(connection, message)


@verb("NOTICE")
def notice(connection: IRCProtocol, message: Message) -> None:
    """Notes something in a room, or to somebody: what no program answers."""
    _talk(connection, message)


def _talk(connection: IRCProtocol, message: Message) -> None:
    params, command = message.params, message.command
    if not params or not params[0]:
        _complain(connection, command, 411, f"No recipient given ({command})")
        return
    text = params[1] if len(params) > 1 else ""
    if text.isprintable() and text and not message.tags and params[0].startswith("#") and "," not in params[0]:
        _say_plainly(connection, command, params[0], text)
    elif text.startswith("\x01") and not _is_action(command, text):
        _pass_on(connection, message, text)
    elif command == "PRIVMSG" and not _fits(connection, params[0], text):
        connection.lineLengthExceeded(b"")
    elif not say(connection, command, params[0], [(text, False)], message.tags):
        _complain(connection, command, 412, "No text to send")


def _say_plainly(connection: IRCProtocol, command: str, room: str, text: str) -> None:
    """What nearly every message is, text in a room and nothing else: as L{say}, without looking for more."""
    kind = Kind.NOTICE
    if command == "PRIVMSG":
        kind = Kind.MESSAGE
        if not _fits(connection, room, text):
            connection.lineLengthExceeded(b"")
            return
    try:
        talking.say(connection.chat, connection.session, text, kind, room, echo="echo-message" in connection.caps)
    except Refused as why:
        if kind is Kind.MESSAGE:
            connection.refuse(why, room, _NOT_SENT)
    else:
        connection.talked_in = connection.chat.rooms.get(room.casefold())


def _fits(connection: IRCProtocol, targets: str, text: str) -> bool:
    """Whether a message is one line where it arrives, too, with its sender before it. It is better refused than broken:
    the sender's program can do that where it makes sense."""
    if len(targets) + len(text) < CERTAIN and text.isascii() and targets.isascii():
        return True
    card, longest = connection.user.card, max(targets.split(","), key=len)
    line = f":{connection.nick}!{card.ident}@{card.host} PRIVMSG {longest} :{text}"
    return len(line) < FITS or len(line.encode()) <= MAX_LINE - 2


def say(
    connection: IRCProtocol, command: str, targets: str, lines: Sequence[tuple[str, bool]], tags: dict[str, str]
) -> bool:
    """Say or note something, to several.

    @param command: PRIVMSG or NOTICE.
    @param targets: separated by commas.
    @param lines: each line of the text, as it came, and whether it goes on where the one before ended.
    @param tags: all of the message's.
    @return: whether there was something to say.
    """
    kind = Kind.NOTICE if command == "NOTICE" else Kind.MESSAGE
    first = lines[0][0]
    if _is_action(command, first):
        kind, lines = Kind.ACTION, [(first[8:], False), *lines[1:]]
        lines = [*lines[:-1], (lines[-1][0].removesuffix("\x01"), lines[-1][1])]
    text, form = "", None
    for i, (line, continues) in enumerate(lines):
        bare = clean(plain(line))
        text += bare if continues or not i else "\n" + bare
        if len(lines) > 1 or bare != line:
            form = Written([(styled(line), continues) for line, continues in lines])
    if not text.strip("\n"):
        return False
    said = _Said(kind, text, form, _client_tags(connection, tags), "echo-message" in connection.caps)
    _to_each(connection, command, targets, lambda target: said.to(connection, target))
    return True


class _Said(NamedTuple):
    """Something that is said, to whomever it is."""

    kind: Kind
    text: str
    form: Written | None
    tags: dict[str, str]
    echo: bool

    def to(self, connection: IRCProtocol, target: str) -> None:
        chat, session = connection.chat, connection.session
        if not target.startswith("#"):
            service = services.find(target)
            if service is not None:
                self._to_service(connection, service, target)
                return
            tags = write_tags(self.tags)
            if target[:1] in ranks.MARKS:
                ranks.say_to_rank(chat, session, self.text, target, _DIRECT[self.kind], tags, self.echo, self.form)
                return
            talking.message(chat, session, self.text, target, _DIRECT[self.kind], tags, self.echo, self.form, self.echo)
            return
        to, tags = "", ""
        if self.tags:
            to, others = _answered(connection, self.tags)
            tags = write_tags(others)
        talking.say(chat, session, self.text, self.kind, target, to, tags, self.echo, self.form)
        connection.talked_in = connection.chat.rooms.get(target.casefold())

    def _to_service(self, connection: IRCProtocol, service: services.Service, target: str) -> None:
        if self.echo:
            card = connection.user.card
            command = "NOTICE" if self.kind is Kind.NOTICE else "PRIVMSG"
            head = f":{connection.nick}!{card.ident}@{card.host} {command} {target} :"
            connection.lines([head + line for line in self.text.split("\n") if line])
        if self.kind is Kind.MESSAGE:
            service.take(connection, self.text)


@verb("TAGMSG", 1)
def tagmsg(connection: IRCProtocol, message: Message) -> None:
    """Tells a room or somebody what stands in the tags alone: a reaction to a message, or that one is typing."""
    chat, session = connection.chat, connection.session
    tags, echo = _client_tags(connection, message.tags), "echo-message" in connection.caps
    if not tags:
        return

    def deliver(target: str) -> None:
        if target.startswith("#"):
            to, others = _answered(connection, tags)
            for name, kind in _REACTIONS.items():
                sign = clean(plain(others.get(name, "")))
                if to and sign and len(sign) <= answering.MAX_SIGN:
                    del others[name]
                    answering.react(chat, session, to, sign, kind, target, write_tags(others), echo)
                    return
        form, written = connection.factory.passing_id(), write_tags(tags)
        if target.startswith("#"):
            passing.tell_room(chat, session, Kind.TAGS, target, "", written, form, echo)
        else:
            passing.tell_person(chat, session, Kind.TAGS, target, "", written, form, echo, echo)

    _to_each(connection, message.command, message.params[0], deliver)


def _pass_on(connection: IRCProtocol, message: Message, text: str) -> None:
    """What one program asks another, or answers (the "client-to-client protocol"): it is not said, and not kept."""
    chat, session, command = connection.chat, connection.session, message.command
    words = clean(text.strip("\x01"))
    if not words:
        _complain(connection, command, 412, "No text to send")
        return
    tags, echo = write_tags(_client_tags(connection, message.tags)), "echo-message" in connection.caps
    text = f"\x01{words}\x01"

    def deliver(target: str) -> None:
        if target.startswith("#"):
            passing.tell_room(chat, session, Kind.PROGRAM, target, text, tags, command, echo)
        else:
            passing.tell_person(chat, session, Kind.PROGRAM, target, text, tags, command, echo, echo)

    _to_each(connection, command, message.params[0], deliver)


# Parts


def _to_each(connection: IRCProtocol, command: str, targets: str, deliver: Deliver) -> None:
    """Deliver something to each of some targets, or say why not; to none if there are too many."""
    names = list(dict.fromkeys(targets.split(",")))
    if len(names) > MAX_TARGETS:
        _complain(connection, command, 407, f"No more than {MAX_TARGETS} recipients", names[MAX_TARGETS])
        return
    for name in names:
        try:
            deliver(name)
        except Refused as why:
            if command != "NOTICE":
                connection.refuse(why, name, _NOT_SENT)


def _complain(connection: IRCProtocol, command: str, number: int, text: str, *params: str) -> None:
    """Say what is wrong, but not with a notice: to those nobody answers anything (RFC 2812, section 3.3.2)."""
    if command != "NOTICE":
        connection.reply(number, *params, text=text)


def _is_action(command: str, text: str) -> bool:
    return command == "PRIVMSG" and text.startswith("\x01ACTION") and text[7:8] in (" ", "\x01", "")


def _client_tags(connection: IRCProtocol, tags: dict[str, str]) -> dict[str, str]:
    """Those of a message's tags that are passed on: clients' own. Not what is no name of a tag, nor what could do harm
    on a terminal."""
    if not tags or "message-tags" not in connection.caps:
        return {}
    return {name: value for name, value in tags.items() if _TAG.fullmatch(name) and _is_harmless(value)}


def _is_harmless(text: str) -> bool:
    text = text.replace("\n", "").replace("\r", "").replace("\t", "")
    return clean(text) == text


def _answered(connection: IRCProtocol, tags: dict[str, str]) -> tuple[str, dict[str, str]]:
    """
    @return: the id of the message of a room that is answered, or an empty text; and the other tags.
    """
    for name in _REPLIES:
        id = tags.get(name, "")
        if id and answering.is_message(connection.chat, id):
            return id, {name: value for name, value in tags.items() if name not in _REPLIES}
    return "", dict(tags)
