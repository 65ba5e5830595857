"""What the server says of itself: 004 and 005. modern.ircdocs.horse, "RPL_ISUPPORT parameters"."""

from __future__ import annotations

from functools import lru_cache

from ...chat.bans import MAX_BANS
from ...chat.chat import MAX_NOTE, Chat
from ...chat.history import MOST as MOST_HISTORY
from ...chat.names import MAX_LENGTH
from ...chat.permissions import MAX_KEY
from ...chat.status import MAX_REALNAME
from ...chat.watching import MAX_WATCHED
from . import letters
from .listing import ELIST
from .message import MAX_IDENT, MAX_LINE
from .modes import MAX_CHANGES
from .people import MAX_ASKED
from .rooms import MAX_TARGETS
from .talking import MAX_TARGETS as MAX_TALKED

USER_MODES = "".join(letters.USER_FLAGS)
ROOM_MODES = letters.ALL
# So many tokens make a line, and so many bytes.
A_LINE = 13
MAX_TOKENS = 300


def tokens(chat: Chat) -> list[str]:
    """All of them."""
    return [
        "AWAYLEN=" + str(MAX_NOTE),
        "ACCOUNTEXTBAN=a",
        f"CHATHISTORY={MOST_HISTORY}",
        "BOT=B",
        "CASEMAPPING=ascii",
        f"CHANLIMIT=#:{chat.max_rooms}",
        "CHANMODES=" + letters.KINDS,
        f"CHANNELLEN={MAX_LENGTH + 1}",
        "CHANTYPES=#",
        "ELIST=" + ELIST,
        "EXCEPTS=e",
        "EXTBAN=,am",
        "HOSTLEN=64",
        f"KEYLEN={MAX_KEY}",
        f"KICKLEN={MAX_NOTE}",
        f"LINELEN={MAX_LINE}",
        "MSGREFTYPES=msgid,timestamp",
        "NETWORK=" + _escaped(chat.server)[:100],
        "INVEX=I",
        f"MAXLIST=b:{MAX_BANS},e:{MAX_BANS},I:{MAX_BANS}",
        f"MODES={MAX_CHANGES}",
        f"MONITOR={MAX_WATCHED}",
        f"NAMELEN={MAX_REALNAME}",
        f"NICKLEN={MAX_LENGTH}",
        "PREFIX=(ov)@+",
        "STATUSMSG=@+",
        f"TARGMAX=INVITE:1,JOIN:{MAX_TARGETS},KICK:{MAX_TARGETS},LIST:,MONITOR:{MAX_WATCHED},NAMES:{MAX_TARGETS},"
        f"NOTICE:{MAX_TALKED},PART:{MAX_TARGETS},PRIVMSG:{MAX_TALKED},WHOIS:{MAX_ASKED},WHOWAS:{MAX_ASKED}",
        f"TOPICLEN={MAX_NOTE}",
        f"USERLEN={MAX_IDENT + 1}",
        "UTF8ONLY",
        "WHOX",
    ]


def lines(chat: Chat) -> list[list[str]]:
    """The tokens of each line: so many as fit, and not too many."""
    return _lines(tuple(tokens(chat)))


@lru_cache(maxsize=4)
def _lines(words: tuple[str, ...]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for token in sorted(words):
        if len(found[-1]) == A_LINE or len(" ".join([*found[-1], token]).encode()) > MAX_TOKENS:
            found.append([])
        found[-1].append(token)
    return found


def _escaped(value: str) -> str:
    """A value that may have signs which mean something to those who read it."""
    return "".join(f"\\x{ord(char):02X}" if char in " =\\" else char for char in value)
