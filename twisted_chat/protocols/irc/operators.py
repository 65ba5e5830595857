"""Commands of administrators, whom IRC calls operators. modern.ircdocs.horse, "Operator messages"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...chat import administration
from ...chat.errors import Refused
from ...chat.text import clean
from .message import Message, plain
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol


@verb("OPER", 2, cost=5)
def oper(connection: IRCProtocol, message: Message) -> None:
    """Makes you an administrator, with the name and password of the account of one: OPER name password."""
    name, password = message.params[0], message.params[1]

    def then(why: Refused | None) -> None:
        nick = connection.nick
        if why is None:
            told = [f":{nick} MODE {nick} +o", connection.numeric(381, text="You are now an IRC operator")]
            connection.lines(told)
        elif why.code == "slow-down":
            connection.reply(464, text=why.sentence)
        else:
            # Whether there is such an account, and what kind of one, is nobody's business.
            connection.reply(464, text="Password incorrect")

    try:
        administration.become(connection.chat, connection.session, name, password, then)
    except Refused as why:
        then(why)


@verb("KILL", 1)
def kill(connection: IRCProtocol, message: Message) -> None:
    """Ends all connections of someone: KILL ann :why."""
    params = message.params
    reason = clean(plain(params[1])) if len(params) > 1 else ""
    administration.kill(connection.chat, connection.session, params[0], reason)


@verb("WALLOPS", 1)
def wallops(connection: IRCProtocol, message: Message) -> None:
    """Tells something to all who have mode +w."""
    administration.wallops(connection.chat, connection.session, clean(plain(message.params[0])))


@verb("REHASH")
def rehash(connection: IRCProtocol, message: Message) -> None:
    """Has the server read its configuration, message of the day and certificates again."""
    chat = connection.chat
    if chat.is_admin(connection.user):
        connection.reply(382, "configuration", text="Rehashing")
    administration.rehash(chat, connection.session)
