"""Who somebody is, or was: WHOIS, WHOWAS, USERHOST, ISON. modern.ircdocs.horse, "User-based queries"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...chat import status
from ...chat.errors import Refused
from ...chat.names import parse_name
from ...chat.rooms import User
from .message import MAX_LINE, Message, cut
from .metadata import about
from .people import MAX_ASKED, find, shown_address
from .roomlines import fill, prefix
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

MAX_USERHOST = 5


@verb("WHOIS")
def whois(connection: IRCProtocol, message: Message) -> None:
    """Tells what is known of someone: WHOIS ann. A server's name may come first; it is this one anyway."""
    params = message.params
    names = (params[1] if len(params) > 1 and params[1] else params[0]) if params else ""
    if not names:
        connection.reply(431, text="No nickname given")
        return
    for name in names.split(",")[:MAX_ASKED]:
        user = find(connection, name)
        if user is None:
            connection.reply(401, name, text="No such nick")
        else:
            connection.lines(_about(connection, user))
        connection.reply(318, name if user is None else user.name.shown, text="End of /WHOIS list")


def _about(connection: IRCProtocol, user: User) -> list[str]:
    chat, numeric, asker = connection.chat, connection.numeric, connection.user
    name, card, now = user.name.shown, user.card, connection.chat.now()
    called, away = status.realname(chat, asker, user), status.away(chat, asker, user)
    lines = [numeric(311, name, card.ident, card.host, "*", text=called or name)]
    shown = [room for room in user.rooms if chat.sees_into(asker, room)]
    if not chat.finds(asker, user):
        shown = []
    several = "multi-prefix" in connection.caps
    rooms = [prefix(room, user, several) + room.name for room in shown]
    head = numeric(319, name, text="")
    lines += [head + line for line in fill(rooms, MAX_LINE - 2 - len(head.encode()))]
    lines.append(numeric(312, name, connection.server, text=chat.server))
    if chat.is_admin(user):
        lines.append(numeric(313, name, text="is an administrator of this server"))
    if user.registered:
        lines.append(numeric(330, name, name, text="is logged in as"))
    if user.card.bot:
        lines.append(numeric(335, name, text="is a bot"))
    if away is not None:
        lines.append(numeric(301, name, text=cut(away, 390)))
    if all(session.secure for session in user.sessions):
        lines.append(numeric(671, name, text="is using a secure connection"))
    if chat.sees_address(asker, user):
        for address in dict.fromkeys(filter(None, user.addresses)):
            lines.append(numeric(338, name, shown_address(address), text="is connected from"))
    lines += about(connection, user)
    idle = max(0, int(now - user.active))
    lines.append(numeric(317, name, str(idle), str(int(user.since)), text="seconds idle, signon time"))
    return lines


@verb("WHOWAS")
def whowas(connection: IRCProtocol, message: Message) -> None:
    """Tells who had a name lately: WHOWAS ann [count]."""
    params, numeric = message.params, connection.numeric
    if not params or not params[0]:
        connection.reply(431, text="No nickname given")
        return
    count = params[1] if len(params) > 1 else ""
    most = int(count) if count.isdecimal() and count.isascii() and len(count) < 9 else 0
    admin = connection.chat.is_admin(connection.user)
    for name in params[0].split(",")[:MAX_ASKED]:
        lines: list[str] = []
        try:
            found = list(connection.chat.departed.find(parse_name(name).key))
        except Refused:
            found = []
        for each in found[: most or None]:
            card, left = each.card, datetime.fromtimestamp(each.time, UTC)
            lines.append(numeric(314, each.name, card.ident, card.host, "*", text=card.realname or each.name))
            if admin and each.address:
                lines.append(numeric(338, each.name, shown_address(each.address), text="was connected from"))
            lines.append(numeric(312, each.name, connection.server, text=f"{left:%Y-%m-%d %H:%M:%S} UTC"))
        connection.lines(lines)
        if not found:
            connection.reply(406, name, text="There was no such nickname")
        connection.reply(369, name, text="End of WHOWAS")


@verb("USERHOST", 1)
def userhost(connection: IRCProtocol, message: Message) -> None:
    """Tells where up to five people are, and whether they are away: USERHOST ann bob."""
    words = []
    for name in message.params[:MAX_USERHOST]:
        user = find(connection, name)
        if user is not None:
            oper = "*" if connection.chat.is_admin(user) else ""
            here = "+" if status.away(connection.chat, connection.user, user) is None else "-"
            words.append(f"{user.name.shown}{oper}={here}{user.card.ident}@{user.card.host}")
    connection.reply(302, text=" ".join(words))


@verb("ISON", 1)
def ison(connection: IRCProtocol, message: Message) -> None:
    """Tells which of these names are here: ISON ann bob."""
    names = " ".join(message.params).split()
    found = [user.name.shown for user in (find(connection, name) for name in names) if user is not None]
    connection.reply(303, text=" ".join(dict.fromkeys(found)))
