"""Modes of rooms: the letters that IRC has for what the chat calls by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...chat.cloaks import is_cloak
from ...chat.events import Event
from ...chat.masks import is_network
from ...chat.permissions import Role
from .message import MAX_LINE

FLAGS = {"i": "invite-only", "m": "moderated", "p": "members-only", "s": "secret", "t": "topic-ops"}
VALUES = {"k": "key", "l": "limit"}
ROLES = {"o": Role.OP, "v": Role.VOICE}
# What people say of themselves: by the names of chat/status.py.
USER_FLAGS = {"B": "bot", "i": "invisible", "o": "oper", "w": "wallops"}
# Set when the chat's mode "external" is not.
INSIDE = "n"
# By the names of chat/bans.py: the letter, and what stands before the mask.
LISTS = {
    "ban": ("b", ""),
    "mute": ("b", "m:"),
    "except-ban": ("e", ""),
    "except-mute": ("e", "m:"),
    "except-invite": ("I", ""),
}

NAMES = {**FLAGS, **VALUES}
LETTERS = {name: letter for letter, name in NAMES.items()} | {role.name.lower(): c for c, role in ROLES.items()}
# What ISUPPORT says of them (CHANMODES): lists, with a value always, with one when set, without.
KINDS = f"beI,k,l,{''.join(sorted([*FLAGS, INSIDE]))}"
ALL = "".join(sorted("beI" + INSIDE + "".join((*FLAGS, *VALUES, *ROLES)), key=str.swapcase))


def write_mask(mask: str) -> str:
    """A mask (see chat/masks.py) as IRC's clients write it: name!ident@host."""
    if mask.startswith("a:") or "!" in mask:
        return mask
    if is_cloak(mask):
        return "*!*@" + mask
    if is_network(mask):
        return "*!*@" + mask.removesuffix("/32" if "." in mask else "/128")
    return mask + "!*@*"


def write_change(text: str, target: str, aside: str) -> tuple[str, str] | None:
    """A change of a mode as the chat has it, as IRC's letters and their value.

    @param text, target, aside: see L{Event}.
    @return: C{None} for a mode that has no letter.
    """
    name, _, value = text.partition(" ")
    sign, name = ("-", name[1:]) if name.startswith("-") else ("+", name)
    if name == "external":
        return ("-" if sign == "+" else "+") + INSIDE, ""
    if name in LISTS:
        letter, before = LISTS[name]
        return sign + letter, before + write_mask(value)
    # Owners are shown as ops are.
    letter = "o" if (name, sign) == ("owner", "+") else LETTERS.get(name, "")
    if not letter:
        return None
    return sign + letter, target or aside or value or ("*" if letter == "k" else "")


class Changes(NamedTuple):
    """The form (L{Event.form}) of a change that was asked for together with others.

    @ivar lines: what stands after C{MODE #room}: the first of them says all, the others nothing.
    """

    lines: Sequence[str]


def changed(event: Event) -> str:
    """What stands before the letters in the line that tells of a change: who has changed the modes of what room."""
    return f":{event.actor}!{event.card.ident}@{event.card.host} MODE {event.room} "


def join(events: Sequence[Event]) -> None:
    """Let changes that one line has asked for be told by one line, or as few as they fit into.

    @param events: of one room and one person; not delivered yet.
    """
    if not events:
        return
    size = MAX_LINE - 2 - len(changed(events[0]).encode())
    lines: list[str] = []
    letters = values = last = ""
    for event in events:
        signed, value = write_change(event.text, event.target, event.aside) or ("", "")
        value = value and f" {value}"
        if letters and len(letters + signed) + len((values + value).encode()) > size:
            lines.append(letters + values)
            letters = values = last = ""
        letters += signed[1:] if signed[:1] == last else signed
        last = signed[:1] or last
        values += value
        event.form = Changes(())
    events[0].form = Changes((*lines, letters + values))
