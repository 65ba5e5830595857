"""Commands for those who keep a room civil. They are about the current room."""

from __future__ import annotations

import re

from .. import bans as bans_
from .. import deletion, moderation, ownership, renaming
from ..acts import Session
from ..chat import Chat
from ..errors import Refused
from ..permissions import Role, parse_duration
from .table import command

GROUP = "Keeping a room civil"
DURATION = "A duration is a number and s, m, h, d or w: 10m, 2h, 7d."
NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*[a-zA-Z]*")


@command(GROUP, "op", "NAME")
def op(chat: Chat, session: Session, name: str) -> None:
    """Makes someone an op: they may kick, ban, mute, invite, delete and change the modes."""
    moderation.set_role(chat, session, name, Role.OP, True)


@command(GROUP, "deop", "NAME")
def deop(chat: Chat, session: Session, name: str) -> None:
    """Takes the role of an op back."""
    moderation.set_role(chat, session, name, Role.OP, False)


@command(GROUP, "voice", "NAME")
def voice(chat: Chat, session: Session, name: str) -> None:
    """Lets someone speak in a moderated room."""
    moderation.set_role(chat, session, name, Role.VOICE, True)


@command(GROUP, "devoice", "NAME")
def devoice(chat: Chat, session: Session, name: str) -> None:
    """Takes the voice back."""
    moderation.set_role(chat, session, name, Role.VOICE, False)


@command(GROUP, "roles")
def roles(chat: Chat, session: Session) -> None:
    """Lists which accounts have a role in the room, whether they are there or not."""
    ownership.show_roles(chat, session)


@command(GROUP, "claim")
def claim(chat: Chat, session: Session) -> None:
    """Makes the room your account's, where you are an op and no account owns it."""
    ownership.claim(chat, session)


@command(GROUP, "transfer", "NAME")
def transfer(chat: Chat, session: Session, name: str) -> None:
    """Hands the room, which is yours, to another account; you are an op then."""
    ownership.transfer(chat, session, name)


@command(GROUP, "drop", "#ROOM")
def drop(chat: Chat, session: Session, name: str) -> None:
    """Gives up a room that is yours: nobody owns it then, and its modes, bans and roles are gone."""
    ownership.drop_room(chat, session, name)


@command(GROUP, "kick", "NAME", "[reason]")
def kick(chat: Chat, session: Session, name: str, reason: str | None) -> None:
    """Puts someone out of the room. They may come back: see /ban."""
    moderation.kick(chat, session, name, reason or "")


@command(GROUP, "ban", "MASK", "[duration and reason]")
def ban(chat: Chat, session: Session, mask: str, rest: str | None) -> None:
    """Keeps someone out, for a time such as 10m, 2h or 7d, or for ever. MASK is a name, a pattern such as spam*, an
    address or network such as 192.0.2.0/24, name!ident@host, or a:ACCOUNT."""
    bans_.ban(chat, session, mask, *split_duration(rest))


@command(GROUP, "unban", "MASK")
def unban(chat: Chat, session: Session, mask: str) -> None:
    """Takes a ban back."""
    bans_.lift(chat, session, mask, "ban")


@command(GROUP, "bans")
def bans(chat: Chat, session: Session) -> None:
    """Lists who is banned, muted and excepted; addresses are shown to ops only."""
    bans_.list_bans(chat, session)


@command(GROUP, "mute", "NAME", "[DURATION]")
def mute(chat: Chat, session: Session, name: str, duration: str | None) -> None:
    """Lets someone read but not speak, for a time such as 10m, or for ever."""
    if duration is not None and parse_duration(duration) is None:
        raise Refused("usage", DURATION)
    bans_.mute(chat, session, name, duration)


@command(GROUP, "unmute", "NAME")
def unmute(chat: Chat, session: Session, name: str) -> None:
    """Lets someone speak again."""
    bans_.lift(chat, session, name, "mute")


@command(GROUP, "except", "ban|mute|invite", "MASK")
def make_exception(chat: Chat, session: Session, what: str, mask: str) -> None:
    """Excepts someone from the room's bans or mutes, or lets them in without an invitation. MASK is as for /ban."""
    bans_.make_exception(chat, session, what.lower(), mask)


@command(GROUP, "unexcept", "ban|mute|invite", "MASK")
def lift_exception(chat: Chat, session: Session, what: str, mask: str) -> None:
    """Takes an exception back."""
    bans_.lift(chat, session, mask, f"except-{what.lower()}")


@command(GROUP, "invite", "NAME")
def invite(chat: Chat, session: Session, name: str) -> None:
    """Asks someone into the room, whatever keeps others out."""
    moderation.invite(chat, session, name)


@command(GROUP, "mode", "[MODE]", "[VALUE]")
def mode(chat: Chat, session: Session, name: str | None, value: str | None) -> None:
    """Shows the room's modes, or sets one: invite-only, moderated, secret, topic-ops, members-only, external (on or
    off), key WORD, slow SECONDS, limit PEOPLE; off clears it."""
    if name is None:
        moderation.show_modes(chat, session)
    else:
        moderation.set_mode(chat, session, name, value)


@command(GROUP, "rename", "#ROOM", "[reason]")
def rename(chat: Chat, session: Session, room: str, reason: str | None) -> None:
    """Gives the room another name. It takes its people, its rules and its history along."""
    renaming.rename_room(chat, session, room, chat.reason(chat.user(session), reason or ""))


@command(GROUP, "pin", "[ID]")
def pin(chat: Chat, session: Session, text: str | None) -> None:
    """Shows what is pinned in the room, or pins a message. "/history ids" shows the IDs."""
    moderation.pin(chat, session, None if text is None else parse_id(text))


@command(GROUP, "unpin", "ID")
def unpin(chat: Chat, session: Session, text: str) -> None:
    """Takes a pin out."""
    moderation.pin(chat, session, parse_id(text), pinned=False)


@command(GROUP, "delete", "ID", "[reason]")
def delete(chat: Chat, session: Session, text: str, reason: str | None) -> None:
    """Takes back a message, for everyone: your own, or as an op anyone's. "/history ids" shows the IDs."""
    deletion.delete(chat, session, parse_id(text), reason=reason or "")


def parse_id(text: str) -> int:
    """
    @raise Refused: C{"usage"}.
    """
    if not (text.isdecimal() and text.isascii() and len(text) < 19):
        raise Refused("usage", "An ID is a number; /history ids shows them.")
    return int(text)


def split_duration(rest: str | None) -> tuple[str | None, str]:
    """What follows a mask: a duration, if it begins with one, and a reason.

    @raise Refused: C{"usage"}: it begins with a number that is no duration. As a reason, that would be for ever.
    """
    first, _, more = (rest or "").partition(" ")
    if parse_duration(first) is not None:
        return first, more.strip()
    if NUMBER.fullmatch(first):
        raise Refused("usage", DURATION)
    return None, rest or ""
