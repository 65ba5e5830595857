"""Commands about rooms and who is in them."""

from __future__ import annotations

from .. import membership, presence, status, talking
from ..acts import Session
from ..chat import Chat, span
from ..names import parse_name
from ..permissions import Role
from .table import command

NAMES_A_LINE = 20
ROOMS_LISTED = 500
GROUP = "Rooms and people"


@command(GROUP, "join", "#ROOM", "[KEY]")
def join(chat: Chat, session: Session, room: str, key: str | None) -> None:
    """Enters a room, and makes it the current one. A room that does not exist comes into being, and is yours."""
    membership.join(chat, session, room, key)


@command(GROUP, "leave", "[#ROOM]", "[reason]")
def leave(chat: Chat, session: Session, room: str | None, reason: str | None) -> None:
    """Leaves a room, by default the current one."""
    membership.leave(chat, session, room, reason or "")


@command(GROUP, "rooms", cost=3)
def rooms(chat: Chat, session: Session) -> None:
    """Lists the rooms, how many people are in each, and their topics."""
    user = chat.user(session)
    known = [room for room in chat.rooms.values() if chat.knows(user, room)]
    found = sorted(known, key=lambda room: (-len(room.members), room.name))[:ROOMS_LISTED]
    topics = {r: r.topic if chat.sees_into(user, r) else "" for r in found}
    lines = [f"{r.name} ({len(r.members)}){': ' + topics[r] if topics[r] else ''}" for r in found]
    data = [{"room": r.name, "members": len(r.members), "topic": topics[r]} for r in found]
    chat.answer(session, "\n".join(lines), "rooms", {"rooms": data})


@command(GROUP, "who", "[#ROOM]")
def who(chat: Chat, session: Session, room: str | None) -> None:
    """Lists who is in a room, by default the current one. An op is marked with @, a voice with +."""
    user = chat.user(session)
    found = chat.find_room(session, room)
    if not chat.sees_into(user, found):
        found = chat.own_room(session, room)
    marks = {Role.OWNER: "@", Role.OP: "@", Role.VOICE: "+"}
    away = {member: status.away(chat, user, member) for member in found.members}
    names = [
        marks.get(role, "") + member.name.shown + (" (away)" if away[member] is not None else "")
        for member, role in found.members.items()
    ]
    lines = [f"In {found.name} ({len(names)}):"]
    lines += [" " + ", ".join(names[i : i + NAMES_A_LINE]) for i in range(0, len(names), NAMES_A_LINE)]
    data = [
        {"name": member.name.shown, "away": away[member], "role": role.name.lower()}
        for member, role in found.members.items()
    ]
    chat.answer(session, "\n".join(lines), "who", {"room": found.name, "members": data})


@command(GROUP, "topic", "[text]")
def topic(chat: Chat, session: Session, text: str | None) -> None:
    """Shows the topic of the current room, or sets it. "/topic -" clears it."""
    if text is not None:
        talking.set_topic(chat, session, "" if text == "-" else text)
        return
    room = chat.find_room(session, None)
    chat.answer(session, f"Topic of {room.name}: {room.topic}" if room.topic else f"{room.name} has no topic.")


@command(GROUP, "nick", "NAME")
def nick(chat: Chat, session: Session, name: str) -> None:
    """Changes your name."""
    presence.rename(chat, session, name)


@command(GROUP, "whois", "NAME")
def whois(chat: Chat, session: Session, name: str) -> None:
    """Tells what is known of someone: account, rooms, away, how long idle."""
    asker, user = chat.user(session), chat.find_user(name)
    now = chat.now()
    names = [room.name for room in user.rooms if chat.sees_into(asker, room)]
    lines = [
        f"{user.name.shown} is in {', '.join(names)}." if names else f"{user.name.shown} is in no room.",
        f"{'Logged in to that account' if user.registered else 'A guest'}, here for {span(now - user.since)}, "
        f"idle for {span(now - user.active)}.",
    ]
    called, away = status.realname(chat, asker, user), status.away(chat, asker, user)
    if called:
        lines.append(f"Called {called}.")
    data = {"name": user.name.shown, "registered": user.registered, "rooms": names, "away": away, "realname": called}
    data |= {"since": round(user.since), "idle": round(now - user.active), "host": user.card.host}
    if away is not None:
        lines.append(f"Away: {away}")
    if chat.sees_address(asker, user):
        lines.append(f"Seen as coming from {user.card.host}.")
        lines.append("Connected from " + ", ".join(address or "here" for address in user.addresses) + ".")
        data["addresses"] = list(user.addresses)
    chat.answer(session, "\n".join(lines), "whois", data)


@command(GROUP, "realname", "text")
def realname(chat: Chat, session: Session, text: str) -> None:
    """Says what you are called in full; IRC and /whois show it."""
    status.set_realname(chat, session, text)


@command(GROUP, "watch", "[NAME]")
def watch(chat: Chat, session: Session, text: str | None) -> None:
    """Tells you when someone of that name comes and goes, until this connection ends; without a name it lists whom you
    watch."""
    if text is None:
        names = chat.watching.names(session)
        chat.answer(session, f"You watch {', '.join(names) or 'nobody'}.", "watching", {"names": names})
        return
    chat.user(session)
    name = parse_name(text)
    chat.watching.add(session, name)
    here = chat.users.get(name.key)
    shown = name.shown if here is None else here.name.shown
    told = f"{shown} is {'not ' if here is None else ''}here."
    chat.answer(session, told, "watch", {"name": shown, "here": here is not None})


@command(GROUP, "unwatch", "NAME")
def unwatch(chat: Chat, session: Session, name: str) -> None:
    """Watches someone no longer."""
    chat.watching.remove(session, parse_name(name).key)
    chat.answer(session, f"You do not watch {name.strip()}.", "info", {"code": "unwatched"})


@command(GROUP, "seen", "NAME")
def seen(chat: Chat, session: Session, name: str) -> None:
    """Tells when an account was last here."""
    presence.tell_seen(chat, session, name)
