"""What there is to know of the server: its numbers, its version, its help. modern.ircdocs.horse, "Server queries"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .greeting import SOFTWARE, Census, census, motd, supported
from .message import MAX_LINE, Message, cut
from .roomlines import fill
from .verbs import VERBS, verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

INFO = (
    "twisted-chat, a chat daemon on Twisted.",
    "The same rooms are open to IRC clients, to telnet and netcat, and to its own client.",
    "Everything that is said in a room is kept before it is shown.",
)


@verb("MOTD")
def motd_(connection: IRCProtocol, message: Message) -> None:
    """Shows the message of the day."""
    connection.lines(motd(connection))


@verb("LUSERS", cost=2)
def lusers(connection: IRCProtocol, message: Message) -> None:
    """Tells how many people and rooms there are."""
    connection.lines(census(connection, Census.of(connection.chat)))


@verb("VERSION")
def version_(connection: IRCProtocol, message: Message) -> None:
    """Tells what software this is, and what it can do."""
    connection.reply(351, SOFTWARE, connection.server, text="One chat, many protocols")
    connection.lines(supported(connection))


@verb("TIME")
def time(connection: IRCProtocol, message: Message) -> None:
    """Tells what time it is here, in UTC."""
    now = datetime.fromtimestamp(connection.chat.now(), UTC)
    connection.reply(391, connection.server, text=f"{now:%A %B %d %Y -- %H:%M:%S} UTC")


@verb("ADMIN")
def admin(connection: IRCProtocol, message: Message) -> None:
    """Tells whom to ask about this server: the administrators who are here."""
    chat, numeric = connection.chat, connection.numeric
    here = [u.name.shown for u in chat.users.values() if chat.is_admin(u) and chat.finds(connection.user, u)]
    lines = [
        numeric(256, connection.server, text="Administrative info"),
        numeric(257, text=cut(chat.server, 390)),
    ]
    head = numeric(258, text="Here now: ")
    lines += [head + line for line in fill(here, MAX_LINE - 2 - len(head.encode()))]
    connection.lines(lines)


@verb("INFO")
def info(connection: IRCProtocol, message: Message) -> None:
    """Tells what this server is."""
    began = datetime.fromtimestamp(connection.factory.made, UTC)
    texts = [*INFO, f"This is {SOFTWARE}, up since {began:%Y-%m-%d %H:%M:%S} UTC."]
    lines = [connection.numeric(371, text=text) for text in texts]
    connection.lines([*lines, connection.numeric(374, text="End of INFO list")])


@verb("LINKS")
def links(connection: IRCProtocol, message: Message) -> None:
    """Lists the other servers of this network: there are none."""
    connection.reply(365, "*", text="End of /LINKS list")


@verb("USERS")
def users(connection: IRCProtocol, message: Message) -> None:
    """Is not answered here: WHO lists people."""
    connection.reply(446, text="USERS has been disabled")


@verb("HELP")
def help_(connection: IRCProtocol, message: Message) -> None:
    """Lists the commands, or explains one: HELP JOIN."""
    subject = message.params[0].upper() if message.params else ""
    if not subject:
        names = sorted(VERBS)
        lines = ["The commands of this server; HELP and a name explains one:", *fill(names, 380)]
        _help(connection, "*", [*lines, "A slash command of the chat can be sent as it is, without its slash."])
        return
    row = VERBS.get(subject)
    if row is None:
        connection.reply(524, subject, text="No help available on this topic")
        return
    _help(connection, subject, [f"{subject}:", *fill((row.run.__doc__ or "").split(), 380)])


@verb("HELPOP")
def helpop(connection: IRCProtocol, message: Message) -> None:
    """Is HELP."""
    help_(connection, message)


def _help(connection: IRCProtocol, subject: str, texts: Sequence[str]) -> None:
    numbers = [704, *[705] * (len(texts) - 2), 706] if len(texts) > 1 else [704]
    lines = [connection.numeric(n, subject, text=text) for n, text in zip(numbers, texts, strict=True)]
    connection.lines(lines)
