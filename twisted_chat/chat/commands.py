"""The slash commands: one table. A row is a function; its docstring is its /help."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .acts import Answer, Recall, Session, Switch
from .chat import REPLAY, Chat
from .errors import Refused
from .events import Kind
from .rooms import User

MAX_HISTORY = 1_000_000
SEARCH_LIMIT = 20
NAMES_A_LINE = 20
ROOMS_LISTED = 500

FORMATS = ("text", "json")


class Command(NamedTuple):
    """A row of the table.

    @ivar parameters: as /help shows them: C{[...]} may be left out, a word in lower case takes the rest of the line.
    @ivar run: what to call, with the chat, the session and one argument for each parameter (C{None}: left out).
    """

    name: str
    parameters: tuple[str, ...]
    run: Callable[..., None]

    @property
    def usage(self) -> str:
        return " ".join(("/" + self.name, *self.parameters))

    @property
    def help(self) -> str:
        return " ".join((self.run.__doc__ or "").split())


COMMANDS: dict[str, Command] = {}


def command(name: str, *parameters: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Enter a function into the table."""

    def enter(run: Callable[..., None]) -> Callable[..., None]:
        COMMANDS[name] = Command(name, parameters, run)
        return run

    return enter


def run(chat: Chat, session: Session, line: str) -> None:
    """Do what a line says: a command, or something to say in the current room. What is refused is answered.

    @param session: logged in.
    @param line: cleaned, not empty.
    """
    try:
        if not line.startswith("/"):
            chat.say(session, line)
        elif line.startswith("//"):
            chat.say(session, line[1:])
        else:
            _run_command(chat, session, line)
    except Refused as why:
        chat.refuse(session, why)


def _run_command(chat: Chat, session: Session, line: str) -> None:
    word, _, rest = line[1:].partition(" ")
    row = COMMANDS.get(word.lower())
    if row is None:
        raise Refused("unknown-command", f"There is no command /{word[:32]}. /help lists the commands.")
    row.run(chat, session, *_arguments(row, rest.strip()))


def _arguments(row: Command, rest: str) -> list[str | None]:
    values: list[str | None] = []
    for parameter in row.parameters:
        if parameter.strip("[]").split()[0].islower():
            value, rest = rest, ""
        else:
            value, _, rest = rest.partition(" ")
            rest = rest.strip()
        if not value and not parameter.startswith("["):
            raise Refused("usage", f"Usage: {row.usage}")
        values.append(value or None)
    if rest:
        raise Refused("usage", f"Usage: {row.usage}")
    return values


@command("help", "[COMMAND]")
def help_(chat: Chat, session: Session, name: str | None) -> None:
    """Lists the commands, or explains one."""
    if name is not None:
        row = COMMANDS.get(name.removeprefix("/").lower())
        if row is None:
            raise Refused("unknown-command", f"There is no command {name[:32]}. /help lists the commands.")
        chat.answer(session, f"{row.usage}\n{row.help}")
        return
    width = max(len(row.usage) for row in COMMANDS.values())
    lines = [f"{row.usage:{width}}  {row.help.split('. ')[0].rstrip('.')}." for row in COMMANDS.values()]
    lines.append("Anything else is said in the current room; //text says /text.")
    chat.answer(session, "\n".join(lines))


@command("join", "#ROOM")
def join(chat: Chat, session: Session, room: str) -> None:
    """Enters a room, and makes it the current one. A room that does not exist comes into being."""
    chat.join(session, room)


@command("leave", "[#ROOM]")
def leave(chat: Chat, session: Session, room: str | None) -> None:
    """Leaves a room, by default the current one."""
    chat.leave(session, room)


@command("rooms")
def rooms(chat: Chat, session: Session) -> None:
    """Lists the rooms, how many people are in each, and their topics."""
    found = sorted(chat.rooms.values(), key=lambda room: (-len(room.members), room.name))[:ROOMS_LISTED]
    lines = [f"{r.name} ({len(r.members)}){': ' + r.topic if r.topic else ''}" for r in found]
    data = [{"room": r.name, "members": len(r.members), "topic": r.topic} for r in found]
    chat.answer(session, "\n".join(lines), "rooms", {"rooms": data})


@command("who", "[#ROOM]")
def who(chat: Chat, session: Session, room: str | None) -> None:
    """Lists who is in a room, by default the current one."""
    found = chat.find_room(session, room)
    names = [_shown(user) for user in found.members]
    lines = [f"In {found.name} ({len(names)}):"]
    lines += [" " + ", ".join(names[i : i + NAMES_A_LINE]) for i in range(0, len(names), NAMES_A_LINE)]
    data = [{"name": user.name.shown, "away": user.away} for user in found.members]
    chat.answer(session, "\n".join(lines), "who", {"room": found.name, "members": data})


@command("msg", "NAME", "text")
def msg(chat: Chat, session: Session, name: str, text: str) -> None:
    """Says something to one person only."""
    chat.message(session, text, name)


@command("me", "text")
def me(chat: Chat, session: Session, text: str) -> None:
    """Tells the room what you do: "/me waves" is shown as "* kim waves"."""
    chat.say(session, text, Kind.ACTION)


@command("topic", "[text]")
def topic(chat: Chat, session: Session, text: str | None) -> None:
    """Shows the topic of the current room, or sets it. "/topic -" clears it."""
    if text is not None:
        chat.set_topic(session, "" if text == "-" else text)
        return
    room = chat.find_room(session, None)
    chat.answer(session, f"Topic of {room.name}: {room.topic}" if room.topic else f"{room.name} has no topic.")


@command("nick", "NAME")
def nick(chat: Chat, session: Session, name: str) -> None:
    """Changes your name."""
    chat.rename(session, name)


@command("whois", "NAME")
def whois(chat: Chat, session: Session, name: str) -> None:
    """Tells what is known of someone: rooms, away, how long idle."""
    user = chat.find_user(name)
    now = chat.now()
    names = [room.name for room in user.rooms]
    lines = [
        f"{user.name.shown} is in {', '.join(names)}." if names else f"{user.name.shown} is in no room.",
        f"Here for {_duration(now - user.since)}, idle for {_duration(now - user.active)}.",
    ]
    if user.away is not None:
        lines.append(f"Away: {user.away}")
    data = {"name": user.name.shown, "rooms": names, "away": user.away, "since": round(user.since)}
    chat.answer(session, "\n".join(lines), "whois", {**data, "idle": round(now - user.active)})


@command("away", "[text]")
def away(chat: Chat, session: Session, text: str | None) -> None:
    """Marks you as away; without a text, as back."""
    chat.set_away(session, text)


@command("history", "[n]")
def history(chat: Chat, session: Session, text: str | None) -> None:
    """Shows the last lines of the current room. "/history 50" shows the last 50 instead of 20,
    "/history 50 before ID" and "/history 50 after ID" those before or after a line's ID."""
    room = chat.find_room(session, None)
    words = (text or "").lower().split()
    limit = REPLAY
    if words and words[0].isdecimal():
        limit = int(words.pop(0)[:9])
    bounds: dict[str, int] = {}
    if len(words) == 2 and words[0] in ("before", "after") and words[1].isdecimal() and len(words[1]) < 19:
        bounds[words[0]] = int(words[1])
    elif words:
        raise Refused("usage", "Usage: /history [n] [before ID | after ID]")
    if not 1 <= limit <= MAX_HISTORY:
        raise Refused("usage", f"/history shows from 1 to {MAX_HISTORY} lines.")

    def end(lines: int) -> Answer:
        text = f"End of the history of {room.name}, {_count(lines, 'line')}."
        return Answer(session, "history", text, {"room": room.name, "lines": lines})

    chat.do(session, Recall(session, (room.name,), limit, bounds.get("before"), bounds.get("after"), end=end))


@command("search", "words")
def search(chat: Chat, session: Session, text: str) -> None:
    """Shows the newest messages with all these words, in the rooms you are in."""
    user = session.user
    words = tuple(text.split())
    if not any(c.isalnum() for c in text):
        raise Refused("usage", "Usage: /search words: letters or digits to look for.")
    found = tuple(room.name for room in user.rooms) if user else ()

    def end(lines: int) -> Answer:
        return Answer(session, "search", f"Found {_count(lines, 'line')}.", {"lines": lines})

    chat.do(session, Recall(session, found, SEARCH_LIMIT, talk=True, words=words, end=end))


@command("format", "FORMAT")
def format_(chat: Chat, session: Session, name: str) -> None:
    """Chooses how the server writes to you: "text" for people, "json" for programs."""
    name = name.lower()
    if name not in FORMATS:
        raise Refused("usage", "Usage: /format text or /format json")
    chat.do(session, Switch(session, name))
    data: dict[str, object] = {
        "format": name,
        "name": session.user.name.shown if session.user else None,
        "room": session.room.name if session.room else None,
        "rooms": [room.name for room in session.user.rooms] if session.user else [],
    }
    chat.answer(session, f"You now receive {name}.", "format", data)


@command("ping", "[token]")
def ping(chat: Chat, session: Session, token: str | None) -> None:
    """Is answered with "pong", at once: to see whether the connection lives, and how fast it is."""
    chat.answer(session, f"pong {token or ''}".rstrip(), "pong", {"token": token})


@command("quit", "[reason]")
def quit_(chat: Chat, session: Session, reason: str | None) -> None:
    """Leaves everything and closes the connection."""
    chat.quit(session, reason or "")


def _shown(user: User) -> str:
    return user.name.shown + (" (away)" if user.away is not None else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    whole = int(max(seconds, 0))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if whole >= size:
            return _count(whole // size, unit)
    return _count(whole, "second")
