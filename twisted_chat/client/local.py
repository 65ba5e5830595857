"""The commands that the client itself knows, and the texts of its help. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

#: The server's commands, for completion, but /format, which is the client's own business; what the server's own /help
#: lists is added to them.
SERVER_COMMANDS = (
    "/announce", "/audit", "/away", "/ban", "/bans", "/cert", "/claim", "/delete", "/deop", "/devoice", "/drop",
    "/except", "/gban", "/ghost", "/help", "/history", "/invite", "/join", "/kick", "/kill", "/leave",
    "/login", "/logout", "/me", "/mode", "/msg", "/mute", "/nick", "/op", "/password", "/pin", "/ping", "/quit",
    "/react", "/realname", "/register", "/rehash", "/rename", "/reply", "/roles", "/rooms", "/search", "/seen",
    "/shun", "/topic", "/transfer", "/unban", "/unexcept", "/ungban", "/unmute", "/unpin", "/unreact", "/unread",
    "/unregister", "/unwatch", "/voice", "/watch", "/who", "/whois",
)  # fmt: skip
CLIENT_COMMANDS = ("/clear", "/keys", "/set")

HELP = """In this client, besides:
/set [WHAT on|off]  timestamps, colours, bell: shows or changes them
/keys               lists the keys
/clear              empties the screen; what was said stays in /history"""

KEYS = """Enter  send            Tab, Shift-Tab  complete commands, #rooms and names
Left, Right, Ctrl-B, Ctrl-F  move        Home, End, Ctrl-A, Ctrl-E  to the start, the end
Ctrl-Left, Ctrl-Right, Alt-B, Alt-F  move by words
Backspace, Delete  delete    Ctrl-W, Alt-D  cut a word    Ctrl-U, Ctrl-K  cut to the start, the end
Ctrl-Y  put back what was cut    Ctrl-T  swap two characters
Up, Down  earlier lines    Ctrl-R  search them (again: further back; Escape: leave)
Page-Up, Page-Down  scroll    Ctrl-N, Ctrl-P  next, previous room    Alt-A  room with something unread
Ctrl-L  redraw    Ctrl-C  clear the line    Ctrl-D  on an empty line: leave    Ctrl-Z  suspend"""


@dataclasses.dataclass
class Settings:
    """What C{/set} changes."""

    timestamps: bool = True
    colours: bool = True
    bell: bool = True


class Refused(Exception):
    """A local command cannot be done; says why."""


def run(line: str, settings: Settings, clear: Callable[[], object]) -> str | None:
    """
    Do a command, if it is the client's.

    @param line: what was typed.
    @param settings: are changed by C{/set}.
    @param clear: empties the screen.
    @return: what to tell the person; None when the line is for the server.
    @raise Refused: when it is the client's, but wrong.
    """
    words = line.lower().split()
    match words[:1]:
        case ["/set"]:
            return _set(words[1:], settings)
        case ["/keys"]:
            return KEYS
        case ["/clear"]:
            clear()
            return ""
        case ["/logout"]:
            raise Refused("Leave with /quit, and log in with another name when you start the client again.")
        case ["/format"]:
            raise Refused("The client chooses the format itself. For JSON, start it with --json.")
        case ["/help"] if words[1:] and words[1].lstrip("/") in ("set", "keys", "clear"):
            return HELP
    return None


def _set(words: list[str], settings: Settings) -> str:
    names = [field.name for field in dataclasses.fields(settings)]
    usage = f"Usage: /set [{'|'.join(names)} on|off]"
    if words and words[0] not in names:
        raise Refused(usage)
    if len(words) == 2 and words[1] in ("on", "off"):
        setattr(settings, words[0], words[1] == "on")
    elif len(words) > 1:
        raise Refused(usage)
    shown = words[:1] or names
    return "\n".join(f"{name} {'on' if getattr(settings, name) else 'off'}" for name in shown)
