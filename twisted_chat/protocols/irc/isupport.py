"""What the server says of itself: 004 and 005. modern.ircdocs.horse, "RPL_ISUPPORT parameters"."""

from __future__ import annotations

from ...chat.bans import MAX_BANS
from ...chat.chat import MAX_NOTE, Chat
from ...chat.history import MOST as MOST_HISTORY
from ...chat.names import MAX_LENGTH
from ...chat.status import MAX_REALNAME
from ...chat.watching import MAX_WATCHED
from . import letters
from .listing import ELIST
from .modes import MAX_CHANGES
from .rooms import MAX_TARGETS
from .talking import MAX_TARGETS as MAX_TALKED

USER_MODES = "".join(letters.USER_FLAGS)
ROOM_MODES = letters.ALL
A_LINE = 13


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
        f"KICKLEN={MAX_NOTE}",
        "MSGREFTYPES=msgid,timestamp",
        "NETWORK=" + chat.server.replace(" ", "-"),
        "INVEX=I",
        f"MAXLIST=b:{MAX_BANS},e:{MAX_BANS},I:{MAX_BANS}",
        f"MODES={MAX_CHANGES}",
        f"MONITOR={MAX_WATCHED}",
        f"NAMELEN={MAX_REALNAME}",
        f"NICKLEN={MAX_LENGTH}",
        "PREFIX=(ov)@+",
        "STATUSMSG=@+",
        f"TARGMAX=INVITE:1,JOIN:{MAX_TARGETS},KICK:{MAX_TARGETS},LIST:,NAMES:{MAX_TARGETS},NOTICE:{MAX_TALKED},"
        f"PART:{MAX_TARGETS},PRIVMSG:{MAX_TALKED}",
        f"TOPICLEN={MAX_NOTE}",
        "UTF8ONLY",
        "WHOX",
    ]


def lines(chat: Chat) -> list[list[str]]:
    """The tokens of each line."""
    words = tokens(chat)
    return [words[i : i + A_LINE] for i in range(0, len(words), A_LINE)]
