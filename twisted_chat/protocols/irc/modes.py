"""MODE: what a room is like, who may do what there, and what one says of oneself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ...chat import bans, moderation, status
from ...chat.errors import Refused
from ...chat.events import Event
from ...chat.permissions import MAX_KEY, MAX_NUMBER, need
from ...chat.rooms import Room
from ...chat.text import clean
from .letters import ALL, FLAGS, INSIDE, LETTERS, LISTS, ROLES, USER_FLAGS, VALUES, join, write_mask
from .message import MAX_LINE, Message
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

# How many changes one line may ask for.
MAX_CHANGES = 20
# What is already as it is asked for is no mistake.
_NOTHING_NEW = frozenset({"same-role", "no-such-ban"})
_VALID = {
    "k": f"A key is one word of up to {MAX_KEY} characters, without commas",
    "l": f"A limit is a number from 1 to {MAX_NUMBER}",
}


@verb("MODE", 1)
def mode(connection: IRCProtocol, message: Message) -> None:
    """Shows or changes modes: MODE #room [+-letters values], MODE name [+-letters]."""
    if not message.params[0].startswith("#"):
        _own(connection, message.params)
        return
    room = connection.chat.find_room(connection.session, message.params[0])
    if len(message.params) == 1:
        connection.lines(_show(connection, room))
    else:
        _change(connection, room, message.params)


def _own(connection: IRCProtocol, params: list[str]) -> None:
    """What one says of oneself, and nobody else."""
    chat, session, user = connection.chat, connection.session, connection.user
    if chat.find_user(params[0]) is not user:
        connection.reply(502, text="You can see and change your own modes only")
        return
    if len(params) < 2:
        has = {"bot": user.card.bot, "oper": chat.is_admin(user)}
        letters = "".join(c for c, flag in USER_FLAGS.items() if has.get(flag, flag in user.flags))
        connection.reply(221, "+" + letters)
        return
    done = unknown = last = ""
    for given, letter, _ in split(params[1], []):
        flag = USER_FLAGS.get(letter)
        if flag is None:
            unknown += letter
        elif status.set_flag(chat, session, flag, given):
            sign = "+" if given else "-"
            done += letter if sign == last else sign + letter
            last = sign
    if done:
        connection.lines([f":{user.name.shown}!{user.card.ident}@{user.card.host} MODE {user.name.shown} {done}"])
    if unknown:
        connection.reply(501, text="Unknown MODE flag")


def _show(connection: IRCProtocol, room: Room) -> list[str]:
    """324 and 329; the key is for members. Nobody knows when the lobby was made."""
    inside = connection.user in room.members
    modes = {LETTERS[name]: value for name, value in room.modes.items() if name in LETTERS}
    letters = sorted("".join(modes) + ("" if "external" in room.modes else INSIDE))
    values = [str(modes[c]) if c != "k" or inside else "*" for c in letters if c in VALUES]
    lines = [connection.numeric(324, room.name, "+" + "".join(letters), *values)]
    if room.made:
        lines.append(connection.numeric(329, room.name, str(int(room.made))))
    return lines


def split(letters: str, values: list[str]) -> Iterator[tuple[bool, str, str | None]]:
    """What a line asks for: to set or to clear, which letter, with which value.

    @param values: those that the line has; a letter that needs one takes the next.
    """
    rest, given = iter(values), True
    for letter in letters:
        if letter in "+-":
            given = letter == "+"
        elif letter in "beIk" or letter in ROLES or (letter in VALUES and given):
            yield given, letter, next(rest, None)
        else:
            yield given, letter, None


def _change(connection: IRCProtocol, room: Room, params: list[str]) -> None:
    told = []
    for given, letter, value in islice(split(params[1], [clean(param) for param in params[2:]]), MAX_CHANGES):
        if letter not in ALL:
            connection.reply(472, letter, text="is unknown mode char to me")
        elif letter in "beI":
            told.append(_set_list(connection, room, given, letter, value))
        elif letter in ROLES:
            told.append(_set_role(connection, room, given, letter, value))
        else:
            told.append(_set(connection, room, given, letter, value))
    join([event for event in told if event is not None])


def _attempt(
    connection: IRCProtocol, room: Room, letter: str, value: str | None, do: Callable[[], Event | None]
) -> Event | None:
    """@return: what the room is told."""
    try:
        return do()
    except Refused as why:
        if why.code in ("bad-mode", "bad-mask", "bad-name"):
            text = _VALID.get(letter) or why.sentence
            connection.reply(696, room.name, letter, "*" if letter == "k" else value or "*", text=text)
        elif why.code not in _NOTHING_NEW:
            connection.refuse(why, (value or "*", room.name))
    return None


def _set(connection: IRCProtocol, room: Room, given: bool, letter: str, value: str | None) -> Event | None:
    chat, session = connection.chat, connection.session
    new = (value if letter in VALUES else "on") if given else "off"
    name = FLAGS.get(letter) or VALUES.get(letter, "external")
    if letter == INSIDE:
        given, new = not given, "off" if given else "on"
    if given and letter in VALUES and (new or "").lower() == "off":
        new = ""
    same = name not in room.modes if not given else str(room.modes.get(name)) == ("True" if new == "on" else new)
    if same and chat.role(connection.user, room) >= need("mode", room.modes):
        return None
    return _attempt(
        connection, room, letter, value, lambda: moderation.set_mode(chat, session, name, new or "", room.name)
    )


def _set_role(connection: IRCProtocol, room: Room, given: bool, letter: str, value: str | None) -> Event | None:
    chat, session = connection.chat, connection.session
    if value is None:
        connection.reply(461, "MODE", text="Not enough parameters")
        return None
    role, name = ROLES[letter], value
    return _attempt(
        connection, room, letter, name, lambda: moderation.set_role(chat, session, name, role, given, room.name)
    )


# For each list: the numeric of an entry, that of the end, and what it is called.
_SHOWN = {"b": (367, 368, "ban"), "e": (348, 349, "exception"), "I": (346, 347, "invite exception")}


def _set_list(connection: IRCProtocol, room: Room, given: bool, letter: str, value: str | None) -> Event | None:
    chat, session = connection.chat, connection.session
    if not value:
        _show_list(connection, room, letter)
        return None
    muted = letter != "I" and value.lower().startswith("m:")
    what = next(name for name, how in LISTS.items() if how == (letter, "m:" if muted else ""))
    mask = value[2:] if muted else value

    def do() -> Event | None:
        if not given:
            return bans.lift(chat, session, mask, what, room.name, tell=False)
        if what == "ban":
            return bans.ban(chat, session, mask, None, "", room.name, put_out=False, tell=False)
        if what == "mute":
            return bans.mute(chat, session, mask, None, room.name, tell=False)
        return bans.make_exception(chat, session, what.removeprefix("except-"), mask, room.name, tell=False)

    return _attempt(connection, room, letter, value, do)


def _show_list(connection: IRCProtocol, room: Room, letter: str) -> None:
    chat = connection.chat
    chat.own_room(connection.session, room.name)
    entry, end, name = _SHOWN[letter]
    lines = []
    for what, made in bans.shown_bans(chat, connection.user, room):
        of, before = LISTS[what]
        if of == letter:
            mask = before + write_mask(made.mask)
            line = connection.numeric(entry, room.name, mask, made.by, str(int(made.at)))
            # The mask is what it is about: it is told whole.
            fits = len(line.encode()) <= MAX_LINE - 2
            lines.append(line if fits else connection.numeric(entry, room.name, mask))
    connection.lines([*lines, connection.numeric(end, room.name, text=f"End of channel {name} list")])
