"""The table of slash commands, and how a line finds its row."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import NamedTuple

from ..acts import Session
from ..chat import Chat
from ..errors import Refused
from ..talking import say


def everyone(session: Session) -> bool:
    """What most commands are offered to."""
    return True


class Command(NamedTuple):
    """A row of the table.

    @ivar group: what it is about, for /help.
    @ivar parameters: as /help shows them: C{[...]} may be left out; a word in lower case takes the rest of the line,
        but for a choice such as C{on|off}.
    @ivar run: what to call, with the chat, the session and one argument for each parameter (C{None}: left out).
    @ivar cost: as how many lines of talk it counts, for those who send much.
    @ivar offered: whether a session has it; the others do not know it.
    """

    group: str
    name: str
    parameters: tuple[str, ...]
    run: Callable[..., None]
    cost: int = 1
    offered: Callable[[Session], bool] = everyone

    @property
    def usage(self) -> str:
        return " ".join(("/" + self.name, *self.parameters))

    @property
    def help(self) -> str:
        return " ".join((self.run.__doc__ or "").split())


COMMANDS: dict[str, Command] = {}

# What people type who are used to IRC or to other chats.
MEANT = {
    "?": "help", "commands": "help", "h": "help",
    "bye": "quit", "disconnect": "quit", "exit": "quit", "logoff": "quit",
    "j": "join", "open": "join",
    "close": "leave", "part": "leave",
    "channels": "rooms", "list": "rooms",
    "members": "who", "names": "who", "users": "who",
    "dm": "msg", "notice": "msg", "pm": "msg", "query": "msg", "tell": "msg", "w": "msg", "whisper": "msg",
    "action": "me", "identify": "login", "name": "nick", "setname": "realname", "status": "away",
    "whowas": "seen", "monitor": "watch", "redact": "delete", "remove": "kick",
}  # fmt: skip


def command(
    group: str, name: str, *parameters: str, cost: int = 1, offered: Callable[[Session], bool] = everyone
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Enter a function into the table. @param cost, offered: see L{Command}."""

    def enter(run: Callable[..., None]) -> Callable[..., None]:
        COMMANDS[name] = Command(group, name, parameters, run, cost, offered)
        return run

    return enter


def find(session: Session, name: str) -> Command | None:
    """The command of that name, in any case, if this session has it."""
    row = COMMANDS.get(name.lower())
    return row if row is not None and row.offered(session) else None


def cost(line: str) -> int:
    """As how many lines of talk a line counts that begins with a slash."""
    row = COMMANDS.get(line[1:].partition(" ")[0].lower())
    return row.cost if row is not None else 1


def run(chat: Chat, session: Session, line: str) -> None:
    """Do what a line says: a command, or something to say in the current room. What is refused is answered.

    @param session: logged in.
    @param line: cleaned, not empty.
    """
    try:
        if not line.startswith("/"):
            say(chat, session, line)
        elif line.startswith("//"):
            say(chat, session, line[1:])
        else:
            _run_command(chat, session, line)
    except Refused as why:
        chat.refuse(session, why)


def _run_command(chat: Chat, session: Session, line: str) -> None:
    word, _, rest = line[1:].partition(" ")
    row = find(session, word)
    if row is None:
        raise unknown(session, word)
    row.run(chat, session, *_arguments(row, rest.strip()))


def unknown(session: Session, word: str) -> Refused:
    """What is answered to a command that there is not: with the one that was meant, if that can be guessed.

    @param word: without its slash.
    """
    word = word[:32]
    meant = MEANT.get(word.lower())
    if meant is None:
        known = [row.name for row in COMMANDS.values() if row.offered(session) and row.group != "Administration"]
        meant = next(iter(get_close_matches(word.lower(), known, 1, 0.75)), None)
    guess = f" Did you mean /{meant}?" if meant is not None else ""
    return Refused("unknown-command", f"There is no command /{word}.{guess} /help lists the commands.")


def _arguments(row: Command, rest: str) -> list[str | None]:
    values: list[str | None] = []
    for parameter in row.parameters:
        if _takes_the_rest(parameter):
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


def _takes_the_rest(parameter: str) -> bool:
    first, *more = parameter.strip("[]").split()
    return first.islower() and ("|" not in first or bool(more))
