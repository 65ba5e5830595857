"""ChanServ: words about rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...chat import bans, moderation, ownership, talking
from ...chat.acts import Answer
from ...chat.commands.moderation import split_duration
from ...chat.errors import Refused
from ...chat.permissions import Role
from .services import CHANSERV

if TYPE_CHECKING:
    from .connection import IRCProtocol

word = CHANSERV.word
_LETTERS = {"o": Role.OP, "v": Role.VOICE}


@word("REGISTER #ROOM")
def register(connection: IRCProtocol, words: list[str]) -> None:
    """Makes the room your account's, where you are an op and no account owns it. A room that you make while you are
    logged in is yours at once."""
    ownership.claim(connection.chat, connection.session, words[0])
    _done(connection, f"{words[0]} is yours.")


@word("DROP #ROOM", "UNREGISTER")
def drop(connection: IRCProtocol, words: list[str]) -> None:
    """Gives up a room that is yours: its modes, bans and roles are gone."""
    ownership.drop_room(connection.chat, connection.session, words[0])


@word("TRANSFER #ROOM ACCOUNT")
def transfer(connection: IRCProtocol, words: list[str]) -> None:
    """Hands a room that is yours to another account; you are an op then."""
    ownership.transfer(connection.chat, connection.session, words[1], words[0])
    _done(connection, f"{words[0]} is {words[1]}'s.")


def _role(usage: str, role: Role, given: bool) -> None:
    name, does = usage.split(maxsplit=1)[0], "Gives" if given else "Takes"

    def run(connection: IRCProtocol, words: list[str]) -> None:
        whom = words[1] if len(words) > 1 else connection.nick
        moderation.set_role(connection.chat, connection.session, whom, role, given, words[0])

    run.__doc__ = f"{does} {'somebody' if given else 'from somebody'} the role {role.name.lower()}."
    word(f"{name} #ROOM [NICK]")(run)


_role("OP", Role.OP, True)
_role("DEOP", Role.OP, False)
_role("VOICE", Role.VOICE, True)
_role("DEVOICE", Role.VOICE, False)


@word("KICK #ROOM NICK [REASON]")
def kick(connection: IRCProtocol, words: list[str]) -> None:
    """Puts somebody out of the room."""
    moderation.kick(connection.chat, connection.session, words[1], " ".join(words[2:]), words[0])


@word("BAN #ROOM MASK [DURATION] [REASON]", "AKICK")
def ban(connection: IRCProtocol, words: list[str]) -> None:
    """Keeps somebody out of the room, for a time such as 2h, or for ever. MASK is a name, a pattern such as spam*, or
    an address."""
    bans.ban(connection.chat, connection.session, words[1], *split_duration(" ".join(words[2:])), words[0])


@word("UNBAN #ROOM [MASK]")
def unban(connection: IRCProtocol, words: list[str]) -> None:
    """Takes a ban back."""
    mask = words[1] if len(words) > 1 else connection.nick
    bans.lift(connection.chat, connection.session, mask, "ban", words[0])


@word("INVITE #ROOM NICK")
def invite(connection: IRCProtocol, words: list[str]) -> None:
    """Lets somebody in, whatever keeps others out."""
    moderation.invite(connection.chat, connection.session, words[1], words[0])


@word("TOPIC #ROOM [TEXT]")
def topic(connection: IRCProtocol, words: list[str]) -> None:
    """Sets the topic, or clears it."""
    talking.set_topic(connection.chat, connection.session, " ".join(words[1:]), words[0])


@word("INFO #ROOM")
def info(connection: IRCProtocol, words: list[str]) -> None:
    """Tells who owns a room, how many are in it, and its topic."""
    chat, session = connection.chat, connection.session
    room = chat.find_room(session, words[0])
    if not chat.sees_into(connection.user, room):
        raise Refused("not-in-room", f"Of {room.name} its members are told only.")
    owner = next((key for key, role in room.roles.items() if role is Role.OWNER), None)
    account = chat.accounts.get(owner) if owner is not None else None
    lines = [f"{room.name} is owned by {account.name if account else 'nobody'}; {len(room.members)} are in it."]
    lines += [f"Topic: {room.topic}"] if room.topic else []
    chat.answer(session, "\n".join(lines))


@word("MODE #ROOM [MODE] [VALUE]", "SET")
def mode(connection: IRCProtocol, words: list[str]) -> None:
    """Shows the room's modes by their names, or sets one: moderated on, slow 10, key off."""
    chat, session = connection.chat, connection.session
    if len(words) == 1:
        moderation.show_modes(chat, session, words[0])
    else:
        moderation.set_mode(chat, session, words[1], words[2] if len(words) > 2 else None, words[0])


@word("ACCESS #ROOM [LIST|ADD|DEL] [ACCOUNT] [OP|VOICE]", "FLAGS", "AMODE")
def access(connection: IRCProtocol, words: list[str]) -> None:
    """Lists which accounts have a role in the room; ADD gives one, DEL takes it. FLAGS #ROOM ACCOUNT +o, and
    AMODE #ROOM +o ACCOUNT, do the same (o: op, v: voice)."""
    room, *rest = words
    if not rest or rest[0].upper() == "LIST":
        ownership.show_roles(connection.chat, connection.session, room)
        return
    for name, role, given in _changes(connection, room, rest):
        moderation.set_role(connection.chat, connection.session, name, role, given, room)


def _changes(connection: IRCProtocol, room: str, words: list[str]) -> list[tuple[str, Role, bool]]:
    """Whose role is to change, which one, and whether it is given."""
    verb, name, what = (*words, "", "")[:3]
    if verb.upper() == "ADD" and what.upper() in ("OP", "VOICE"):
        return [(name, Role[what.upper()], True)]
    if verb.upper() in ("DEL", "REMOVE") and name:
        found = connection.chat.own_room(connection.session, room)
        role = found.roles.get(name.lower(), Role.VOICE)
        return [(name, role if role in _LETTERS.values() else Role.OP, False)]
    letters, name = (verb, name) if verb[:1] in "+-" else (name, verb)
    sign, each = letters[:1], letters[1:].lower()
    if sign and sign in "+-" and name and each and set(each) <= set(_LETTERS):
        return [(name, _LETTERS[letter], sign == "+") for letter in each]
    raise Refused("usage", "Usage: ACCESS #ROOM LIST, ADD ACCOUNT OP or VOICE, DEL ACCOUNT; or FLAGS #ROOM ACCOUNT +o")


@word("LIST")
def list_(connection: IRCProtocol, words: list[str]) -> None:
    """Lists the rooms where you have a role."""
    user, chat = connection.user, connection.chat
    mine = [(room.name, room.role(user)) for room in chat.rooms.values()] if user.registered else []
    lines = [f"{name}: {role.name.lower()}" for name, role in mine if role >= Role.VOICE]
    chat.answer(connection.session, "\n".join(lines) or "Your account has a role in no room.")


def _done(connection: IRCProtocol, text: str) -> None:
    connection.confirm(Answer(connection.session, "info", text))
